# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated windows as training pairs: one picture, one map of instance ids."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.tensors import NO_EVENT, window_image
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.simulation.capture import capture, evident_ids
from eventsam_ros.simulation.scene import Scene, random_scene
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

from .cutouts import Cutouts

_SENSORS = ((346, 260), (346, 260), (320, 240), (640, 480), (480, 270))


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


def _scene(rng: np.random.Generator, width: int, height: int, cutouts: Cutouts | None) -> Scene:
    if cutouts is None or rng.random() < 0.55:
        return random_scene(rng, width, height)
    photographed = rng.random() < 0.7
    layers = random_scene(rng, width, height).layers[:-1]
    layers = tuple(
        cutouts.layer(rng, height / width) if rng.random() < 0.7 else k for k in layers[:5])
    background = cutouts.background(rng) if photographed else None
    return random_scene(rng, width, height, layers=layers, background=background)


def letterbox(picture: UInt8, ids: UInt8, width: int, height: int) -> tuple[UInt8, UInt8]:
    """Pad picture and ids at the right and bottom to the network's input size."""
    pad = ((0, height - ids.shape[0]), (0, width - ids.shape[1]))
    return (np.pad(picture, (*pad, (0, 0)), constant_values=NO_EVENT),
            np.pad(ids, pad, constant_values=0))


def content_size(width: int, height: int, in_width: int, in_height: int) -> tuple[int, int]:
    """Return the (width, height) that a sensor fills of the network's input."""
    scale = min(in_width / width, in_height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def training_windows(
    seed: int, in_width: int, in_height: int, cutouts: Cutouts | None,
    windows: int = 3, representation: str = 'robust',
) -> list[tuple[UInt8, UInt8]]:
    """Simulate one scene and return several windows of it that show at least one object.

    Args:
        seed: The scene's own seed; equal seeds give equal windows.
        in_width: Columns of the network's input.
        in_height: Rows of the network's input.
        cutouts: Photographed objects to mix in, or None.
        windows: Windows to take.
        representation: Event representation (events.tensors).

    Returns:
        Pairs of picture uint8 [in_height, in_width, 3] and ids uint8 [in_height, in_width], where
        only objects that the events can show keep their id.
    """
    rng = np.random.default_rng(seed)
    width, height = _SENSORS[int(rng.integers(len(_SENSORS)))]
    scene = _scene(rng, width, height, cutouts)
    config = random_sensor(rng)
    pairs = []
    for _ in range(windows):
        start = rng.uniform(0, 20)
        duration = float(np.exp(rng.uniform(np.log(0.02), np.log(0.08))))
        sensor = EventSensor(width, height, config, rng)
        # a little run-up, so that the pixels' references are where a running sensor has them
        instants = np.asarray([start - 0.2 * duration, start, start + duration])
        _, _, moment = capture(scene, sensor, instants, max_steps=24)
        window = Window(
            moment.events, round(start * 1e9), moment.t_ns, width, height)
        evident = evident_ids(moment.ids, window)
        if not evident:
            continue
        size = content_size(width, height, in_width, in_height)
        picture = window_image(window, representation, *size)
        kept = np.where(np.isin(moment.ids, evident), moment.ids, 0).astype(np.uint8)
        ids = cv2.resize(kept, size, interpolation=cv2.INTER_NEAREST)
        pairs.append(letterbox(picture, np.asarray(ids, np.uint8), in_width, in_height))
    return pairs
