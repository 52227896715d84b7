# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Panoramas with classes: DensePASS and WildPASS.

Labels of WildPASS are not described by a source we know; they are looked for where its loader
looks, gtFine/<subset>/<city>, as <name>_labelIds.png with the 25 ids of its Mapillary classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError

from .class_tables import (
    CITYSCAPES_13,
    CITYSCAPES_19,
    CITYSCAPES_19_TO_13,
    WILDPASS_8,
    WILDPASS_IDS,
)
from .classes import ClassTable
from .dataset import Dataset, DatasetFormat, Sample
from .files import pictures
from .pictures import check_shape, check_values, read_colour, read_indices
from .sequences import FileSequence

_DENSEPASS_ENDS = ('_labelTrainIds',)
_WILDPASS_ENDS = ('_labelIds', '_gtFine_labelIds')
_WILDPASS_VALUES = 25


@dataclass(frozen=True)
class _Entry:
    """A panorama, its number and its labels."""

    name: str
    number: int
    image: Path
    labels: Path


def _read(classes: ClassTable, table: tuple[int, ...], entry: _Entry) -> Sample:
    """Read a panorama; `table` has the class of each value in the file."""
    image = read_colour(entry.image)
    stored = read_indices(entry.labels)
    check_shape(entry.labels, stored, image.shape[:2])
    stored = check_values(entry.labels, stored, _values(len(table)))
    mapped = np.full(256, classes.ignore, np.uint8)
    mapped[:len(table)] = table
    return Sample(
        entry.name, entry.number, image=image, labels=mapped[stored], pixel_height=1.0)


def _values(count: int) -> ClassTable:
    return ClassTable(tuple(map(str, range(count))), ((0, 0, 0),) * count)


def open_densepass(path: Path, *, split: str = 'val', classes: int = 19) -> Dataset:
    """Open DensePASS; a sequence for each folder of the split.

    Args:
        path: Folder with leftImg8bit/ and gtFine/.
        split: 'val'; the training images have no labels.
        classes: 19 or 13.

    Raises:
        DatasetError: Not as DensePASS lays it out.
        ValueError: An option outside of its values.
    """
    if classes not in (13, 19):
        raise ValueError(f'classes must be 13 or 19, but got {classes}')
    table = CITYSCAPES_19 if classes == 19 else CITYSCAPES_13
    values = tuple(range(19)) if classes == 19 else CITYSCAPES_19_TO_13
    return _open('densepass', path, split, table, values, _DENSEPASS_ENDS)


def open_wildpass(path: Path, *, split: str = 'val') -> Dataset:
    """Open WildPASS; a sequence for each city.

    Args:
        path: Folder with leftImg8bit/ and gtFine/.
        split: Name of the subset.

    Raises:
        DatasetError: Not as WildPASS lays it out.
    """
    values = [255] * _WILDPASS_VALUES
    for k, value in enumerate(WILDPASS_IDS):
        values[value] = k
    return _open('wildpass', path, split, WILDPASS_8, tuple(values), _WILDPASS_ENDS)


def _open(
    name: str, path: Path, split: str, table: ClassTable, values: tuple[int, ...],
    ends: tuple[str, ...],
) -> Dataset:
    root = path / 'leftImg8bit' / split
    if not root.is_dir():
        raise DatasetError(f'folder {root} is missing')
    sequences = []
    for folder in sorted(f for f in root.iterdir() if f.is_dir()):
        truth = path / 'gtFine' / split / folder.name
        images = pictures(folder)
        labels = {k: v for end in ends for k, v in pictures(truth, end, ('.png',)).items()}
        entries = tuple(
            _Entry(stem, k, image, _labels(labels, stem, truth, ends))
            for k, (stem, image) in enumerate(images.items()))
        sequences.append(FileSequence(folder.name, entries, partial(_read, table, values)))
    if not any(len(sequence) for sequence in sequences):
        raise DatasetError(f'{root} has no folder with pictures')
    return Dataset(name, 'semantic', tuple(sequences), table, split)


def _labels(labels: dict[str, Path], stem: str, truth: Path, ends: tuple[str, ...]) -> Path:
    # Some archives have <n>_.png beside <n>_labelTrainIds.png.
    for name in (stem, stem.rstrip('_'), stem.removesuffix('_leftImg8bit')):
        if name in labels:
            return labels[name]
    raise DatasetError(f'labels {truth / (stem.rstrip("_") + ends[0])}.png are missing')


def _looks(ends: tuple[str, ...], path: Path) -> bool:
    return (path / 'leftImg8bit').is_dir() and any(
        next((path / 'gtFine').glob(f'*/*/*{end}.png'), None) is not None for end in ends)


DENSEPASS = DatasetFormat(
    'densepass', 'DensePASS: panoramas 2048 x 400, 19 or 13 classes of Cityscapes',
    """\
leftImg8bit/val/cs/<n>.png               or <n>_.png
gtFine/val/cs/<n>_labelTrainIds.png      0 to 18, 255 ignored""",
    'chma1024/DensePASS, jamycheung/Trans4PASS', partial(_looks, _DENSEPASS_ENDS), open_densepass,
    {'split': 'val', 'classes': '19, or 13 (rider with person, vehicles with car, train ignored)'})

WILDPASS = DatasetFormat(
    'wildpass', 'WildPASS: panoramas of 25 cities, 8 evaluated classes',
    """\
leftImg8bit/<subset>/<city>/<name>.png|jpg
gtFine/<subset>/<city>/<name>_labelIds.png    25 ids of which 8 are evaluated, others ignored""",
    'elnino9ykl/WildPASS', partial(_looks, _WILDPASS_ENDS), open_wildpass,
    {'split': 'name of the subset'})
