# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A colour camera that goes blind in the dark and in glare, and an uncooled thermal camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8


@dataclass(frozen=True)
class Spot:
    """A round patch of light or of glare, in pixels.

    Attributes:
        x: Centre column.
        y: Centre row.
        radius: Standard deviation.
        strength: Light in the middle; 1 is daylight.
        colour: Share of red, green and blue.
    """

    x: float
    y: float
    radius: float
    strength: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Light:
    """How a scene is lit.

    Attributes:
        ambient: Light everywhere; 1 is daylight.
        pools: Patches of light on the scene: lamps and headlights.
        veils: Light that enters the colour camera from elsewhere and covers what is there.
    """

    ambient: float
    pools: tuple[Spot, ...] = ()
    veils: tuple[Spot, ...] = ()


@dataclass(frozen=True)
class ColourCamera:
    """Imperfections of a colour camera.

    Attributes:
        target: Mean level that the exposure aims at, 0 to 1.
        most_gain: Largest amplification; darker scenes stay dark.
        shot: Noise at full level, as a share of it.
        read: Noise of the dark picture before amplification, as a share of daylight's white.
        blur: Standard deviation of the optics, pixels.
    """

    target: float = 0.3
    most_gain: float = 6.0
    shot: float = 0.02
    read: float = 0.004
    blur: float = 0.4


@dataclass(frozen=True)
class ThermalCamera:
    """Imperfections of an uncooled thermal camera.

    Attributes:
        blur: Standard deviation of the optics, pixels; thermal pictures are soft.
        noise: Of every pixel, °C.
        columns: Fixed offsets of the columns, standard deviation, °C.
        least_span: Least range of temperatures that fills the grey levels, °C: a scene of one
            temperature stays flat.
        shift: Misregistration against the colour camera, columns and rows, pixels.
    """

    blur: float = 0.9
    noise: float = 0.12
    columns: float = 0.08
    least_span: float = 10.0
    shift: tuple[float, float] = (0.0, 0.0)


def _patches(spots: tuple[Spot, ...], height: int, width: int) -> Float32:
    """Return the sum of spots, float32 [H, W, 3]."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    total = np.zeros((height, width, 3), np.float32)
    for spot in spots:
        squares = (columns - spot.x) ** 2 + (rows - spot.y) ** 2
        patch = spot.strength * np.exp(-squares / (2 * spot.radius ** 2))
        total += patch[..., None] * np.asarray(spot.colour, np.float32)
    return total


def colour_picture(
    reflectance: Float32, light: Light, camera: ColourCamera, rng: np.random.Generator,
) -> UInt8:
    """Take a colour picture.

    Args:
        reflectance: Of the scene, float32 [H, W, 3], 0 to 1.
        light: That falls on it and into the camera.
        camera: Who looks.
        rng: Source of noise.

    Returns:
        uint8 [H, W, 3] RGB: exposed for the mean with a gain of at most `most_gain`, noisy,
        clipped, gamma 2.2.
    """
    height, width = reflectance.shape[:2]
    lit = reflectance * (light.ambient + _patches(light.pools, height, width))
    lit = lit + _patches(light.veils, height, width)
    if camera.blur > 0:
        lit = cv2.GaussianBlur(lit, (0, 0), camera.blur)
    gain = min(camera.target / max(float(lit.mean()), 1e-6), camera.most_gain)
    variance = camera.shot ** 2 * gain * lit + (camera.read * gain) ** 2
    seen = gain * lit + np.sqrt(variance) * rng.standard_normal(lit.shape).astype(np.float32)
    return np.asarray(255 * np.clip(seen, 0, 1) ** (1 / 2.2) + 0.5, np.uint8)


def thermal_picture(
    temperature: Float32, camera: ThermalCamera, rng: np.random.Generator,
) -> UInt8:
    """Take a thermal picture.

    Args:
        temperature: Of the scene, °C, float32 [H, W].
        camera: Who looks.
        rng: Source of noise.

    Returns:
        uint8 [H, W], warm is bright: its levels span the temperatures between the 1st and the
        99.5th percentile, but at least `least_span`.
    """
    height, width = temperature.shape
    moved = temperature
    if camera.shift != (0.0, 0.0):
        way = np.asarray([[1, 0, camera.shift[0]], [0, 1, camera.shift[1]]], np.float32)
        moved = np.asarray(cv2.warpAffine(
            temperature, way, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32)
    if camera.blur > 0:
        moved = np.asarray(cv2.GaussianBlur(moved, (0, 0), camera.blur), np.float32)
    noisy = moved + camera.noise * rng.standard_normal((height, width))
    noisy = noisy + camera.columns * rng.standard_normal(width)
    low, high = np.percentile(noisy, [1, 99.5])
    missing = max(camera.least_span - (high - low), 0) / 2
    low, high = low - missing, high + missing
    return np.asarray(255 * np.clip((noisy - low) / (high - low), 0, 1) + 0.5, np.uint8)
