# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Single windows with exact masks, for training and for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from eventsam_ros.events.types import UInt8, Window

from .capture import Moment, capture, evident_ids
from .scene import Scene, random_scene
from .sensor import EventSensor, SensorConfig

SENSOR_SIZES = ((346, 260), (346, 260), (320, 240), (640, 480), (480, 270))
"""Sensor sizes to draw from, (width, height)."""
_RUN_UP = 0.2
"""Run-up before a window as a share of it, so that pixels have settled as in a running sensor."""


def random_sensor(rng: np.random.Generator) -> SensorConfig:
    """Return a sensor as good or as bad as real ones get."""
    return SensorConfig(
        threshold=float(np.exp(rng.uniform(np.log(0.1), np.log(0.45)))),
        spread=rng.uniform(0.0, 0.15),
        refractory_us=float(np.exp(rng.uniform(np.log(50), np.log(3000)))),
        noise_hz=float(np.exp(rng.uniform(np.log(0.02), np.log(8)))),
        hot_pixels=int(rng.integers(0, 20)),
        hot_hz=float(np.exp(rng.uniform(np.log(50), np.log(5000)))),
        dark_level=float(np.exp(rng.uniform(np.log(0.001), np.log(0.1)))))


def moments_of(
    scene: Scene, rng: np.random.Generator, count: int,
) -> Iterator[tuple[Window, Moment]]:
    """Look at a scene at random times through a random sensor.

    Args:
        scene: What to look at.
        rng: Source of chance.
        count: Windows to take; those that show no object are left out.

    Yields:
        A window of 20 to 80 ms, and the moment at its end with the instance ids of the objects
        that its events can show; everything else is 0.
    """
    config = random_sensor(rng)
    for _ in range(count):
        start = rng.uniform(0, 20)
        duration = float(np.exp(rng.uniform(np.log(0.02), np.log(0.08))))
        sensor = EventSensor(scene.width, scene.height, config, rng)
        instants = np.asarray([start - _RUN_UP * duration, start, start + duration], np.float64)
        _, _, moment = capture(scene, sensor, instants, max_steps=24)
        window = Window(
            moment.events, round(start * 1e9), moment.t_ns, scene.width, scene.height)
        evident = evident_ids(moment.ids, window)
        if evident:
            kept = np.where(np.isin(moment.ids, evident), moment.ids, 0)
            yield window, replace(moment, ids=kept.astype(np.uint8))


def windows_of(
    scene: Scene, rng: np.random.Generator, count: int,
) -> Iterator[tuple[Window, UInt8]]:
    """Return the windows of `moments_of`, each with its ids, uint8 [H, W]."""
    for window, moment in moments_of(scene, rng, count):
        yield window, moment.ids


def held_out_window(seed: int) -> tuple[Window, UInt8]:
    """Return the window of a benchmark scene.

    Its seeds have three parts, those of training one, so no scene is ever trained on.

    Args:
        seed: Number of the window; scenes are drawn until one shows an object.
    """
    for attempt in range(1000):
        rng = np.random.default_rng([2026, seed, attempt])
        width, height = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
        for window, ids in windows_of(random_scene(rng, width, height), rng, 1):
            return window, ids
    raise RuntimeError(f'no scene of seed {seed} shows an object')
