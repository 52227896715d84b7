# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of photographs: a camera moves over them, and the frame keeps their colours.

The frame is the colour photo seen through the camera at the end of the window; the events are of
the same photo's luminance on the way there. Objects of other photos may move over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.simulation.capture import evident_ids
from eventsam_ros.simulation.samples import random_sensor

from ..camera import random_camera
from ..movers import random_mover
from ..pair import MOST_IDS, Pair, Settings, make_pair
from ..photos import Photo, list_of
from ..view import View, shrunk
from .source import Counted

SENSOR_SIZES = ((346, 260), (346, 260), (320, 240), (480, 270))
"""Sensor sizes to draw from, (width, height); photos are hardly larger."""
_BESIDE = 4
"""Most photos that stand beside each other."""


@dataclass(frozen=True)
class Photographs(Counted):
    """Photos under a moving camera.

    Attributes:
        seed, count: See Counted.
        photos: Photos to look at.
        split: Name of the split that they are.
        movers: Share of views with one to three objects of other photos that move by themselves.
    """

    photos: tuple[Photo, ...]
    split: str
    movers: float = 0.0

    @property
    def name(self) -> str:
        """Name of the source."""
        return f'photos-{self.split}-{self.seed}'

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on."""
        moving = {'movers': self.movers} if self.movers else {}
        return {'seed': self.seed, 'split': self.split, **moving, **list_of(self.photos)}

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Look at random photos until the shard is full."""
        left, number = self.size(shard), 0
        while left > 0:
            rng = np.random.default_rng([self.seed, shard, number, 2])
            first = self.photos[int(rng.integers(len(self.photos)))]
            shown = self._look(*self._wall(first, rng), rng)
            if shown is not None:
                view = f'{self.split}-{self.seed}.{shard}.{number}'
                yield make_pair(*shown, settings, f'photos/{first.group}/{view}')
                left -= 1
            number += 1

    def _wall(self, first: Photo, rng: np.random.Generator) -> tuple[UInt8, UInt8]:
        """Return a photo and its ids; others beside it where it is upright, so that it fills."""
        parts = [first.read()]
        rows, columns = parts[0][1].shape
        if columns < rows and rng.random() < 0.75:
            while sum(ids.shape[1] for _, ids in parts) < rows and len(parts) < _BESIDE:
                picture, ids = self.photos[int(rng.integers(len(self.photos)))].read()
                size = (max(round(ids.shape[1] * rows / ids.shape[0]), 1), rows)
                parts.append((
                    np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8),
                    np.asarray(cv2.resize(
                        ids, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)))
        return _joined(parts)


    def _look(
        self, picture: UInt8, ids: UInt8, rng: np.random.Generator,
    ) -> tuple[Window, UInt8, UInt8] | None:
        """Return window, frame and ids of a random view; None where it shows no object."""
        width, height = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
        if rng.random() < 0.5:
            picture, ids = _mirrored(picture), _mirrored(ids)
        present = np.flatnonzero(np.bincount(ids.reshape(-1), minlength=2)[1:]) + 1
        if not len(present):
            return None
        rows, columns = np.nonzero(ids == present[int(rng.integers(len(present)))])
        focus = (float(columns.mean()), float(rows.mean()))
        camera = random_camera(rng, width, height, ids.shape[1], ids.shape[0], focus)
        count = int(rng.integers(1, 4)) if rng.random() < self.movers else 0
        others = (self.photos[int(k)] for k in rng.integers(0, len(self.photos), count))
        moving = (random_mover(photo, rng, width, height) for photo in others)
        view = shrunk(View(picture, ids, camera, tuple(m for m in moving if m is not None)))
        seen = view.ids()
        window = view.window(random_sensor(rng), rng)
        evident = evident_ids(seen, window)
        if not evident:
            return None
        kept = np.where(np.isin(seen, evident), seen, 0)
        return window, view.frame(), kept.astype(np.uint8)


def _joined(parts: list[tuple[UInt8, UInt8]]) -> tuple[UInt8, UInt8]:
    """Put photos of equal height side by side and number their objects anew."""
    numbered, used = [], 0
    for _, ids in parts:
        wide = np.where(ids > 0, ids.astype(np.int64) + used, 0)
        numbered.append(np.where(wide > MOST_IDS, 0, wide).astype(np.uint8))
        used += int(ids.max())
    return np.concatenate([picture for picture, _ in parts], 1), np.concatenate(numbered, 1)


def _mirrored(array: UInt8) -> UInt8:
    return np.ascontiguousarray(array[:, ::-1])
