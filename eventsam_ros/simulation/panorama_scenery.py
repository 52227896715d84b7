# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What stays in streets: trees, posts, signs, walls and houses."""

from __future__ import annotations

import numpy as np

from .panorama_casting import BOX, CYLINDER, ELLIPSOID, LEAVES, SLATS
from .panorama_shading import BRICK, FACADE, LAMPS, LEAFY, PLAIN, SIGN
from .panorama_shapes import METAL, Colour, Thing, paint


def _number(rng: np.random.Generator) -> float:
    return float(rng.integers(1000))


def tree(rng: np.random.Generator) -> Thing:
    """Return a tree: trunk and a crown of some balls of leaves."""
    thing = Thing('vegetation')
    trunk, spread = rng.uniform(1.8, 3.2), rng.uniform(1.1, 2.0)
    brown = float(rng.uniform(0.05, 0.13))
    thing.add(CYLINDER, (0, 0, 0.6 * trunk), (*(2 * (float(rng.uniform(0.1, 0.2)),)), 0.6 * trunk),
              paint(PLAIN, (brown, 0.75 * brown, 0.5 * brown), wave=0.4))
    green = float(rng.uniform(0.06, 0.2))
    warm = float(rng.uniform(0.4, 1.0))
    for _ in range(int(rng.integers(3, 6))):
        x, y = rng.normal(0, 0.45 * spread, 2)
        size = spread * rng.uniform(0.7, 1.1)
        leaves = paint(LEAFY, (warm * green, green, 0.3 * green), seed=_number(rng))
        thing.add(ELLIPSOID, (float(x), float(y), trunk + spread * rng.uniform(0.4, 1.3)),
                  (size, size, size * rng.uniform(0.7, 1.0)), leaves, gaps=LEAVES)
    return thing


def bush(rng: np.random.Generator, long: float = 0.0) -> Thing:
    """Return a bush, or a hedge of a length in metres."""
    thing = Thing('vegetation')
    green = float(rng.uniform(0.06, 0.18))
    leaves = paint(LEAFY, (0.55 * green, green, 0.3 * green), seed=_number(rng))
    if long:
        high = rng.uniform(0.5, 1.0)
        thing.add(BOX, (0, 0, high), (0.4, long / 2, high), leaves)
        return thing
    size = rng.uniform(0.5, 1.1)
    thing.add(ELLIPSOID, (0, 0, 0.7 * size), (size, size, 0.8 * size), leaves, gaps=LEAVES)
    return thing


def lamp_post(rng: np.random.Generator) -> Thing:
    """Return a street lamp whose arm reaches along its own x."""
    thing = Thing('pole')
    high = rng.uniform(5.0, 8.0)
    grey = paint(PLAIN, METAL, wave=1.0, gloss=0.05)
    thing.add(CYLINDER, (0, 0, high / 2), (0.08, 0.08, high / 2), grey)
    thing.add(BOX, (0.7, 0, high), (0.75, 0.04, 0.04), grey)
    thing.add(BOX, (1.4, 0, high - 0.06), (0.28, 0.12, 0.06), grey)
    return thing


def traffic_light(rng: np.random.Generator) -> Thing:
    """Return a traffic light on its pole."""
    thing = Thing('traffic light')
    high = rng.uniform(2.6, 3.4)
    thing.add(CYLINDER, (0, 0, high / 2), (0.065, 0.065, high / 2), paint(PLAIN, METAL),
              name='pole')
    thing.add(BOX, (0, 0, high + 0.45), (0.19, 0.14, 0.5),
              paint(LAMPS, (0.03, 0.035, 0.03), seed=float(rng.integers(3))))
    return thing


def traffic_sign(rng: np.random.Generator) -> Thing:
    """Return a sign on its pole."""
    thing = Thing('traffic sign')
    high, size = rng.uniform(2.0, 2.8), rng.uniform(0.3, 0.45)
    faces: list[tuple[Colour, Colour]] = [
        ((0.75, 0.75, 0.75), (0.6, 0.02, 0.03)), ((0.02, 0.1, 0.5), (0.7, 0.7, 0.7)),
        ((0.8, 0.6, 0.03), (0.03, 0.03, 0.03)), ((0.6, 0.02, 0.03), (0.7, 0.7, 0.7))]
    face, rim = faces[int(rng.integers(len(faces)))]
    thing.add(CYLINDER, (0, 0, high / 2), (0.04, 0.04, high / 2), paint(PLAIN, METAL),
              name='pole')
    thing.add(BOX, (0, 0.05, high + size), (size, 0.02, size * rng.uniform(0.8, 1.3)),
              paint(SIGN, face, rim))
    return thing


def barrier(rng: np.random.Generator, name: str, long: float) -> Thing:
    """Return a wall or a fence of a length in metres along its own y."""
    thing = Thing(name)
    high = rng.uniform(0.5, 1.0)
    if name == 'wall':
        tone = float(rng.uniform(0.15, 0.4))
        thing.add(BOX, (0, 0, high), (0.12, long / 2, high),
                  paint(BRICK, (tone, 0.75 * tone, 0.6 * tone), wave=2.0, seed=_number(rng)))
    else:
        tone = float(rng.uniform(0.05, 0.35))
        thing.add(BOX, (0, 0, high), (0.03, long / 2, high),
                  paint(PLAIN, (tone, 0.9 * tone, 0.75 * tone), wave=1.0), gaps=SLATS)
    return thing


def house(rng: np.random.Generator, wide: float, deep: float) -> Thing:
    """Return a house whose front is `wide` along its own y, `deep` along its x."""
    thing = Thing('building')
    floor = rng.uniform(2.7, 3.5)
    high = floor * int(rng.integers(2, 7))
    tone = float(rng.uniform(0.12, 0.5))
    warm = float(rng.uniform(0.85, 1.35))
    colour = (min(tone * warm, 0.8), tone, tone / warm ** rng.uniform(0.5, 1.8))
    front = paint(FACADE, colour, (0.35, 0.26, 0.12), wave=rng.uniform(1.8, 3.6), floor=floor,
                  seed=_number(rng))
    thing.add(BOX, (0, 0, high / 2), (deep / 2, wide / 2, high / 2), front)
    if rng.random() < 0.5:
        roof = float(rng.uniform(0.08, 0.3))
        rise = rng.uniform(1.0, 2.2)
        thing.add(BOX, (0, 0, high + rise), (deep / 2 + 0.3, wide / 2 + 0.2, rise),
                  paint(PLAIN, (roof, 0.55 * roof, 0.4 * roof), wave=0.8), taper=(0.05, 0.9))
    return thing
