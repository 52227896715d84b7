# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What things in streets are made of: shapes, their paint and their class."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from eventsam_ros.evaluation.datasets.class_tables import CITYSCAPES_19

from .panorama_casting import COLUMNS
from .panorama_shading import PAINT_COLUMNS

Colour = tuple[float, float, float]
Triple = tuple[float, float, float]
METAL: Colour = (0.2, 0.21, 0.22)
CLASS = {name: k for k, name in enumerate(CITYSCAPES_19.names)}
"""Train id of each class of Cityscapes."""


@dataclass
class Thing:
    """One thing, its middle line at x = y = 0, looking along its own y, its feet on the ground.

    Attributes:
        name: Its class; parts may be of another one.
        shapes: Rows of the table of panorama_casting.
        paints: Rows of the table of panorama_shading.
        classes: Class of each shape.
    """

    name: str
    shapes: list[list[float]] = field(default_factory=list)
    paints: list[list[float]] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)

    def add(
        self, kind: int, at: Triple, sides: Triple, paint: list[float], *, turn: float = 0.0,
        taper: tuple[float, float] = (1.0, 1.0), gaps: int = 0, name: str = '',
    ) -> None:
        """Add a shape.

        Args:
            kind: See panorama_casting.
            at: Middle, metres.
            sides: Half sides, metres.
            paint: Row of paints.
            turn: About the upright, radians.
            taper: What the sides across and along shrink to at the top, as shares.
            gaps: What lets rays through, see panorama_casting.
            name: Class where it is not the thing's.
        """
        row = [kind, *at, *sides, np.cos(turn), np.sin(turn), *taper, gaps]
        assert len(row) == COLUMNS
        self.shapes.append([float(v) for v in row])
        self.paints.append(paint)
        self.classes.append(CLASS[name or self.name])


def paint(
    kind: int, colour: Colour, second: Colour = (0.0, 0.0, 0.0), wave: float = 1.0,
    floor: float = 3.0, seed: float = 0.0, gloss: float = 0.0,
) -> list[float]:
    """Return a row of the table of paints (see panorama_shading)."""
    row = [kind, *colour, *second, wave, floor, seed, gloss]
    assert len(row) == PAINT_COLUMNS
    return [float(v) for v in row]


def any_colour(rng: np.random.Generator, low: float = 0.03, high: float = 0.6) -> Colour:
    """Return the colour of a car or of clothes: mostly grey, sometimes bright."""
    grey = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    tint = rng.uniform(0, 0.6) * rng.normal(0, 1, 3)
    red, green, blue = np.clip(grey * np.exp(tint), 0.015, 0.85)
    return float(red), float(green), float(blue)
