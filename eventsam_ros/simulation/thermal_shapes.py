# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Outlines of what stands in simulated streets: one drawing a class, varied by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8

from .shapes import distance_map

CANVAS = 256
FILLED = 0.9
"""Share of the square [-1, 1] that outlines keep to, so that their border lies within it."""
Point = tuple[float, float]


def _place(point: Point) -> tuple[int, int]:
    x, y = (round((side * FILLED + 1) * CANVAS / 2) for side in point)
    return x, y


def fill(canvas: UInt8, points: Sequence[Point], value: int = 255) -> None:
    """Fill a polygon whose corners are in [-1, 1], x to the right and y down."""
    cv2.fillPoly(canvas, [np.asarray([_place(p) for p in points], np.int32)], value)


def disc(canvas: UInt8, centre: Point, radius: float, value: int = 255) -> None:
    """Fill a disc; centre and radius in units of half the square's side."""
    cv2.circle(canvas, _place(centre), max(1, round(radius * FILLED * CANVAS / 2)), value, -1)


def stroke(canvas: UInt8, start: Point, end: Point, width: float, value: int = 255) -> None:
    """Draw a thick line; its width in units of half the square's side."""
    thick = max(1, round(width * FILLED * CANVAS / 2))
    cv2.line(canvas, _place(start), _place(end), value, thick)


def _box(canvas: UInt8, x: float, top: float, bottom: float) -> None:
    fill(canvas, [(-x, top), (x, top), (x, bottom), (-x, bottom)])


def _car(rng: np.random.Generator, canvas: UInt8) -> None:
    """From the side or from behind; wheels at the bottom."""
    if rng.random() < 0.5:
        roof, waist, left = rng.uniform(-0.5, -0.3), rng.uniform(-0.1, 0.05), rng.uniform(0.3, 0.6)
        right = rng.uniform(0.2, 0.6)
        fill(canvas, [(-1, waist), (-left, roof), (right, roof), (0.75, waist), (1, waist + 0.1),
                      (1, 0.4), (-1, 0.4)])
        for x in (-0.6, 0.6):
            disc(canvas, (x, 0.4), rng.uniform(0.17, 0.22))
        return
    roof = rng.uniform(-0.85, -0.6)
    fill(canvas, [(-0.65, roof), (0.65, roof), (0.95, -0.1), (0.95, 0.6), (-0.95, 0.6),
                  (-0.95, -0.1)])
    for x in (-0.7, 0.7):
        fill(canvas, [(x - 0.15, 0.5), (x + 0.15, 0.5), (x + 0.15, 0.8), (x - 0.15, 0.8)])


def _person(rng: np.random.Generator, canvas: UInt8) -> None:
    disc(canvas, (rng.uniform(-0.04, 0.04), -0.84), 0.15)
    wide = rng.uniform(0.2, 0.28)
    fill(canvas, [(-wide, -0.66), (wide, -0.66), (0.75 * wide, 0.1), (-0.75 * wide, 0.1)])
    for side in (-1, 1):
        foot = side * rng.uniform(0.08, 0.4)
        knee = (0.6 * foot + rng.uniform(-0.05, 0.05), 0.5)
        stroke(canvas, (side * 0.1, 0.05), knee, 0.2)
        stroke(canvas, knee, (foot, 0.97), 0.16)
        elbow = (side * rng.uniform(0.28, 0.42), rng.uniform(-0.35, -0.2))
        stroke(canvas, (side * wide * 0.9, -0.6), elbow, 0.14)
        stroke(canvas, elbow, (side * rng.uniform(0.15, 0.5), rng.uniform(-0.1, 0.15)), 0.12)


def _bike(rng: np.random.Generator, canvas: UInt8) -> None:
    """Wheels are discs: labels of MFNet fill them too."""
    radius = rng.uniform(0.36, 0.44)
    for x in (-0.58, 0.58):
        disc(canvas, (x, 0.9 - radius), radius)
    seat, bar = (-0.25, -0.15), (0.4, rng.uniform(-0.35, -0.2))
    for start, end in (((-0.58, 0.9 - radius), seat), (seat, bar), (bar, (0.58, 0.9 - radius)),
                       (seat, (0.0, 0.5)), ((0.0, 0.5), bar)):
        stroke(canvas, start, end, 0.09)
    stroke(canvas, (bar[0] - 0.15, bar[1]), (bar[0] + 0.1, bar[1]), 0.1)


def _curve(rng: np.random.Generator, canvas: UInt8) -> None:
    """Paint or a kerb along the road, narrowing to the distance."""
    lean = rng.uniform(0.35, 0.65) * rng.choice([-1, 1])
    bend = rng.uniform(-0.2, 0.2)
    for k in range(12):
        a, b = k / 12, (k + 1) / 12
        start, end = ((lean * (1 - 2 * s) + bend * np.sin(np.pi * s), 0.8 - 1.65 * s)
                      for s in (a, b))
        stroke(canvas, start, end, 0.3 * (1 - 0.75 * a))


def _car_stop(rng: np.random.Generator, canvas: UInt8) -> None:
    height = rng.uniform(0.16, 0.24)
    fill(canvas, [(-1, height), (-0.9, -height), (0.9, -height), (1, height)])


def _guardrail(rng: np.random.Generator, canvas: UInt8) -> None:
    slant = rng.uniform(-0.15, 0.15)
    wide = rng.uniform(0.12, 0.18)
    fill(canvas, [(-1, -0.25 - slant), (1, -0.25 + slant), (1, wide + slant), (-1, wide - slant)])
    for x in np.linspace(-0.85, 0.85, int(rng.integers(3, 6))):
        middle = slant * x
        fill(canvas, [(x - 0.05, middle), (x + 0.05, middle), (x + 0.05, 0.45), (x - 0.05, 0.45)])


def _cone(rng: np.random.Generator, canvas: UInt8) -> None:
    top = rng.uniform(0.08, 0.14)
    fill(canvas, [(-top, -0.95), (top, -0.95), (0.5, 0.75), (-0.5, 0.75)])
    _box(canvas, rng.uniform(0.6, 0.75), 0.72, 0.95)


def _bump(rng: np.random.Generator, canvas: UInt8) -> None:
    height = rng.uniform(0.08, 0.14)
    fill(canvas, [(-0.95, -height), (0.95, -height), (1, height), (-1, height)])


OUTLINES: Mapping[str, Callable[[np.random.Generator, UInt8], None]] = MappingProxyType({
    'car': _car, 'person': _person, 'bike': _bike, 'curve': _curve, 'car_stop': _car_stop,
    'guardrail': _guardrail, 'color_cone': _cone, 'bump': _bump})
"""How each class of MFNet is drawn."""


def outline_of(name: str, rng: np.random.Generator) -> Float32:
    """Return the signed distance map of a class's outline (see shapes.distance_map)."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    OUTLINES[name](rng, canvas)
    return distance_map(canvas)


def block_outline() -> Float32:
    """Return the distance map of a full square: houses and the sky."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    _box(canvas, 1, -1, 1)
    return distance_map(canvas)


def bush_outline(rng: np.random.Generator) -> Float32:
    """Return the distance map of a tree's crown or a bush."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for _ in range(9):
        x, y = rng.uniform(-0.55, 0.55, 2)
        disc(canvas, (float(x), float(y)), rng.uniform(0.25, 0.42))
    stroke(canvas, (0, 0.3), (0, 1), 0.14)
    return distance_map(canvas)
