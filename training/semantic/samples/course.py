# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a simulated sensor is shown on its way to a moment: packets, and the light after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eventsam_ros.events.types import Events, Float32, UInt8, Window
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

from ..sets import Range, SensorRange

_RUN_UP = 0.25
"""Share of a packet that pixels settle in before the first."""
_GAMMA = 2.2


@dataclass(frozen=True)
class Course:
    """Packets of events, and the luminance at the end of each, float32 [h, w]."""

    packets: tuple[Window, ...]
    lights: tuple[Float32, ...]

    @property
    def greys(self) -> tuple[UInt8, ...]:
        """Return what a grey camera sees at the end of each packet (gamma 2.2), uint8 [h, w]."""
        return tuple(
            np.asarray(255 * np.clip(light, 0, 1) ** (1 / _GAMMA) + 0.5, np.uint8)
            for light in self.lights)


def uniform(rng: np.random.Generator, between: Range) -> float:
    """Return a number between two, evenly distributed."""
    return float(rng.uniform(*between))


def random_config(rng: np.random.Generator, of: SensorRange) -> SensorConfig:
    """Return a sensor of a range."""
    return SensorConfig(
        threshold=uniform(rng, of.threshold), spread=uniform(rng, of.spread),
        refractory_us=uniform(rng, of.refractory_us), noise_hz=uniform(rng, of.noise_hz),
        hot_pixels=round(uniform(rng, of.hot_pixels)), hot_hz=uniform(rng, of.hot_hz),
        dark_level=uniform(rng, of.dark_level))


def watch(
    light: Callable[[float], Float32], of: SensorRange, packets: int, packet_ns: int, path: float,
    rng: np.random.Generator,
) -> Course:
    """Show a sensor what changes over time.

    Args:
        light: Luminance float32 [h, w] at a time in packets, from -0.25 to `packets`.
        of: Sensors to draw from.
        packets: How many.
        packet_ns: Length of one, ns.
        path: Pixels that things move during a packet at most; a step between two pictures moves
            them by about one.
        rng: Source of chance, for the sensor.
    """
    sensor = EventSensor(of.width, of.height, random_config(rng, of), rng)
    bright = np.float32(uniform(rng, of.light))
    steps = int(np.clip(np.ceil(path), 2, 32))
    start = packet_ns

    def show(t: float) -> Events:
        return sensor.show(light(t) * bright, start + round(t * packet_ns))

    show(-_RUN_UP)
    show(0.0)
    windows, lights = [], []
    for k in range(packets):
        events = Events.concatenate([show(k + step / steps) for step in range(1, steps + 1)])
        windows.append(Window(
            events, start + k * packet_ns, start + (k + 1) * packet_ns, of.width, of.height))
        lights.append(light(k + 1.0))
    return Course(tuple(windows), tuple(lights))
