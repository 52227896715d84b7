# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Random streets, all around: what stands where, how it is lit, and what rays see of it."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8, UInt16

from . import panorama_shapes as made
from .panorama_casting import CX, CY, CZ, HX, HZ
from .panorama_ground import GROUND_FIELDS
from .panorama_shading import LIGHT_FIELDS, trace
from .panorama_shapes import CLASS, Thing

Float64 = NDArray[np.float64]
_THINGS = ('person', 'rider', 'car', 'truck', 'bus', 'motorcycle', 'bicycle')
"""Classes whose instances are numbered."""
_REACH = 75.0
"""Metres of street on either side of the camera."""
_CLEAR, _BESIDE = 2.5, 2.0
"""Metres before and behind the camera, and beside it, that no vehicle reaches into."""


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
        lanes: Where cameras may drive, x in metres.
        walks: Where cameras may walk, x in metres.
    """

    shapes: Float64
    paints: Float64
    classes: UInt8
    ids: UInt16
    groups: Float64
    ground: Float64
    light: Float64
    lanes: tuple[float, ...]
    walks: tuple[float, ...]

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


class _Site:
    """Collects what stands in a street."""

    def __init__(self) -> None:
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
        own = rows[:, 7] + 1j * rows[:, 8]
        turned = own * complex(c, s)
        rows[:, 7], rows[:, 8] = turned.real, turned.imag
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

    def street(
        self, ground: Float64, light: Float64, lanes: tuple[float, ...], walks: tuple[float, ...],
    ) -> Street:
        """Return the street with what was put into it."""
        return Street(
            np.asarray(self._shapes), np.asarray(self._paints),
            np.asarray(self._classes, np.uint8), np.asarray(self._ids, np.uint16),
            np.asarray(self._groups), ground, light, lanes, walks)


def _ground(rng: np.random.Generator) -> Float64:
    grey = rng.uniform(0.05, 0.13)
    walk = rng.uniform(0.14, 0.32) * np.asarray([rng.uniform(0.95, 1.15), 1, rng.uniform(0.8, 1)])
    green = rng.uniform(0.1, 0.22)
    grass = green * np.asarray([rng.uniform(0.5, 1.05), 1, rng.uniform(0.25, 0.4)])
    crosses = rng.random() < 0.6
    away = rng.choice([-1, 1]) * rng.uniform(13, 38)
    values = [
        rng.uniform(4.2, 7.0), rng.uniform(0.8, 1.8) if rng.random() < 0.35 else 0.0,
        rng.uniform(2.2, 4.2), away if crosses else 1e4, rng.uniform(3.2, 5.5) * crosses,
        rng.random() < 0.5, rng.random() < 0.5, grey, *walk, *grass, rng.uniform(0.4, 1.2),
        float(rng.integers(1000)), rng.random() < 0.4]
    assert len(values) == GROUND_FIELDS
    return np.asarray(values, np.float64)


def _light(rng: np.random.Generator) -> Float64:
    dull = rng.random() < 0.3
    high = rng.uniform(0.35, 1.15)
    turn = rng.uniform(0, 2 * np.pi)
    if dull:   # the bright part of a grey sky stands for the sun
        high = rng.uniform(1.1, 1.5)
    way = [np.cos(high) * np.sin(turn), np.cos(high) * np.cos(turn), np.sin(high)]
    warm = float(np.clip(1.2 - high, 0, 1)) * 0.5
    sun = np.asarray([1.0, 0.95 - 0.2 * warm, 0.88 - 0.5 * warm])
    sun = sun * (rng.uniform(0.3, 0.6) if dull else rng.uniform(2.4, 3.4))
    if dull:
        grey = rng.uniform(0.6, 0.9)
        top, low = grey * np.asarray([0.92, 0.96, 1.0]), grey * np.asarray([1.05, 1.05, 1.05])
    else:
        top = rng.uniform(0.45, 0.75) * np.asarray([rng.uniform(0.3, 0.5), 0.6, 1.0])
        low = rng.uniform(0.75, 0.95) * np.asarray([0.85, 0.94, 1.0])
    values = [*way, *sun, *top, *low, rng.uniform(0.2, 0.75), float(rng.integers(1000)),
              rng.uniform(0.0006, 0.004)]
    assert len(values) == LIGHT_FIELDS
    return np.asarray(values, np.float64)


def _houses(site: _Site, rng: np.random.Generator, ground: Float64) -> None:
    """Line both sides of the street with houses, and close the gaps between them."""
    front = ground[0] + ground[1] + ground[2]
    away, across = ground[3], ground[4] + ground[2] + 0.5
    for side in (-1, 1):
        lawn = ground[5] if side < 0 else ground[6]
        y = -_REACH
        back = rng.uniform(2.0, 5.0) if lawn else rng.uniform(0.0, 0.4)
        while y < _REACH:
            wide = rng.uniform(8, 18)
            if ground[4] and y - across < away < y + wide + across:
                y = away + across
                if y + wide < away or ground[4] == 0:
                    continue
                wide = rng.uniform(8, 14)
            if rng.random() < 0.85:
                deep = rng.uniform(8, 12)
                site.put(made.house(rng, wide, deep), side * (front + back + deep / 2),
                         y + wide / 2)
            if lawn and rng.random() < 0.75:
                kind = rng.choice(['wall', 'fence', 'hedge'])
                closing = (made.bush(rng, wide) if kind == 'hedge'
                           else made.barrier(rng, str(kind), wide))
                site.put(closing, side * (front + 0.3), y + wide / 2)
            y += wide
            if rng.random() < 0.35:
                gap = rng.uniform(2, 7)
                if rng.random() < 0.7:
                    kind = 'wall' if rng.random() < 0.5 else 'fence'
                    site.put(made.barrier(rng, kind, gap), side * (front + 0.4), y + gap / 2)
                site.put(made.tree(rng), side * (front + rng.uniform(3, 7)), y + gap / 2)
                y += gap


def _along(
    rng: np.random.Generator, every: tuple[float, float], often: float,
) -> list[float]:
    """Return places along the street."""
    found, y = [], -_REACH + rng.uniform(*every)
    while y < _REACH:
        if rng.random() < often:
            found.append(float(y))
        y += rng.uniform(*every)
    return found


def _furniture(site: _Site, rng: np.random.Generator, ground: Float64) -> None:
    """Set trees, lamps, signs and traffic lights between road and sidewalk."""
    half, verge, walk, away, across = ground[:5]
    kerb = half + 0.5 + 0.5 * verge

    def free(y: float) -> bool:
        return not across or abs(y - away) > across + walk
    wooded = rng.random() < 0.6
    for side in (-1, 1):
        places = _along(rng, (7, 13), 0.75 if wooded else 0.2)
        for y in filter(free, places):
            site.put(made.tree(rng), side * (kerb + 0.2), y)
        for y in filter(free, _along(rng, (20, 30), 0.9)):
            site.put(made.lamp_post(rng), side * kerb, y + 2.5, 0.0 if side < 0 else np.pi)
        for y in filter(free, _along(rng, (12, 30), 0.7)):
            site.put(made.traffic_sign(rng), side * (kerb + 0.1), y + 4, rng.normal(0, 0.3))
        for y in filter(free, _along(rng, (10, 25), 0.4)):
            site.put(made.bush(rng), side * (half + verge + walk + rng.uniform(0.3, 1.5)), y)
    if across:
        for side in (-1, 1):
            for far in (-1, 1):
                site.put(made.traffic_light(rng), side * (half + 0.6),
                         away + far * (across + 0.8), rng.normal(0, 0.1))


def _traffic(
    site: _Site, rng: np.random.Generator, ground: Float64, at: float,
) -> None:
    """Set cars at the kerbs and in the lanes, and bicycles; none where a camera at x drives."""
    half, verge, _, away, across = ground[:5]

    def free(x: float, y: float, long: float) -> bool:
        near = abs(x - at) < _BESIDE and abs(y) < _CLEAR + long
        return not near and (not across or abs(y - away) > across + 4.5)
    for side in (-1, 1):
        for y in _along(rng, (5.8, 7.5), rng.uniform(0.2, 0.75)):
            x = side * (half - 1.15)
            if free(x, y, 2.4):
                site.put(made.car(rng), x + rng.normal(0, 0.08), y,
                         rng.normal(0, 0.03) + (np.pi if rng.random() < 0.5 else 0.0))
        lane = side * max(half - 3.6, 1.5)
        for y in _along(rng, (14, 40), 0.6):
            kind = rng.choice([0, 1, 2], p=[0.76, 0.12, 0.12])
            thing = (made.car, made.bus, made.truck)[int(kind)](rng)
            if free(lane, y, 2.4 if kind == 0 else 6.0):
                site.put(thing, lane, y, 0.0 if side > 0 else np.pi)
        for y in _along(rng, (15, 45), 0.7):
            x = side * (half - 2.38)
            if free(x, y, 1.0):
                site.put(made.bicycle(rng, True), x, y, 0.0 if side > 0 else np.pi)
        for y in _along(rng, (12, 30), 0.5):
            x = side * (half + verge + 0.35)
            if free(x, y, 1.0):
                thing = made.bicycle(rng, False) if rng.random() < 0.6 else made.motorcycle(rng)
                site.put(thing, x, y, rng.normal(np.pi / 2, 0.5))


def _people(site: _Site, rng: np.random.Generator, ground: Float64, at: float) -> None:
    half, verge, walk, away, across = ground[:5]
    for side in (-1, 1):
        for y in _along(rng, (3, 12), rng.uniform(0.3, 0.8)):
            x = side * (half + verge + rng.uniform(0.7, walk - 0.2))
            if math.hypot(x - at, y) > 1.6:
                site.put(made.person(rng), x, y, rng.choice([0, np.pi]) + rng.normal(0, 0.5))
    if across:
        for _ in range(int(rng.integers(0, 5))):
            x, y = rng.uniform(-half, half), away - np.sign(away) * (across + rng.uniform(1, 4))
            site.put(made.person(rng), x, y, rng.choice([-1, 1]) * np.pi / 2)


def random_street(rng: np.random.Generator, walking: bool = False) -> tuple[Street, float]:
    """Return a random street and where in it a camera may be: at (x, 0).

    Args:
        rng: Source of chance.
        walking: Whether the camera is on a sidewalk, and not in a lane.

    Returns:
        The street, and x in metres.
    """
    ground, light, site = _ground(rng), _light(rng), _Site()
    lane = max(ground[0] - 3.6, 1.5)
    walk = ground[0] + ground[1] + 0.55 * ground[2]
    at = float(walk * rng.choice([-1, 1]) if walking else lane)
    _houses(site, rng, ground)
    _furniture(site, rng, ground)
    _traffic(site, rng, ground, at)
    _people(site, rng, ground, at)
    for k in range(14):   # what closes the view at either end
        site.put(made.tree(rng), -30 + 4.6 * k, _REACH + 8)
        site.put(made.tree(rng), -30 + 4.6 * k, -_REACH - 8)
    return site.street(ground, light, (lane, -lane), (walk, -walk)), at
