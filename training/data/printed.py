# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A printed board as layers of the simulator that a carrier takes along."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32
from eventsam_ros.simulation.scene import Swing, SwingingLayer
from eventsam_ros.simulation.shapes import distance_map
from eventsam_ros.simulation.textures import SIZE

from .figures import SIDE, Figure

Points = NDArray[np.float64]
SQUARE = np.asarray([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
"""Corners from the top left clockwise."""
_MARGIN = 1.2
"""Side of the square around a figure's outline, in sides of the outline's own."""


@dataclass(frozen=True)
class Carried(Swing):
    """One coordinate of a point that a turning and growing carrier takes along.

    Attributes:
        offset: The point in the carrier's own axes, in widths.
        column: Whether the coordinate is the column.
        angle: Rotation of the carrier in radians.
        scale: Size of the carrier, 1 as drawn.
    """

    offset: tuple[float, float] = (0.0, 0.0)
    column: bool = True
    angle: Swing = Swing(0.0)  # noqa: RUF009 - frozen
    scale: Swing = Swing(1.0)  # noqa: RUF009 - frozen

    def at(self, t: float) -> float:
        """Return the value at t seconds."""
        cos, sin = np.cos(self.angle.at(t)), np.sin(self.angle.at(t))
        x, y = self.offset
        turned = cos * x - sin * y if self.column else sin * x + cos * y
        return super().at(t) + self.scale.at(t) * float(turned)


@dataclass(frozen=True)
class Board:
    """How a board moves, and what it is printed with.

    Attributes:
        carrier: A layer whose motion all figures share.
        paper: Reflectance of the paper.
        ink: Reflectance of the ink.
    """

    carrier: SwingingLayer
    paper: float
    ink: float

    def layer(self, figure: Figure, corners: Points) -> SwingingLayer:
        """Return a figure that lies between four corners of the board.

        Args:
            figure: What is printed.
            corners: Where its square's corners are, from the top left clockwise, widths from
                the board's centre, float64 [4, 2].
        """
        low, high = corners.min(0), corners.max(0)
        middle, half = (low + high) / 2, float((high - low).max()) / 2 * _MARGIN
        there = ((corners - middle) / half + 1) * SIDE / 2
        place = cv2.getPerspectiveTransform(
            SQUARE * SIDE, np.asarray(there, np.float32))
        ink, mask = (np.asarray(cv2.warpPerspective(a, place, (SIDE, SIDE)), np.uint8)
                     for a in (figure.ink, figure.mask))
        texture = self.paper + (self.ink - self.paper) * (ink / np.float32(255))
        return self._carried(middle, half, distance_map(np.where(mask > 127, mask, 0)),
                             # the renderer puts the tile's corner at the layer's centre
                             np.roll(texture, (-SIZE // 2, -SIZE // 2), (0, 1)))

    def _carried(
        self, middle: Points, half: float, outline: Float32, texture: Float32,
    ) -> SwingingLayer:
        carrier = self.carrier
        offset = (float(middle[0]), float(middle[1]))
        scale, share = carrier.half_side, half / carrier.half_side.base
        size = replace(scale, base=1.0, amplitude=scale.amplitude / scale.base)
        x, y = (
            Carried(s.base, s.drift, s.amplitude, s.rate, s.phase, offset, s is carrier.x,
                    carrier.angle, size)
            for s in (carrier.x, carrier.y))
        return replace(
            carrier, x=x, y=y, outline=outline, texture=np.asarray(texture, np.float32),
            half_side=replace(
                scale, base=half, amplitude=scale.amplitude * share),
            repeats=0.5, shade=(0.0, 0.0))
