# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of films: the events between two frames, and the later one as the frame.

Things move as they really did, behind and before each other; what happened between the frames is
interpolated (see between). Frames with a mask give ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
import zlib

import numpy as np

from eventsam_ros.events.types import Events, UInt8, Window
from eventsam_ros.simulation.capture import evident_ids
from eventsam_ros.simulation.samples import random_sensor
from eventsam_ros.simulation.sensor import EventSensor

from ..between import Between
from ..films import Film
from ..pair import Pair, Settings, make_pair, resized_frame, resized_ids
from ..view import luminance
from .source import Counted

SENSOR_SIZES = ((346, 260), (346, 260), (320, 240), (480, 270))
"""Sensor sizes to draw from, (width, height)."""
_RUN_UP = 0.15
"""Share of the time between the frames in which pixels settle, before the window."""
_MOST_MISMATCH = 12.0
"""Mean grey levels by which interpolated frames may miss; above it there is a cut."""
_LEAST_EVENTS = 0.01
"""Events per pixel under which a window without labels shows nothing."""
_MOST_STEPS = 32
_TRIES = 1000


@dataclass(frozen=True)
class Filmed(Counted):
    """Intervals of films, seen by random sensors.

    Attributes:
        seed, count: See Counted.
        films: Films to take them from.
        split: Name of the split that they are.
    """

    films: tuple[Film, ...]
    split: str

    @property
    def name(self) -> str:
        """Name of the source."""
        return f'films-{self.split}-{self.seed}'

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on."""
        names = '\n'.join(f'{film.group} {film.count}' for film in self.films)
        return {'seed': self.seed, 'split': self.split, 'films': len(self.films),
                'list_crc32': zlib.crc32(names.encode())}

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Take random intervals until the shard is full.

        Raises:
            FileNotFoundError: A film cannot be read, or none shows anything that moves.
        """
        left, number, tries = self.size(shard), 0, 0
        while left > 0:
            rng = np.random.default_rng([self.seed, shard, number, 3])
            film = self.films[int(rng.integers(len(self.films)))]
            shown = _look(*film.read(int(rng.integers(film.count - 1))), rng)
            number, tries = number + 1, tries + 1
            if shown is not None:
                # named like photos of the same film, so that splits keep them together
                view = f'{self.name}.{shard}.{number - 1}'
                yield make_pair(*shown, settings, f'photos/{film.group}/{view}')
                left, tries = left - 1, 0
            elif tries == _TRIES:
                raise FileNotFoundError(f'nothing moves in {film.path} and the other films')


def _look(
    first: UInt8, second: UInt8, ids: UInt8 | None, rng: np.random.Generator,
) -> tuple[Window, UInt8, UInt8 | None] | None:
    """Return window, frame and ids of an interval; None where it shows nothing."""
    size = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
    rows, columns = _cut(second.shape[0], second.shape[1], size, rng)
    first, second = (resized_frame(np.ascontiguousarray(p[rows, columns]), size)
                     for p in (first, second))
    between = Between(first, second)
    if between.mismatch > _MOST_MISMATCH:
        return None
    window = _window(first, second, between, rng)
    if ids is None:
        enough = len(window.events) >= _LEAST_EVENTS * size[0] * size[1]
        return (window, second, None) if enough else None
    seen = resized_ids(np.ascontiguousarray(ids[rows, columns]), size)
    kept = np.where(np.isin(seen, evident_ids(seen, window)), seen, 0).astype(np.uint8)
    return (window, second, kept) if kept.any() else None


def _cut(
    height: int, width: int, size: tuple[int, int], rng: np.random.Generator,
) -> tuple[slice, slice]:
    """Return rows and columns of a random part of the sensor's proportions."""
    scale = min(width / size[0], height / size[1]) * rng.uniform(0.7, 1.0)
    w, h = round(size[0] * scale), round(size[1] * scale)
    x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    return slice(y, y + h), slice(x, x + w)


def _window(
    first: UInt8, second: UInt8, between: Between, rng: np.random.Generator,
) -> Window:
    """Return the events between two frames, as if they were 20 to 80 ms apart."""
    height, width = first.shape[:2]
    span_ns = round(1e9 * float(np.exp(rng.uniform(np.log(0.02), np.log(0.08)))))
    sensor = EventSensor(width, height, random_sensor(rng), rng)
    early, late = luminance(first), luminance(second)
    steps = int(np.clip(np.ceil(between.path), 4, _MOST_STEPS))
    parts = [
        sensor.show(between.at(early, late, float(t)), round((1 + t) * span_ns))
        for t in (0.0, *np.linspace(_RUN_UP, 1, steps))]
    start_ns = round((1 + _RUN_UP) * span_ns)
    return Window(Events.concatenate(parts[2:]), start_ns, 2 * span_ns, width, height)
