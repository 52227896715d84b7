# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated windows as training pairs: one picture, one map of instance ids."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.tensors import NO_EVENT, window_image
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.simulation.samples import SENSOR_SIZES, windows_of
from eventsam_ros.simulation.scene import Scene, random_scene

from .boards import board_scene
from .cutouts import Cutouts


def training_scene(
    rng: np.random.Generator, width: int, height: int, cutouts: Cutouts | None,
) -> Scene:
    """Return a random scene; with photographed objects, half of the scenes hold some."""
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


def training_windows(
    seed: int, in_width: int, in_height: int, cutouts: Cutouts | None,
    windows: int = 3, representation: str = 'robust', boards: float = 0.0,
) -> list[tuple[UInt8, UInt8]]:
    """Simulate one scene and return several windows of it that show at least one object.

    Args:
        seed: The scene's own seed; equal seeds give equal windows.
        in_width: Columns of the network's input.
        in_height: Rows of the network's input.
        cutouts: Photographed objects to mix in, or None.
        windows: Windows to take.
        representation: Event representation (events.tensors).
        boards: Share of scenes with a printed board, 0 to 1.

    Returns:
        Pairs of picture uint8 [in_height, in_width, 3] and ids uint8 [in_height, in_width], where
        only objects that the events can show keep their id.
    """
    rng = np.random.default_rng(seed)
    width, height = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
    # without boards nothing is drawn for them: the scenes of a seed stay what they were
    printed = boards > 0 and rng.random() < boards
    scene = (board_scene if printed else training_scene)(rng, width, height, cutouts)
    pairs = []
    for window, kept in windows_of(scene, rng, windows):
        size = Letterbox(width, height, in_width, in_height).content
        picture = window_image(window, representation, *size)
        ids = cv2.resize(kept, size, interpolation=cv2.INTER_NEAREST_EXACT)
        pairs.append(letterbox(picture, np.asarray(ids, np.uint8), in_width, in_height))
    return pairs
