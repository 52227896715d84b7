# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Random streets: what stands where, and in what light."""

from __future__ import annotations

import math

import numpy as np

from . import panorama_scenery as scenery
from . import panorama_traffic as traffic
from .panorama_ground import GROUND_FIELDS
from .panorama_shading import LIGHT_FIELDS
from .panorama_street import Float64, Site, Street

_REACH = 75.0
"""Metres of street on either side of the camera."""
CLEAR = 2.5
"""Metres before and behind the camera that no vehicle reaches into."""
_BESIDE = 2.0
"""The same beside it."""


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


def _houses(site: Site, rng: np.random.Generator, ground: Float64) -> None:
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
                site.put(scenery.house(rng, wide, deep), side * (front + back + deep / 2),
                         y + wide / 2)
            if lawn and rng.random() < 0.75:
                kind = rng.choice(['wall', 'fence', 'hedge'])
                closing = (scenery.bush(rng, wide) if kind == 'hedge'
                           else scenery.barrier(rng, str(kind), wide))
                site.put(closing, side * (front + 0.3), y + wide / 2)
            y += wide
            if rng.random() < 0.35:
                gap = rng.uniform(2, 7)
                if rng.random() < 0.7:
                    kind = 'wall' if rng.random() < 0.5 else 'fence'
                    site.put(scenery.barrier(rng, kind, gap), side * (front + 0.4), y + gap / 2)
                site.put(scenery.tree(rng), side * (front + rng.uniform(3, 7)), y + gap / 2)
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


def _furniture(site: Site, rng: np.random.Generator, ground: Float64) -> None:
    """Set trees, lamps, signs and traffic lights between road and sidewalk."""
    half, verge, walk, away, across = ground[:5]
    kerb = half + 0.5 + 0.5 * verge

    def free(y: float) -> bool:
        return not across or abs(y - away) > across + walk
    wooded = rng.random() < 0.6
    for side in (-1, 1):
        places = _along(rng, (7, 13), 0.75 if wooded else 0.2)
        for y in filter(free, places):
            site.put(scenery.tree(rng), side * (kerb + 0.2), y)
        for y in filter(free, _along(rng, (20, 30), 0.9)):
            site.put(scenery.lamp_post(rng), side * kerb, y + 2.5, 0.0 if side < 0 else np.pi)
        for y in filter(free, _along(rng, (12, 30), 0.7)):
            site.put(scenery.traffic_sign(rng), side * (kerb + 0.1), y + 4, rng.normal(0, 0.3))
        for y in filter(free, _along(rng, (10, 25), 0.4)):
            site.put(scenery.bush(rng), side * (half + verge + walk + rng.uniform(0.3, 1.5)), y)
    if across:
        for side in (-1, 1):
            for far in (-1, 1):
                site.put(scenery.traffic_light(rng), side * (half + 0.6),
                         away + far * (across + 0.8), rng.normal(0, 0.1))


def _traffic(
    site: Site, rng: np.random.Generator, ground: Float64, at: float,
) -> None:
    """Set cars at the kerbs and in the lanes, and bicycles; none where a camera at x drives."""
    half, verge, _, away, across = ground[:5]

    def free(x: float, y: float, long: float) -> bool:
        near = abs(x - at) < _BESIDE and abs(y) < CLEAR + long
        return not near and (not across or abs(y - away) > across + 4.5)
    for side in (-1, 1):
        for y in _along(rng, (5.8, 7.5), rng.uniform(0.2, 0.75)):
            x = side * (half - 1.15)
            if free(x, y, 2.4):
                site.put(traffic.car(rng), x + rng.normal(0, 0.08), y,
                         rng.normal(0, 0.03) + (np.pi if rng.random() < 0.5 else 0.0))
        lane = side * max(half - 3.6, 1.5)
        for y in _along(rng, (14, 40), 0.6):
            kind = rng.choice([0, 1, 2], p=[0.76, 0.12, 0.12])
            thing = (traffic.car, traffic.bus, traffic.truck)[int(kind)](rng)
            if free(lane, y, 2.4 if kind == 0 else 6.0):
                site.put(thing, lane, y, 0.0 if side > 0 else np.pi)
        for y in _along(rng, (15, 45), 0.7):
            x = side * (half - 2.38)
            if free(x, y, 1.0):
                site.put(traffic.bicycle(rng, True), x, y, 0.0 if side > 0 else np.pi)
        for y in _along(rng, (12, 30), 0.5):
            x = side * (half + verge + 0.35)
            if free(x, y, 1.0):
                cycle = rng.random() < 0.6
                thing = traffic.bicycle(rng, False) if cycle else traffic.motorcycle(rng)
                site.put(thing, x, y, rng.normal(np.pi / 2, 0.5))


def _people(site: Site, rng: np.random.Generator, ground: Float64, at: float) -> None:
    half, verge, walk, away, across = ground[:5]
    for side in (-1, 1):
        for y in _along(rng, (3, 12), rng.uniform(0.3, 0.8)):
            x = side * (half + verge + rng.uniform(0.7, walk - 0.2))
            if math.hypot(x - at, y) > 1.6:
                site.put(traffic.person(rng), x, y, rng.choice([0, np.pi]) + rng.normal(0, 0.5))
    if across:
        for _ in range(int(rng.integers(0, 5))):
            x, y = rng.uniform(-half, half), away - np.sign(away) * (across + rng.uniform(1, 4))
            site.put(traffic.person(rng), x, y, rng.choice([-1, 1]) * np.pi / 2)


def random_street(rng: np.random.Generator, walking: bool = False) -> tuple[Street, float]:
    """Return a random street and where in it a camera may be: at (x, 0).

    Args:
        rng: Source of chance.
        walking: Whether the camera is on a sidewalk, and not in a lane.

    Returns:
        The street, and x in metres.
    """
    ground, light, site = _ground(rng), _light(rng), Site()
    lane = max(ground[0] - 3.6, 1.5)
    walk = ground[0] + ground[1] + 0.55 * ground[2]
    at = float(walk * rng.choice([-1, 1]) if walking else lane)
    _houses(site, rng, ground)
    _furniture(site, rng, ground)
    _traffic(site, rng, ground, at)
    _people(site, rng, ground, at)
    for k in range(14):   # what closes the view at either end
        site.put(scenery.tree(rng), -30 + 4.6 * k, _REACH + 8)
        site.put(scenery.tree(rng), -30 + 4.6 * k, -_REACH - 8)
    return site.street(ground, light), at
