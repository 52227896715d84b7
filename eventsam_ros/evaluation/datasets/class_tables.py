# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The classes of the public datasets: order, display colours, what does not count.

Orders are those of the datasets' own code, also where a paper's code lists another one (PST900).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError

from .classes import ClassTable

_CITYSCAPES = {
    'road': (128, 64, 128), 'sidewalk': (244, 35, 232), 'building': (70, 70, 70),
    'wall': (102, 102, 156), 'fence': (190, 153, 153), 'pole': (153, 153, 153),
    'traffic light': (250, 170, 30), 'traffic sign': (220, 220, 0), 'vegetation': (107, 142, 35),
    'terrain': (152, 251, 152), 'sky': (70, 130, 180), 'person': (220, 20, 60),
    'rider': (255, 0, 0), 'car': (0, 0, 142), 'truck': (0, 0, 70), 'bus': (0, 60, 100),
    'train': (0, 80, 100), 'motorcycle': (0, 0, 230), 'bicycle': (119, 11, 32),
}


def _table(
    classes: dict[str, tuple[int, int, int]], background: int | None = None,
) -> ClassTable:
    return ClassTable(tuple(classes), tuple(classes.values()), background=background)


CITYSCAPES_19 = _table(_CITYSCAPES)
"""Cityscapes train ids: DSEC-Semantic with 19 classes, DensePASS."""

CITYSCAPES_13 = _table({
    name: colour for name, colour in _CITYSCAPES.items()
    if name not in ('rider', 'truck', 'bus', 'train', 'motorcycle', 'bicycle')})
"""DensePASS with 13 classes; the sixth kind of vehicle, train, is ignored."""

CITYSCAPES_19_TO_13 = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 12, 12, 12, 255, 12, 12)
"""Class of the 13 for each of the 19."""

DSEC_11 = _table({
    'background': (0, 0, 0), 'building': (70, 70, 70), 'fence': (190, 153, 153),
    'person': (220, 20, 60), 'pole': (153, 153, 153), 'road': (128, 64, 128),
    'sidewalk': (244, 35, 232), 'vegetation': (107, 142, 35), 'car': (0, 0, 142),
    'wall': (102, 102, 156), 'traffic sign': (220, 220, 0),
})
"""Background is the sky, and it counts."""

DDD17_6 = _table({
    'flat': (128, 64, 128), 'background': (70, 70, 70), 'object': (220, 220, 0),
    'vegetation': (107, 142, 35), 'human': (220, 20, 60), 'vehicle': (0, 0, 142),
})
"""Background is construction and sky, and it counts."""

MFNET_9 = _table({
    'unlabeled': (0, 0, 0), 'car': (64, 0, 128), 'person': (64, 64, 0), 'bike': (0, 128, 192),
    'curve': (0, 0, 192), 'car_stop': (128, 128, 0), 'guardrail': (64, 64, 128),
    'color_cone': (192, 128, 128), 'bump': (192, 64, 0),
}, background=0)

PST900_5 = _table({
    'background': (0, 0, 0), 'fire-extinguisher': (255, 0, 0), 'backpack': (0, 255, 0),
    'hand-drill': (0, 0, 255), 'survivor': (255, 255, 255),
}, background=0)

_FMB = {
    'background': (0, 0, 0), 'road': (179, 228, 228), 'sidewalk': (181, 57, 133),
    'building': (67, 162, 177), 'lamp': (200, 178, 50), 'sign': (132, 45, 199),
    'vegetation': (66, 172, 84), 'sky': (179, 73, 79), 'person': (76, 99, 166),
    'car': (66, 121, 253), 'truck': (137, 165, 91), 'bus': (155, 97, 152),
    'motorcycle': (105, 153, 140), 'bicycle': (222, 215, 158), 'pole': (135, 113, 90),
}

FMB_15 = _table(_FMB, background=0)
"""Background is a class (as SARTM and MRFS count)."""

FMB_14 = _table({name: colour for name, colour in _FMB.items() if name != 'background'})
"""Background is ignored and every index is one less (as SHIFNet counts)."""

WILDPASS_8 = _table({
    'car': (0, 0, 142), 'truck': (0, 0, 70), 'bus': (0, 60, 100), 'road': (128, 64, 128),
    'sidewalk': (244, 35, 232), 'person': (220, 20, 60), 'curb': (196, 196, 196),
    'crosswalk': (200, 128, 128),
})

WILDPASS_IDS = (4, 5, 8, 11, 12, 17, 13, 24)
"""Value in the files for each of the 8 classes; other values are not evaluated."""

_STANFORD = {
    'beam': (214, 39, 40), 'board': (255, 187, 120), 'bookcase': (152, 223, 138),
    'ceiling': (199, 199, 199), 'chair': (188, 189, 34), 'clutter': (82, 84, 163),
    'column': (197, 176, 213), 'door': (140, 86, 75), 'floor': (152, 118, 84),
    'sofa': (227, 119, 194), 'table': (255, 127, 14), 'wall': (174, 199, 232),
    'window': (23, 190, 207),
}

STANFORD_13 = _table(_STANFORD)

STANFORD_8 = _table({
    name: _STANFORD[name]
    for name in ('ceiling', 'chair', 'door', 'floor', 'sofa', 'table', 'wall', 'window')})

CAMVID_11 = _table({
    'sky': (128, 128, 128), 'building': (128, 0, 0), 'pole': (192, 192, 128),
    'road': (128, 64, 128), 'pavement': (60, 40, 222), 'tree': (128, 128, 0),
    'sign': (192, 128, 128), 'fence': (64, 64, 128), 'car': (64, 0, 128),
    'pedestrian': (64, 64, 0), 'bicyclist': (0, 128, 192),
})
"""Value 11 in the files is void and is read as the value to ignore."""

_JOINED = {
    (CITYSCAPES_19.names, CITYSCAPES_13.names): CITYSCAPES_19_TO_13,
    (CITYSCAPES_19.names, WILDPASS_8.names): tuple(
        WILDPASS_8.names.index(name) if name in WILDPASS_8.names else 255
        for name in CITYSCAPES_19.names)}
"""Classes told and wanted -> the wanted class of each one told; 255 is none of them. Nobody
who tells Cityscapes' classes tells curbs and crosswalks, which count as missed."""


def class_translation(told: tuple[str, ...], wanted: ClassTable) -> NDArray[np.uint8] | None:
    """Return the wanted class of each value that is told, uint8 [256]; None where it is the same.

    Args:
        told: Names of the classes that something tells.
        wanted: Classes of the truth.

    Raises:
        DatasetError: There is no such table.
    """
    if told == wanted.names:
        return None
    if (told, wanted.names) not in _JOINED:
        raise DatasetError(f'the classes {", ".join(wanted.names)} cannot be told by what tells '
                           f'{", ".join(told)}')
    found = np.full(256, wanted.ignore, np.uint8)
    found[:len(told)] = _JOINED[told, wanted.names]
    return found
