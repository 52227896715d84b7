# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Stanford2D3D panoramas: class names behind colour-coded instance numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import UInt8

from .class_tables import STANFORD_8, STANFORD_13
from .classes import ClassTable
from .dataset import Dataset, DatasetFormat, Sample
from .files import pictures
from .pictures import check_shape, read_colour
from .sequences import FileSequence

FOLDS = {1: ('area_5a', 'area_5b'), 2: ('area_2', 'area_4'), 3: ('area_1', 'area_3', 'area_6')}
"""Areas that each fold evaluates on; it trains on the others."""
AREAS = ('area_1', 'area_2', 'area_3', 'area_4', 'area_5a', 'area_5b', 'area_6')
_CAPS = (320 / 2048, 1728 / 2048)
"""Rows that are left where the black caps are cut off, as shares of the height."""
_NAMES = 'semantic_labels.json'


@dataclass(frozen=True)
class _Entry:
    """A panorama, its number and its labels."""

    name: str
    number: int
    image: Path
    labels: Path


def _read(json_path: Path, classes: ClassTable, crop: bool, entry: _Entry) -> Sample:
    table = _class_of_number(json_path, classes)
    image, coded = read_colour(entry.image), read_colour(entry.labels)
    check_shape(entry.labels, coded, image.shape[:2])
    numbers = coded[..., 1].astype(np.int32) * 256 + coded[..., 2]
    known = coded[..., 0] == 0
    top = int(numbers[known].max(initial=0))
    if top >= len(table):
        raise DatasetError(
            f'labels {entry.labels} hold the number {top}, but {json_path} names {len(table)}')
    labels = np.where(known, table[np.where(known, numbers, 0)], classes.ignore).astype(np.uint8)
    # What the panorama does not show is black.
    labels[~image.any(-1)] = classes.ignore
    if crop:
        image, labels = (_without_caps(a) for a in (image, labels))
    height = _CAPS[1] - _CAPS[0] if crop else 1.0
    return Sample(entry.name, entry.number, image=image, labels=labels, pixel_height=height)


def _without_caps(picture: UInt8) -> UInt8:
    """Cut the caps off and bring the rest to the full size, labels to the nearest pixel."""
    height, width = picture.shape[:2]
    rows = picture[round(_CAPS[0] * height):round(_CAPS[1] * height)]
    how = cv2.INTER_NEAREST_EXACT if picture.ndim == 2 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rows, (width, height), interpolation=how), np.uint8)


def _class_of_number(path: Path, classes: ClassTable) -> NDArray[np.uint8]:
    """Return the class of each number; names are <class>_<i>_<room>..."""
    try:
        names = json.loads(path.read_text('utf-8'))
    except FileNotFoundError as error:
        raise DatasetError(f'file {path} is missing') from error
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path} cannot be read as JSON') from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DatasetError(f'{path} must be a list of names')
    numbers = {name: k for k, name in enumerate(classes.names)}
    return np.array([numbers.get(name.split('_')[0], classes.ignore) for name in names], np.uint8)


def open_stanford(
    path: Path, *, fold: int = 1, split: str = 'val', classes: int = 13,
    crop: bool = False,
) -> Dataset:
    """Open Stanford2D3D; a sequence for each area.

    Args:
        path: Folder with area_* and semantic_labels.json.
        fold: 1, 2 or 3; 0 for all areas.
        split: 'val' or 'train' of the fold.
        classes: 13 or 8.
        crop: Whether the black caps are cut off.

    Raises:
        DatasetError: Not as Stanford2D3D lays it out.
        ValueError: An option outside of its values.
    """
    if fold not in (0, *FOLDS) or split not in ('train', 'val') or classes not in (8, 13):
        raise ValueError('fold must be 0 to 3, split train or val and classes 8 or 13, but got '
                         f'{fold}, {split!r} and {classes}')
    table = STANFORD_13 if classes == 13 else STANFORD_8
    places = (path / _NAMES, path / 'assets' / _NAMES)
    names = next((place for place in places if place.exists()), places[0])
    _class_of_number(names, table)
    members = [area for area in AREAS
               if fold == 0 or (area in FOLDS[fold]) == (split == 'val')]
    sequences = []
    for area in members:
        pano = path / area / 'pano'
        images = pictures(pano / 'rgb', '_rgb', ('.png',))
        labels = pictures(pano / 'semantic', '_semantic', ('.png',))
        missing = sorted(images.keys() ^ labels.keys())
        if missing:
            raise DatasetError(
                f'{pano} must have both {missing[0]}_rgb.png and {missing[0]}_semantic.png')
        entries = tuple(_Entry(name, k, file, labels[name])
                        for k, (name, file) in enumerate(images.items()))
        sequences.append(FileSequence(area, entries, partial(_read, names, table, crop)))
    return Dataset('stanford2d3d', 'semantic', tuple(sequences), table, split if fold else '')


def _looks(path: Path) -> bool:
    return any((path / area / 'pano' / 'semantic').is_dir() for area in AREAS)


STANFORD = DatasetFormat(
    'stanford2d3d', 'Stanford2D3D: indoor panoramas 4096 x 2048, 13 or 8 classes',
    """\
area_{1,2,3,4,5a,5b,6}/pano/rgb/*_rgb.png
                       pano/semantic/*_semantic.png    same names; number 256 G + B
semantic_labels.json                                   names of the numbers; or in assets/""",
    'alexsax/2D-3D-Semantics, jamycheung/Trans4PASS', _looks, open_stanford,
    {'fold': '1 (val 5a, 5b), 2 (val 2, 4), 3 (val 1, 3, 6), or 0 for all areas',
     'split': 'val or train of the fold',
     'classes': '13, or 8 (beam, board, bookcase, clutter and column ignored)',
     'crop': 'true cuts the black caps off and scales back, as for 8 classes; false does not'})
