# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A street: what stands in it, how it is lit, and what rays see of it."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8, UInt16

from .panorama_casting import COS, CX, CY, CZ, HX, HZ, SIN
from .panorama_shading import trace
from .panorama_shapes import CLASS, Thing

Float64 = NDArray[np.float64]
_THINGS = ('person', 'rider', 'car', 'truck', 'bus', 'motorcycle', 'bicycle')
"""Classes whose instances are numbered."""


@dataclass(frozen=True)
class Street:
    """A street that any camera may look at; metres, x to the right, y ahead, z up from the ground.

    Attributes:
        shapes: See panorama_casting.
        paints: See panorama_shading.
        classes: Train id of Cityscapes of each shape, uint8 [S].
        ids: Instance of each shape, 0 for what is not counted, uint16 [S].
        groups: See panorama_casting.first_hit.
        ground: See panorama_ground.
        light: See panorama_shading.
    """

    shapes: Float64
    paints: Float64
    classes: UInt8
    ids: UInt16
    groups: Float64
    ground: Float64
    light: Float64

    def look(
        self, origin: tuple[float, float, float], ways: Float32, grain: float,
    ) -> tuple[Float32, UInt8, UInt16]:
        """Return what rays from one point see.

        Args:
            origin: Where they begin, metres.
            ways: Directions of length 1, float32 [..., 3].
            grain: Size of a pixel, radians.

        Returns:
            Linear light float32 [..., 3], classes uint8 [...] and instances uint16 [...].
        """
        rows = np.ascontiguousarray(ways.reshape(-1, 3), np.float32)
        colour = np.empty((len(rows), 3), np.float32)
        labels, ids = np.empty(len(rows), np.uint8), np.empty(len(rows), np.uint16)
        place = np.asarray(origin, np.float64)
        far = np.linalg.norm(self.groups[:, :3] - place, axis=1) - self.groups[:, 3]
        trace(place, rows, grain, self.shapes, self.paints, self.classes, self.ids,
              self.groups[np.argsort(far, kind='stable')], self.ground, self.light, colour,
              labels, ids)
        shape = ways.shape[:-1]
        return colour.reshape(*shape, 3), labels.reshape(shape), ids.reshape(shape)


class Site:
    """Collects what stands in a street."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._shapes: list[list[float]] = []
        self._paints: list[list[float]] = []
        self._classes: list[int] = []
        self._ids: list[int] = []
        self._groups: list[list[float]] = []
        self._count = 0

    def put(self, thing: Thing, x: float, y: float, turn: float = 0.0) -> None:
        """Set a thing on the ground at x, y, turned about the upright by radians."""
        rows = np.asarray(thing.shapes)
        c, s = math.cos(turn), math.sin(turn)
        local = rows[:, CX:CY + 1].copy()
        rows[:, CX] = x + c * local[:, 0] - s * local[:, 1]
        rows[:, CY] = y + s * local[:, 0] + c * local[:, 1]
        own = rows[:, COS] + 1j * rows[:, SIN]
        turned = own * complex(c, s)
        rows[:, COS], rows[:, SIN] = turned.real, turned.imag
        first = len(self._shapes)
        self._shapes += rows.tolist()
        self._paints += thing.paints
        self._classes += thing.classes
        numbers: dict[int, int] = {}
        for k in thing.classes:
            if k not in numbers:
                counted = k in (CLASS[name] for name in _THINGS)
                self._count += counted
                numbers[k] = self._count if counted else 0
            self._ids.append(numbers[k])
        reach = np.linalg.norm(rows[:, HX:HZ + 1], axis=1)
        low = (rows[:, CX:CZ + 1] - reach[:, None]).min(0)
        high = (rows[:, CX:CZ + 1] + reach[:, None]).max(0)
        middle = (low + high) / 2
        radius = float((np.linalg.norm(rows[:, CX:CZ + 1] - middle, axis=1) + reach).max())
        self._groups.append([*middle, radius, first, len(self._shapes)])

    def street(self, ground: Float64, light: Float64) -> Street:
        """Return the street with what was put into it."""
        return Street(
            np.asarray(self._shapes), np.asarray(self._paints),
            np.asarray(self._classes, np.uint8), np.asarray(self._ids, np.uint16),
            np.asarray(self._groups), ground, light)
