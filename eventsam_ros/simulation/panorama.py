# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Streets as equirectangular panoramas and as pinhole pictures, with exact classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np

from eventsam_ros.events.types import Bool, Float32, UInt8, UInt16
from eventsam_ros.inference.sphere import panorama_ways

from .panorama_street import Street
from .panorama_town import random_street
from .thermal_cameras import ColourCamera, Light, colour_picture

_CORNERS = ((-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375))
"""Where a pixel is looked at again when an edge runs through it, in pixels from its middle."""


@dataclass(frozen=True)
class StreetPicture:
    """A picture of a street.

    Attributes:
        rgb: uint8 [H, W, 3].
        labels: Train ids of Cityscapes, uint8 [H, W].
        ids: Instances of people and vehicles from 1 on, 0 elsewhere, uint16 [H, W].
    """

    rgb: UInt8
    labels: UInt8
    ids: UInt16


@dataclass(frozen=True)
class Look:
    """How a camera shows light.

    Attributes:
        camera: Exposure, noise and blur.
        balance: Factors of red, green and blue.
        contrast: Power of the light before exposure; below 1 is flat.
    """

    camera: ColourCamera
    balance: tuple[float, float, float]
    contrast: float = 1.0


def _around(width: int, height: int, dx: float, dy: float) -> Float32:
    """Return where the pixels of a panorama look, in the frame of streets."""
    ahead, left, up = np.moveaxis(panorama_ways(width, height, dx, dy), -1, 0)
    return np.stack([-left, ahead, up], -1).astype(np.float32)


def pinhole_ways(
    width: int, height: int, focal: float, pitch: float = 0.0, yaw: float = 0.0, dx: float = 0.0,
    dy: float = 0.0,
) -> Float32:
    """Return where the pixels of a pinhole camera look, of length 1, float32 [height, width, 3].

    Args:
        width: Columns.
        height: Rows.
        focal: Focal length, pixels.
        pitch: Upwards, radians.
        yaw: To the right, radians.
        dx: Columns from the middles of the pixels.
        dy: Rows from the middles of the pixels.
    """
    x = (np.arange(width) + 0.5 + dx - width / 2) / focal
    z = (height / 2 - (np.arange(height) + 0.5 + dy)) / focal
    right, up = np.meshgrid(x, z)
    ahead, up = math.cos(pitch) - math.sin(pitch) * up, math.sin(pitch) + math.cos(pitch) * up
    ways = np.stack([math.cos(yaw) * right + math.sin(yaw) * ahead,
                     math.cos(yaw) * ahead - math.sin(yaw) * right, up], -1)
    return np.asarray(ways / np.linalg.norm(ways, axis=-1, keepdims=True), np.float32)


def _edges(labels: UInt8, ids: UInt16) -> Bool:
    """Return pixels beside which something else begins."""
    joint = labels.astype(np.int32) * 65536 + ids
    found = np.zeros(labels.shape, np.bool_)
    across, down = joint[:, 1:] != joint[:, :-1], joint[1:] != joint[:-1]
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= down
    found[:-1] |= down
    return found


def seen(
    street: Street, origin: tuple[float, float, float], ways: Callable[[float, float], Float32],
    grain: float,
) -> tuple[Float32, UInt8, UInt16]:
    """Return what a camera sees before its own imperfections.

    Classes are those in the middle of each pixel. Where an edge runs through a pixel its light is
    the mean over four places in it.

    Args:
        street: What it looks at.
        origin: Where it is, metres.
        ways: Where its pixels look, float32 [H, W, 3], of places dx and dy pixels from their
            middles.
        grain: Size of a pixel, radians.

    Returns:
        Linear light float32 [H, W, 3], classes uint8 [H, W] and instances uint16 [H, W].
    """
    light, labels, ids = street.look(origin, ways(0.0, 0.0), grain)
    edges = _edges(labels, ids)
    light[edges] = np.mean(
        [street.look(origin, ways(dx, dy)[edges], grain)[0] for dx, dy in _CORNERS], 0)
    return light, labels, ids


def shown(light: Float32, look: Look, rng: np.random.Generator) -> UInt8:
    """Return a picture uint8 [H, W, 3] of linear light; rng is the noise of the camera."""
    balanced = light ** np.float32(look.contrast) * np.asarray(look.balance, np.float32)
    return colour_picture(np.asarray(balanced, np.float32), Light(1.0), look.camera, rng)


def panorama_look(rng: np.random.Generator, width: int) -> Look:
    """Return a panoramic camera: dim, warm or greenish, flat, soft and noisy."""
    camera = ColourCamera(
        target=rng.uniform(0.2, 0.29), shot=rng.uniform(0.02, 0.05),
        read=rng.uniform(0.004, 0.012), blur=rng.uniform(0.35, 0.6) * max(width / 512, 0.8))
    return Look(camera, (rng.uniform(1.02, 1.14), 1.0, rng.uniform(0.76, 0.9)),
                rng.uniform(0.8, 0.92))


def pinhole_look(rng: np.random.Generator, width: int) -> Look:
    """Return a car's camera: bright, neutral or cool, of full contrast and sharp."""
    camera = ColourCamera(
        target=rng.uniform(0.3, 0.4), shot=rng.uniform(0.008, 0.02),
        read=rng.uniform(0.001, 0.003), blur=rng.uniform(0.25, 0.4) * max(width / 512, 0.8))
    return Look(camera, (rng.uniform(0.92, 1.02), 1.0, rng.uniform(1.0, 1.12)),
                rng.uniform(1.0, 1.1))


def panorama_picture(seed: int, number: int, width: int = 256, height: int = 128) -> StreetPicture:
    """Return a panorama: from the roof of a car, or from the head of somebody who walks.

    Args:
        seed: Of the set.
        number: Of the picture, from 0.
        width: Columns, all around.
        height: Rows, at most width / 2; the middle one is the horizon.
    """
    rng = np.random.default_rng([seed, number, 47])
    walking = bool(rng.random() < 0.3)
    street, x = random_street(rng, walking)
    high = rng.uniform(1.6, 1.95) if walking else rng.uniform(1.9, 2.6)
    light, labels, ids = seen(
        street, (x, 0.0, high), lambda dx, dy: _around(width, height, dx, dy),
        2 * np.pi / width)
    turn = round(rng.normal(0, 0.03) * width)   # nobody mounts a camera exactly ahead
    return StreetPicture(
        shown(np.roll(light, turn, 1), panorama_look(rng, width), rng), np.roll(labels, turn, 1),
        np.roll(ids, turn, 1))


def pinhole_picture(seed: int, number: int, width: int = 256, height: int = 128) -> StreetPicture:
    """Return a picture of a camera behind the windscreen of a car.

    Args:
        seed: Of the set.
        number: Of the picture, from 0.
        width: Columns.
        height: Rows.
    """
    rng = np.random.default_rng([seed, number, 53])
    street, x = random_street(rng)
    focal = width / 2 / math.tan(math.radians(rng.uniform(46, 66)) / 2)
    pitch, yaw = rng.normal(math.radians(-2), math.radians(1)), rng.normal(0, math.radians(6))
    light, labels, ids = seen(
        street, (x, 0.0, rng.uniform(1.15, 1.4)),
        lambda dx, dy: pinhole_ways(width, height, focal, pitch, yaw, dx, dy), 1 / focal)
    return StreetPicture(shown(light, pinhole_look(rng, width), rng), labels, ids)
