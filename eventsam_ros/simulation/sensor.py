# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Luminance to events: a contrast-detecting pixel array with its imperfections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventsam_ros.events.types import Events, Float32
from eventsam_ros.kernels import kernel


@dataclass(frozen=True)
class SensorConfig:
    """Imperfections of the pixel array.

    Attributes:
        threshold: Contrast (difference of natural logs) that fires a pixel, 0.05 to 1.
        spread: Relative standard deviation of the threshold over pixels, 0 to 0.3.
        refractory_us: Dead time of a pixel after a contrast that it told, µs, 0 to 10000;
            spurious events know none.
        noise_hz: Spurious events per pixel and second, 0 to 50.
        hot_pixels: Pixels that fire by themselves, 0 to 1000.
        hot_hz: Rate of each hot pixel per second, 0 to 20000.
        dark_level: Luminance under which contrast fades, 0.000001 to 0.5.
    """

    threshold: float = 0.2
    spread: float = 0.05
    refractory_us: float = 300.0
    noise_hz: float = 0.3
    hot_pixels: int = 3
    hot_hz: float = 500.0
    dark_level: float = 0.01

    def __post_init__(self) -> None:
        """Refuse values outside their ranges: a threshold of 0 would fire without end.

        Raises:
            ValueError: One of them.
        """
        for name, low, high in (
            ('threshold', 0.05, 1), ('spread', 0, 0.3), ('refractory_us', 0, 10_000),
            ('noise_hz', 0, 50), ('hot_pixels', 0, 1000), ('hot_hz', 0, 20_000),
            ('dark_level', 1e-6, 0.5),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f'{name} must be {low:g} to {high:g}, but got {value}')


@kernel
def _fire(logs, before, reference, rest_until, on, off, t_a, t_b, refractory, xs, ys, ps, ts):  # type: ignore[no-untyped-def]
    """Emit the crossings between two instants; return how many, or -1 if they do not fit."""
    height, width = logs.shape
    n = 0
    for row in range(height):
        for column in range(width):
            start, end = before[row, column], logs[row, column]
            level = reference[row, column]
            if end > start:
                size, up = on[row, column], True
            elif end < start:
                size, up = -off[row, column], False
            else:
                continue
            slope = (t_b - t_a) / (end - start)
            while (up and end >= level + size) or (not up and end <= level + size):
                level += size
                t = t_a + max((level - start) * slope, 0.0)
                if t < rest_until[row, column]:
                    continue
                if n >= len(ts):
                    return -1
                xs[n], ys[n], ps[n], ts[n] = column, row, 1 if up else 0, np.int64(t)
                n += 1
                rest_until[row, column] = t + refractory
            reference[row, column] = level
            before[row, column] = end
    return n


class EventSensor:
    """A pixel array that is shown luminance pictures in order of time."""

    def __init__(
        self, width: int, height: int, config: SensorConfig, rng: np.random.Generator,
    ) -> None:
        """Make an array of width x height pixels with imperfections drawn from rng."""
        self._config = config
        self._rng = rng
        self._shape = (height, width)
        spread = np.clip(rng.normal(1, config.spread, (2, height, width)), 0.4, 1.6)
        on, off = (config.threshold * spread).astype(np.float32)
        self._on, self._off = on, off
        self._hot = rng.integers(0, width * height, config.hot_pixels)
        self._rest_until = np.full(self._shape, -np.inf)   # times may be negative
        self._before: Float32 | None = None
        self._reference = np.zeros(self._shape, np.float32)
        self._t_ns = 0
        self._capacity = width * height

    def show(self, luminance: Float32, t_ns: int) -> Events:
        """Show the next picture and return what happened since the last, ordered by time.

        Args:
            luminance: Linear, float32 [height, width], at least 0.
            t_ns: Its instant in ns, later than the last one.

        Returns:
            Events of the interval; none for the first picture.
        """
        logs = np.log(luminance + np.float32(self._config.dark_level))
        if self._before is None:
            self._before = logs.copy()
            phase = self._rng.random(self._shape, np.float32) - np.float32(0.5)
            self._reference = logs + phase * self._on
            self._t_ns = t_ns
            return Events.empty()
        moved = self._crossings(logs, t_ns)
        events = Events.concatenate([moved, self._spurious(t_ns)])
        self._t_ns = t_ns
        return events[np.argsort(events.t, kind='stable')]

    def _crossings(self, logs: Float32, t_ns: int) -> Events:
        assert self._before is not None
        while True:
            arrays = (
                np.empty(self._capacity, np.uint16), np.empty(self._capacity, np.uint16),
                np.empty(self._capacity, np.uint8), np.empty(self._capacity, np.int64))
            state = (self._before.copy(), self._reference.copy(), self._rest_until.copy())
            count = _fire(
                logs, *state, self._on, self._off, float(self._t_ns), float(t_ns),
                self._config.refractory_us * 1e3, *arrays)
            if count >= 0:
                self._before, self._reference, self._rest_until = state
                return Events(*(a[:count].copy() for a in arrays))
            self._capacity *= 2

    def _spurious(self, t_ns: int) -> Events:
        height, width = self._shape
        seconds = (t_ns - self._t_ns) * 1e-9
        count = self._rng.poisson(self._config.noise_hz * seconds * width * height)
        places = self._rng.integers(0, width * height, count)
        if len(self._hot):
            fired = self._rng.poisson(self._config.hot_hz * seconds, len(self._hot))
            places = np.concatenate([places, np.repeat(self._hot, fired)])
        return Events(
            (places % width).astype(np.uint16), (places // width).astype(np.uint16),
            self._rng.integers(0, 2, len(places)).astype(np.uint8),
            self._rng.integers(self._t_ns, max(t_ns, self._t_ns + 1), len(places)),
        )
