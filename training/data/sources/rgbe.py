# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sequences of the RGBE-SEG layout for training: event file and picture of each frame, no truth.

The evaluation's reader of the same layout wants ground truths, which the training split lacks.
Which events a file holds is not documented; they are taken to lead up to the picture.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.dataset import Sample
from eventsam_ros.evaluation.datasets.eventsam_events import TIME_UNITS, read_event_file
from eventsam_ros.evaluation.datasets.files import folders_below, pictures, sequence_names
from eventsam_ros.evaluation.datasets.pictures import check_shape, read_colour
from eventsam_ros.evaluation.datasets.sequences import FileSequence
from eventsam_ros.events.types import Window

WIDTH, HEIGHT = 346, 260


@dataclass(frozen=True)
class Frame:
    """Files of a frame.

    Attributes:
        name: Of the files.
        events: Event file.
        image: Picture.
    """

    name: str
    events: Path
    image: Path


def open_rgbe(path: Path, split: str, time_unit: str) -> list[FileSequence[Frame]]:
    """Open the frames that have both events and a picture.

    Args:
        path: RGBE-SEG, or the folder with Datasets/RGBE-SEG in it.
        split: Folder above the sequences, like 'train'; all below if empty.
        time_unit: What times in the event files count in, one of TIME_UNITS.

    Raises:
        DatasetError: Not laid out like this.
        ValueError: Another time unit.
    """
    if time_unit not in TIME_UNITS:
        raise ValueError(
            f'time unit must be one of {", ".join(TIME_UNITS)}, but got {time_unit!r}')
    inside = path / 'Datasets' / 'RGBE-SEG'
    root = (inside if inside.is_dir() else path) / split
    if not root.is_dir():
        raise DatasetError(f'folder {root} is missing')
    folders = sequence_names(root, (f for f in folders_below(root) if (f / 'event').is_dir()))
    sequences = []
    for name, folder in folders.items():
        events = pictures(folder / 'event', endings=('.npz', '.npy'))
        images = pictures(folder / 'rgb_image')
        both = events.keys() & images.keys()
        left_out = Counter({
            'event files without a picture': len(events.keys() - both),
            'pictures without events': len(images.keys() - both)})
        sequences.append(FileSequence(
            name, tuple(Frame(n, events[n], images[n]) for n in sorted(both)),
            partial(_read, time_unit), left_out=+left_out))
    if not any(len(s) for s in sequences):
        raise DatasetError(f'{root} has no sequence with event/*.npz and rgb_image/* of one name')
    return sequences


def _read(time_unit: str, frame: Frame) -> Sample:
    events = read_event_file(frame.events, time_unit, WIDTH, HEIGHT)
    image = read_colour(frame.image)
    check_shape(frame.image, image, (HEIGHT, WIDTH))
    start, end = (int(events.t[0]), int(events.t[-1]) + 1) if len(events) else (0, 1)
    return Sample(frame.name, end, Window(events, start, end, WIDTH, HEIGHT), image)
