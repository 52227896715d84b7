# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Objects of simulated clips and how they move, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np

WAYS = {'left': (-1.0, 0.0), 'right': (1.0, 0.0), 'up': (0.0, -1.0), 'down': (0.0, 1.0)}
"""Directions in the picture: x to the right, y down."""
HALF_SIDES = {'small': (0.068, 0.078), 'medium': (0.102, 0.118), 'big': (0.15, 0.175)}
"""Half of the side of the square around an object of a size, in picture widths."""
MARGIN = 0.07
"""How near to the border of the picture a centre comes, in widths."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Actor:
    """One object; a script's values are for frame numbers, -1 for one period before the first.

    Attributes:
        colour: One of coloured.COLOURS.
        shape: One of coloured.SHAPES.
        half: Half of the side of its square, in picture widths.
        keys: Frame numbers of the script, rising.
        places: Its centre at the keys, x and y in picture widths.
        angle: How it is turned at frame 0, radians.
        spin: Radians a frame.
        growth: Natural logarithm of how much it grows a frame.
    """

    colour: str
    shape: str
    half: float
    keys: tuple[float, ...]
    places: tuple[Point, ...]
    angle: float = 0.0
    spin: float = 0.0
    growth: float = 0.0


@dataclass(frozen=True)
class Stage:
    """What all scripts of a clip share.

    Attributes:
        frames: Number of frames.
        aspect: Height of the picture over its width.
    """

    frames: int
    aspect: float

    def still(self, place: Point) -> tuple[tuple[float, ...], tuple[Point, ...]]:
        """Return the script of what stays."""
        return (0.0,), (place,)

    def straight(
        self, start: Point, step: Point, eased: bool = False,
    ) -> tuple[tuple[float, ...], tuple[Point, ...]]:
        """Return the script of what goes straight on, and comes to rest at the end if eased."""
        last = float(self.frames)
        if not eased:
            return (-1.0, last), tuple(
                (start[0] + step[0] * k, start[1] + step[1] * k) for k in (-1.0, last))
        keys = tuple(float(v) for v in np.arange(-1.0, last + 1))
        rest = self.frames - 1.0

        def travelled(k: float) -> float:
            # slows down evenly over the last two periods
            past = max(min(k, rest) - (rest - 2), 0.0)
            return min(k, rest) - past ** 2 / 4
        return keys, tuple((start[0] + step[0] * travelled(k), start[1] + step[1] * travelled(k))
                           for k in keys)

    def room(self, way: str, half: float) -> float:
        """Return how far an object can go within the picture, in widths."""
        size = 1.0 if way in ('left', 'right') else self.aspect
        return size - 2 * max(MARGIN, 0.6 * half)

    def entry(
        self, rng: np.random.Generator, way: str, length: float, half: float,
    ) -> Point:
        """Return a random start from which a way of some length ends within the picture."""
        dx, dy = WAYS[way]
        low, high = max(MARGIN, 0.6 * half), max(MARGIN, 0.6 * half)

        def start(size: float, change: float) -> float:
            first, last = low - min(change, 0), size - high - max(change, 0)
            return rng.uniform(first, max(last, first + 1e-6))
        return start(1.0, dx * length), start(self.aspect, dy * length)


def random_actor(
    rng: np.random.Generator, stage: Stage, colour: str, shape: str, size: str, motion: str,
) -> Actor:
    """Return an object that stays in the picture.

    Args:
        rng: Source of chance.
        stage: Length of the clip and shape of the picture.
        colour: One of coloured.COLOURS.
        shape: One of coloured.SHAPES.
        size: One of HALF_SIDES.
        motion: A key of WAYS, with ' fast' or ' slow' after it or not; 'still', 'spin', 'grow'
            or 'shrink'.
    """
    half = rng.uniform(*HALF_SIDES[size])
    actor = Actor(colour, shape, half, (0.0,), ((0.5, 0.5),), upright(rng, shape))
    way, _, pace = motion.partition(' ')
    if way in WAYS:
        low, high = {'fast': (0.1, 0.13), 'slow': (0.03, 0.04), '': (0.05, 0.09)}[pace]
        steps = stage.frames - 1
        step = min(rng.uniform(low, high), stage.room(way, half) / steps)
        start = stage.entry(rng, way, step * steps, half)
        keys, places = stage.straight(start, (WAYS[way][0] * step, WAYS[way][1] * step))
        return replace(actor, keys=keys, places=places)
    keys, places = stage.still(stage.entry(rng, 'left', 0.0, half))
    spin = float(rng.choice([-1, 1])) * rng.uniform(0.3, 0.5) if motion == 'spin' else 0.0
    growth = {'grow': 1.0, 'shrink': -1.0}.get(motion, 0.0) * math.log(2) / stage.frames
    if motion == 'grow':
        actor = replace(actor, half=half / 1.3)
    return replace(actor, keys=keys, places=places, spin=spin, growth=growth)


def upright(rng: np.random.Generator, shape: str) -> float:
    """Return a random angle under which a shape is still what it is called."""
    return rng.uniform(-math.pi, math.pi) if shape in ('bar', 'moon') else rng.uniform(-0.3, 0.3)
