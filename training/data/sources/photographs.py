# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of photographs: a camera moves over them, and the frame keeps their colours.

The frame is the colour photo seen through the camera at the end of the window; the events are of
the same photo's luminance on the way there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np

from eventsam_ros.events.types import Events, Float32, UInt8, Window
from eventsam_ros.simulation.capture import evident_ids
from eventsam_ros.simulation.samples import random_sensor
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

from ..camera import Camera, random_camera
from ..pair import MOST_IDS, Pair, Settings, make_pair
from ..photos import Photo, list_of
from .source import in_shard, shards_of

Pixels = TypeVar('Pixels', UInt8, Float32)

SENSOR_SIZES = ((346, 260), (346, 260), (320, 240), (480, 270))
"""Sensor sizes to draw from, (width, height); photos are hardly larger."""
_RUN_UP = 0.2
"""Run-up before a window as a share of it, so that pixels have settled."""
_LUMINANCE = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
"""Of linear red, green and blue (ITU-R BT.709)."""
_LINEAR = ((np.arange(256) / 255.0) ** 2.2).astype(np.float32)
_BESIDE = 4
"""Most photos that stand beside each other."""


@dataclass(frozen=True)
class Photographs:
    """Photos under a moving camera.

    Attributes:
        seed: Views of other seeds differ.
        count: Number of pairs.
        photos: Photos to look at.
        split: Name of the split that they are.
    """

    seed: int
    count: int
    photos: tuple[Photo, ...]
    split: str

    @property
    def name(self) -> str:
        """Name of the source."""
        return f'photos-{self.split}-{self.seed}'

    @property
    def shards(self) -> int:
        """Return how many shards there are."""
        return shards_of(self.count)

    def size(self, shard: int) -> int:
        """Return how many pairs a shard has."""
        return in_shard(self.count, shard)

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on."""
        return {'seed': self.seed, 'split': self.split, **list_of(self.photos)}

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Look at random photos until the shard is full."""
        left, number = self.size(shard), 0
        while left > 0:
            rng = np.random.default_rng([self.seed, shard, number, 2])
            first = self.photos[int(rng.integers(len(self.photos)))]
            shown = _look(self._wall(first, rng), rng)
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


def _joined(parts: list[tuple[UInt8, UInt8]]) -> tuple[UInt8, UInt8]:
    """Put photos of equal height side by side and number their objects anew."""
    numbered, used = [], 0
    for _, ids in parts:
        wide = np.where(ids > 0, ids.astype(np.int64) + used, 0)
        numbered.append(np.where(wide > MOST_IDS, 0, wide).astype(np.uint8))
        used += int(ids.max())
    return np.concatenate([picture for picture, _ in parts], 1), np.concatenate(numbered, 1)


def _look(
    wall: tuple[UInt8, UInt8], rng: np.random.Generator,
) -> tuple[Window, UInt8, UInt8] | None:
    """Return window, frame and ids of a random view; None where its events show no object."""
    picture, ids = wall
    width, height = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
    present = np.flatnonzero(np.bincount(ids.reshape(-1), minlength=2)[1:]) + 1
    if not len(present):
        return None
    rows, columns = np.nonzero(ids == present[int(rng.integers(len(present)))])
    focus = (float(columns.mean()), float(rows.mean()))
    camera = random_camera(rng, width, height, ids.shape[1], ids.shape[0], focus)
    if rng.random() < 0.5:
        picture, ids = picture[:, ::-1], ids[:, ::-1]
    picture, ids, camera = _shrunk(picture, ids, camera)
    frame, view_ids = warped(picture, camera, 1.0), warped(ids, camera, 1.0, nearest=True)
    window = window_over(picture, camera, random_sensor(rng), rng)
    evident = evident_ids(view_ids, window)
    if not evident:
        return None
    kept = np.where(np.isin(view_ids, evident), view_ids, 0)
    return window, frame, kept.astype(np.uint8)


def _shrunk(picture: UInt8, ids: UInt8, camera: Camera) -> tuple[UInt8, UInt8, Camera]:
    """Bring a picture that is finer than the sensor down to it, so that it does not flicker."""
    wide = float(np.linalg.norm(camera.corners[1] - camera.corners[0]))
    factor = camera.width / wide
    if factor >= 1:
        return picture, ids, camera
    size = (max(round(ids.shape[1] * factor), 2), max(round(ids.shape[0] * factor), 2))
    scale = np.asarray(size) / np.asarray(ids.shape[::-1])
    moved = Camera(
        camera.width, camera.height, (camera.corners + 0.5) * scale - 0.5, camera.shift * scale,
        camera.turn, camera.growth, camera.bend)
    return (np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8),
            np.asarray(cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8),
            moved)


def warped(array: Pixels, camera: Camera, t: float, nearest: bool = False) -> Pixels:
    """Return what the camera sees at window time t; outside, the picture is mirrored."""
    method = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    view: Pixels = cv2.warpPerspective(
        np.ascontiguousarray(array), camera.to_picture(t), (camera.width, camera.height),
        flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)
    return view


def luminance(picture: UInt8) -> Float32:
    """Return the linear luminance of an RGB picture (gamma 2.2 undone), float32 [h, w]."""
    return np.asarray(_LINEAR[picture] @ _LUMINANCE, np.float32)


def window_over(
    picture: UInt8, camera: Camera, config: SensorConfig, rng: np.random.Generator,
) -> Window:
    """Return the events that the camera's motion over a picture gives a sensor.

    Args:
        picture: uint8 [h, w, 3] RGB.
        camera: View and motion.
        config: Imperfections of the sensor.
        rng: Source of chance, for the sensor and the length of the window (20 to 80 ms).
    """
    light = luminance(picture)
    span_ns = round(1e9 * float(np.exp(rng.uniform(np.log(0.02), np.log(0.08)))))
    sensor = EventSensor(camera.width, camera.height, config, rng)
    start_ns = span_ns
    stops = [-_RUN_UP, *np.linspace(0, 1, camera.steps(0.0, 1.0) + 1)]
    parts = [
        sensor.show(warped(light, camera, float(t)), start_ns + round(t * span_ns))
        for t in stops]
    # the first shows the sensor its picture, the second is the run-up
    return Window(
        Events.concatenate(parts[2:]), start_ns, start_ns + span_ns, camera.width, camera.height)
