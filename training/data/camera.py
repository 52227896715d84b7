# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A camera that moves over a flat picture: where each of its pixels looks at each instant."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_NORMAL = np.asarray([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


@dataclass(frozen=True)
class Camera:
    """A sensor's view onto a picture; it changes smoothly over the time of a window.

    The view is given by where its corners lie. At window time 1 (the end) they are `corners`; at
    time t they are off by moved(t - 1), a similarity that grows evenly but for `bend`.

    Attributes:
        width: Sensor columns.
        height: Sensor rows.
        corners: Picture coordinates (x, y) of the view's corners at the end: top left, top right,
            bottom right, bottom left, float64 [4, 2].
        shift: Picture pixels that the view moves in a window, float64 [2].
        turn: Radians that it turns in a window.
        growth: Natural logarithm of how much it grows in a window.
        bend: Share of the motion that is quadratic in time, -0.5 to 0.5.
    """

    width: int
    height: int
    corners: Matrix
    shift: Matrix
    turn: float
    growth: float
    bend: float

    def corners_at(self, t: float) -> Matrix:
        """Return the corners at window time t (0 begin, 1 end), float64 [4, 2]."""
        s = (t - 1) * (1 + self.bend * t)
        centre = self.corners.mean(0)
        cos, sin = np.cos(self.turn * s), np.sin(self.turn * s)
        turned = (self.corners - centre) @ np.asarray([[cos, sin], [-sin, cos]])
        return np.asarray(
            turned * np.exp(self.growth * s) + centre + self.shift * s, np.float64)

    def to_picture(self, t: float) -> Matrix:
        """Return the homography from sensor pixels to picture pixels at window time t.

        Pixel centres are whole numbers on both sides; the sensor's corners are at -0.5 and at
        width - 0.5 and height - 0.5.
        """
        size = np.asarray([self.width, self.height]) / 2
        sensor = _NORMAL * size + size - 0.5
        return np.asarray(cv2.getPerspectiveTransform(
            sensor.astype(np.float32), self.corners_at(t).astype(np.float32)), np.float64)

    @property
    def path(self) -> float:
        """Sensor pixels that the fastest corner moves in a window."""
        scale = self.width / np.linalg.norm(self.corners[1] - self.corners[0])
        moved = np.linalg.norm(self.corners_at(1.0) - self.corners_at(0.0), axis=1).max()
        return float(moved * scale)


def random_camera(
    rng: np.random.Generator, width: int, height: int, columns: int, rows: int,
    focus: tuple[float, float],
) -> Camera:
    """Return a camera that sees a part of a picture, slightly turned and tilted, and moves.

    Args:
        rng: Source of chance.
        width: Sensor columns.
        height: Sensor rows.
        columns: Picture columns.
        rows: Picture rows.
        focus: Picture point (x, y) to keep in view.
    """
    scale = min(columns / width, rows / height) * rng.uniform(0.55, 1.0)
    half = np.asarray([width, height]) * scale / 2
    most = np.maximum(np.asarray([columns, rows]) - half, half)
    centre = np.clip(np.asarray(focus) + rng.uniform(-0.7, 0.7, 2) * half, half, most)
    roll = rng.normal(0, 0.06)
    cos, sin = np.cos(roll), np.sin(roll)
    tilt = rng.uniform(-0.06, 0.06, (4, 2))
    corners = (_NORMAL + tilt) * half @ np.asarray([[cos, sin], [-sin, cos]]) + centre
    # in sensor pixels of a 346-pixel sensor; half of the windows turn or zoom as well
    speed = float(np.exp(rng.uniform(np.log(1.0), np.log(14.0)))) * width / 346 * scale
    angle = rng.uniform(0, 2 * np.pi)
    mixed = rng.random() < 0.5
    return Camera(
        width, height, corners, np.asarray([np.cos(angle), np.sin(angle)]) * speed,
        rng.normal(0, 0.025) if mixed else 0.0, rng.normal(0, 0.02) if mixed else 0.0,
        rng.uniform(-0.3, 0.3))
