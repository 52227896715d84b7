# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The classes that are learnt, and how those of labelled pictures are merged into them.

The merges of Cityscapes are those of ESS (Sun et al., ECCV 2022), which the DDD17 and DSEC
protocols follow; those of CamVid go by the same names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eventsam_ros.evaluation.datasets.class_tables import (
    CAMVID_11,
    CITYSCAPES_19,
    DDD17_6,
    DSEC_11,
)
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.events.types import UInt8

IGNORE = 255
"""Label that does not count, in every table."""

SHAPES = ClassTable(
    ('ground', 'disc', 'box', 'triangle', 'star'),
    ((60, 60, 60), (220, 60, 60), (70, 130, 220), (90, 190, 90), (240, 190, 40)))
"""Classes of simulated scenes, told by outline and texture."""

TABLES: Mapping[str, ClassTable] = {'ddd17_6': DDD17_6, 'dsec_11': DSEC_11, 'shapes': SHAPES}

CITYSCAPES_IDS = {
    7: 'road', 8: 'sidewalk', 11: 'building', 12: 'wall', 13: 'fence', 17: 'pole',
    19: 'traffic light', 20: 'traffic sign', 21: 'vegetation', 22: 'terrain', 23: 'sky',
    24: 'person', 25: 'rider', 26: 'car', 27: 'truck', 28: 'bus', 31: 'train',
    32: 'motorcycle', 33: 'bicycle'}
"""Values in *_labelIds.png and what they mean; all others are not evaluated."""

_MERGES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    'ddd17_6': {
        'flat': ('road', 'sidewalk', 'pavement'),
        'background': ('building', 'wall', 'fence', 'sky'),
        'object': ('pole', 'traffic light', 'traffic sign', 'sign'),
        'vegetation': ('vegetation', 'terrain', 'tree'),
        'human': ('person', 'rider', 'pedestrian', 'bicyclist'),
        'vehicle': ('car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle')},
    'dsec_11': {
        'background': ('sky',), 'building': ('building',), 'fence': ('fence',),
        'person': ('person', 'rider', 'pedestrian', 'bicyclist'), 'pole': ('pole',),
        'road': ('road',), 'sidewalk': ('sidewalk', 'pavement'),
        'vegetation': ('vegetation', 'terrain', 'tree'),
        'car': ('car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'), 'wall': ('wall',),
        'traffic sign': ('traffic sign', 'traffic light', 'sign')},
}
"""Table -> its class -> names in labelled pictures that become it."""


def _lookup(names: Mapping[int, str], table: str) -> UInt8:
    classes = TABLES[table]
    found = np.full(256, IGNORE, np.uint8)
    wanted = {name: k for k, own in enumerate(classes.names) for name in _MERGES[table][own]}
    for value, name in names.items():
        if name in wanted:
            found[value] = wanted[name]
    return found


def camvid_merge(table: str) -> UInt8:
    """Return the class of each value in CamVid's labels, uint8 [256]; void is IGNORE."""
    return _lookup(dict(enumerate(CAMVID_11.names)), table)


def cityscapes_merge(table: str) -> UInt8:
    """Return the class of each value in Cityscapes' *_labelIds.png, uint8 [256]."""
    return _lookup(CITYSCAPES_IDS, table)


def street_merge(table: str) -> UInt8:
    """Return the class of each train id of Cityscapes, as simulated streets have, uint8 [256]."""
    return _lookup(dict(enumerate(CITYSCAPES_19.names)), table)
