# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DDD17 with 6 classes as Ev-SegNet publishes it: six event planes for each frame, no events.

The planes are histogram ON, histogram OFF, mean time ON, its deviation, mean time OFF, its
deviation. There are no events to make windows of, so samples have `planes` instead. The sources
name the folders both ways, <split>/images and images/<split>; both are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError

from .class_tables import DDD17_6
from .dataset import Dataset, DatasetFormat, Sample
from .files import counterpart, pictures
from .pictures import read_colour, read_labels
from .sequences import FileSequence

_PARTS = ('images', 'labels', 'events')


@dataclass(frozen=True)
class _Entry:
    """Files of a frame and its number."""

    number: int
    image: Path
    labels: Path
    planes: Path


def _read(entry: _Entry) -> Sample:
    labels = read_labels(entry.labels, DDD17_6)
    try:
        planes = np.load(entry.planes).astype(np.float32)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise DatasetError(f'{entry.planes} is no array that can be read') from error
    if planes.shape != (*labels.shape, 6):
        raise DatasetError(
            f'{entry.planes} must be {labels.shape[0]} x {labels.shape[1]} x 6, but is '
            f'{" x ".join(map(str, planes.shape))}')
    return Sample(entry.labels.stem, entry.number, image=read_colour(entry.image), labels=labels,
                  planes=planes)


def open_evsegnet(path: Path, *, split: str = 'test') -> Dataset:
    """Open DDD17 of Ev-SegNet: a sample for each label.

    Args:
        path: Folder with the splits.
        split: 'train' or 'test'.

    Raises:
        DatasetError: Not as Ev-SegNet lays it out.
    """
    folders = [_folder(path, part, split) for part in _PARTS]
    images, labels, planes = (
        pictures(folders[0]), pictures(folders[1]), pictures(folders[2], endings=('.npy',)))
    if not labels:
        raise DatasetError(f'{folders[1]} has no labels')
    entries = tuple(
        _Entry(k, counterpart(images, name, folders[0], file), file,
               counterpart(planes, name, folders[2], file))
        for k, (name, file) in enumerate(labels.items()))
    sequence = FileSequence(split, entries, _read)
    return Dataset('ddd17-evsegnet', 'semantic', (sequence,), DDD17_6, split)


def _folder(path: Path, part: str, split: str) -> Path:
    inside = path / part / split
    return inside if inside.is_dir() else path / split / part


def _looks(path: Path) -> bool:
    folders = [[_folder(path, part, split) for part in _PARTS] for split in ('train', 'test')]
    return any(all(folder.is_dir() for folder in group)
               and next(group[2].glob('*.npy'), None) is not None for group in folders)


EVSEGNET = DatasetFormat(
    'ddd17-evsegnet', 'DDD17 with 6 classes as Ev-SegNet publishes it: planes instead of events',
    """\
{train,test}/images/*.png     grey frames; or images/{train,test} and so on
             labels/*.png     0 to 5, 255 ignored
             events/*.npy     float [H, W, 6]""",
    'Shathe/Ev-SegNet', _looks, open_evsegnet, {'split': 'train or test'})
