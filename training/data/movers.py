# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Photographed objects, cut out in colour, that move over a view on their own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8

from .photos import Photo

_LEAST_AREA = 0.02
"""Smallest share of a photo that an object must cover."""
_MARGIN = 3
"""Pixels around the object, where its rim fades."""


@dataclass(frozen=True)
class Mover:
    """An object and its way over the sensor; window time 1 is the end, as in Camera.

    Attributes:
        patch: What it looks like, uint8 [h, w, 3] RGB, about one pixel a sensor pixel.
        cover: How much of each pixel it covers, float32 [h, w], 0 to 1.
        centre: Where the patch's centre is at the end, sensor pixels (x, y).
        angle: How it is turned at the end, radians.
        shift: Sensor pixels (x, y) that it moves in a window.
        turn: Radians that it turns in a window.
        growth: Natural logarithm of how much it grows in a window.
    """

    patch: UInt8
    cover: Float32
    centre: tuple[float, float]
    angle: float
    shift: tuple[float, float]
    turn: float
    growth: float

    def to_sensor(self, t: float) -> NDArray[np.float64]:
        """Return the affine map from patch pixels to sensor pixels at window time t, [2, 3]."""
        s = t - 1
        size, angle = np.exp(self.growth * s), self.angle + self.turn * s
        cos, sin = size * np.cos(angle), size * np.sin(angle)
        rows, columns = self.cover.shape
        x, y = (columns - 1) / 2, (rows - 1) / 2
        return np.asarray([
            [cos, -sin, self.centre[0] + self.shift[0] * s - cos * x + sin * y],
            [sin, cos, self.centre[1] + self.shift[1] * s - sin * x - cos * y]])

    def onto(self, view: Float32, look: Float32, t: float) -> Float32:
        """Return a view, float32 [H, W] or [H, W, 3], with the object on it.

        Args:
            view: What is behind.
            look: The patch in the same units.
            t: Window time.
        """
        place, size = self.to_sensor(t), (view.shape[1], view.shape[0])
        cover = cv2.warpAffine(self.cover, place, size, flags=cv2.INTER_LINEAR)
        seen = cv2.warpAffine(
            look, place, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if view.ndim == 3:
            cover = cover[..., None]
        return np.asarray(view + cover * (seen - view), np.float32)

    def mask(self, width: int, height: int) -> NDArray[np.bool_]:
        """Return where it is at the end, bool [height, width]."""
        cover = cv2.warpAffine(
            self.cover, self.to_sensor(1.0), (width, height), flags=cv2.INTER_LINEAR)
        return np.asarray(cover > 0.5, np.bool_)

    @property
    def path(self) -> float:
        """Sensor pixels that its fastest point moves in a window."""
        radius = float(np.hypot(*self.cover.shape)) / 2
        return float(np.hypot(*self.shift)) + radius * (abs(self.turn) + abs(self.growth))


def random_mover(
    photo: Photo, rng: np.random.Generator, width: int, height: int,
) -> Mover | None:
    """Cut the largest object out of a photo and send it over a sensor.

    Args:
        photo: Where it is taken from.
        rng: Source of chance.
        width: Sensor columns.
        height: Sensor rows.

    Returns:
        The object, or None where the photo has none that is large enough.
    """
    picture, ids = photo.read()
    rows, columns = np.nonzero(ids == 1)  # the largest part
    if len(rows) < _LEAST_AREA * ids.size:
        return None
    box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    around = (_MARGIN,) * 4
    mask = cv2.copyMakeBorder(
        np.asarray(ids[box] == 1, np.float32), *around, cv2.BORDER_CONSTANT, value=0)
    patch = cv2.copyMakeBorder(picture[box], *around, cv2.BORDER_REPLICATE)
    side = float(np.exp(rng.uniform(np.log(0.2), np.log(0.8)))) * height
    factor = side / max(mask.shape)
    size = tuple(max(round(n * factor), 4) for n in mask.shape[::-1])
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    patch, mask = (cv2.resize(a, size, interpolation=method) for a in (patch, mask))
    if rng.random() < 0.5:
        patch, mask = patch[:, ::-1], mask[:, ::-1]
    speed = float(np.exp(rng.uniform(np.log(0.5), np.log(16.0)))) * width / 346
    way = rng.uniform(0, 2 * np.pi)
    mixed = rng.random() < 0.5
    return Mover(
        np.ascontiguousarray(patch, np.uint8),
        np.asarray(cv2.GaussianBlur(np.ascontiguousarray(mask), (3, 3), 0.7), np.float32),
        (rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height), rng.normal(0, 0.15),
        (speed * np.cos(way), speed * np.sin(way)), rng.normal(0, 0.06) if mixed else 0.0,
        rng.normal(0, 0.04) if mixed else 0.0)
