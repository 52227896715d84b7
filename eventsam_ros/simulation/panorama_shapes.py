# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Things that stand in streets, put together from a few shapes each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from eventsam_ros.evaluation.datasets.class_tables import CITYSCAPES_19

from .panorama_casting import BOX, COLUMNS, CYLINDER, ELLIPSOID, LEAVES, RING, SLATS
from .panorama_shading import BRICK, FACADE, GLASS, LAMPS, LEAFY, PAINT_COLUMNS, PLAIN, SIGN

Colour = tuple[float, float, float]
Triple = tuple[float, float, float]
_BLACK: Colour = (0.02, 0.02, 0.022)
_METAL: Colour = (0.2, 0.21, 0.22)
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


def _number(rng: np.random.Generator) -> float:
    return float(rng.integers(1000))


def _wheels(thing: Thing, wide: float, ways: tuple[float, ...], radius: float) -> None:
    black = paint(PLAIN, _BLACK, wave=0.3)
    for y in ways:
        for x in (-wide, wide):
            thing.add(ELLIPSOID, (x, y, radius), (0.13, radius, radius), black)


def car(rng: np.random.Generator) -> Thing:
    """Return a car: body, cabin of glass under a roof, wheels."""
    thing = Thing('car')
    long, wide, high = rng.uniform(1.9, 2.4), rng.uniform(0.84, 0.95), rng.uniform(1.38, 1.75)
    body = paint(PLAIN, any_colour(rng), wave=2.0, gloss=0.22)
    waist = 0.56 * high
    thing.add(BOX, (0, 0, 0.5 * (0.28 + waist)), (wide, long, 0.5 * (waist - 0.28)), body,
              taper=(0.93, 0.97))
    back = rng.uniform(-0.35, -0.05)
    cabin = rng.uniform(0.55, 0.75) * long
    thing.add(BOX, (0, back * long * 0.6, 0.5 * (waist + high)),
              (0.92 * wide, cabin, 0.5 * (high - waist)),
              paint(GLASS, (0.025, 0.03, 0.035), gloss=0.55), taper=(0.76, 0.68))
    thing.add(BOX, (0, back * long * 0.6, high), (0.7 * wide, 0.68 * cabin, 0.035), body)
    _wheels(thing, 0.9 * wide, (-0.62 * long, 0.62 * long), 0.32)
    for x in (-0.7 * wide, 0.7 * wide):
        thing.add(BOX, (x, -long, 0.8 * waist), (0.16, 0.04, 0.07),
                  paint(PLAIN, (0.5, 0.03, 0.02)))
        thing.add(BOX, (x, long, 0.75 * waist), (0.17, 0.04, 0.08), paint(PLAIN, (0.8, 0.8, 0.7)))
    return thing


def bus(rng: np.random.Generator) -> Thing:
    """Return a bus with a band of windows."""
    thing = Thing('bus')
    colour = any_colour(rng, 0.15, 0.6)
    body, glass = paint(PLAIN, colour, wave=3.0, gloss=0.12), paint(
        GLASS, (0.025, 0.03, 0.035), gloss=0.5)
    long = rng.uniform(4.5, 6.0)
    thing.add(BOX, (0, 0, 0.95), (1.25, long, 0.6), body)
    thing.add(BOX, (0, 0, 2.0), (1.24, long - 0.02, 0.5), glass)
    for y in np.arange(-long + 0.9, long, 1.6):
        thing.add(BOX, (0, float(y), 2.0), (1.255, 0.07, 0.5), body)
    thing.add(BOX, (0, 0, 2.75), (1.25, long, 0.27), body)
    _wheels(thing, 1.17, (-0.6 * long, 0.65 * long), 0.48)
    return thing


def truck(rng: np.random.Generator) -> Thing:
    """Return a truck: a cab before a box."""
    thing = Thing('truck')
    long = rng.uniform(2.2, 3.6)
    box = paint(PLAIN, any_colour(rng, 0.2, 0.7), wave=3.0)
    cab = paint(PLAIN, any_colour(rng), wave=2.0, gloss=0.2)
    thing.add(BOX, (0, -0.9, 1.95), (1.2, long, 1.25), box)
    thing.add(BOX, (0, long + 0.3, 1.25), (1.1, 0.85, 0.8), cab)
    thing.add(BOX, (0, long + 0.25, 2.25), (1.05, 0.75, 0.35),
              paint(GLASS, (0.025, 0.03, 0.035), gloss=0.5), taper=(0.92, 0.8))
    _wheels(thing, 1.05, (-0.75 * long, long + 0.35), 0.45)
    return thing


def _figure(
    thing: Thing, rng: np.random.Generator, height: float, name: str, riding: bool = False,
) -> None:
    """Add a person; one that rides sits at the height of a saddle."""
    scale = height / 1.75
    top, legs = any_colour(rng), any_colour(rng, 0.02, 0.3)
    skin = float(rng.uniform(0.4, 1.3))
    face = paint(PLAIN, (0.42 * skin, 0.27 * skin, 0.2 * skin), wave=0.3)
    cloth, trousers = paint(PLAIN, top, wave=0.4), paint(PLAIN, legs, wave=0.4)
    lift = 0.15 if riding else 0.0
    stride = 0.1 if riding else rng.uniform(0.0, 0.28)
    for side in (-1, 1):
        thing.add(ELLIPSOID, (side * 0.1 * scale, side * stride * 0.5, (0.45 + lift) * scale),
                  (0.095 * scale, 0.11 * scale + 0.35 * stride, 0.47 * scale), trousers,
                  name=name)
        thing.add(ELLIPSOID, (side * 0.25 * scale, -side * 0.3 * stride + 0.15 * riding,
                              (1.12 + lift) * scale),
                  (0.065 * scale, 0.08 * scale + 0.25 * stride + 0.2 * riding, 0.32 * scale),
                  cloth, name=name)
    thing.add(ELLIPSOID, (0, 0, (1.15 + lift) * scale), (0.22 * scale, 0.15 * scale, 0.37 * scale),
              cloth, name=name)
    thing.add(ELLIPSOID, (0, 0, (1.62 + lift) * scale), (0.1 * scale, 0.11 * scale, 0.135 * scale),
              face, name=name)
    if rng.random() < 0.7:
        hair = paint(PLAIN, any_colour(rng, 0.015, 0.15), wave=0.2)
        thing.add(ELLIPSOID, (0, -0.03, (1.68 + lift) * scale),
                  (0.105 * scale, 0.11 * scale, 0.1 * scale), hair, name=name)


def person(rng: np.random.Generator) -> Thing:
    """Return somebody who stands or walks."""
    thing = Thing('person')
    _figure(thing, rng, rng.uniform(1.55, 1.92), 'person')
    return thing


def bicycle(rng: np.random.Generator, ridden: bool) -> Thing:
    """Return a bicycle, with a rider on it or without."""
    thing = Thing('bicycle')
    black, frame = paint(PLAIN, _BLACK), paint(PLAIN, any_colour(rng), wave=0.5, gloss=0.1)
    quarter = np.pi / 2
    for y in (-0.52, 0.52):
        thing.add(RING, (0, y, 0.34), (0.34, 0.34, 0.27), black, turn=quarter)
    thing.add(BOX, (0, 0.1, 0.62), (0.025, 0.42, 0.03), frame)
    thing.add(BOX, (0, -0.22, 0.5), (0.025, 0.03, 0.35), frame)
    thing.add(BOX, (0, 0.48, 0.68), (0.025, 0.03, 0.36), frame)
    thing.add(BOX, (0, 0.44, 1.02), (0.28, 0.025, 0.025), black)
    thing.add(BOX, (0, -0.25, 0.88), (0.08, 0.13, 0.03), black)
    if ridden:
        _figure(thing, rng, rng.uniform(1.6, 1.85), 'rider', True)
    return thing


def motorcycle(rng: np.random.Generator) -> Thing:
    """Return a parked motorcycle."""
    thing = Thing('motorcycle')
    black = paint(PLAIN, _BLACK, gloss=0.1)
    for y in (-0.7, 0.7):
        thing.add(ELLIPSOID, (0, y, 0.31), (0.08, 0.31, 0.31), black)
    body = paint(PLAIN, any_colour(rng), gloss=0.3)
    thing.add(ELLIPSOID, (0, 0.1, 0.78), (0.2, 0.45, 0.2), body)
    thing.add(BOX, (0, -0.45, 0.8), (0.14, 0.42, 0.08), black)
    thing.add(BOX, (0, 0, 0.45), (0.17, 0.4, 0.22), paint(PLAIN, _METAL, gloss=0.3))
    thing.add(BOX, (0, 0.5, 1.05), (0.36, 0.03, 0.03), black)
    return thing


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
    grey = paint(PLAIN, _METAL, wave=1.0, gloss=0.05)
    thing.add(CYLINDER, (0, 0, high / 2), (0.08, 0.08, high / 2), grey)
    thing.add(BOX, (0.7, 0, high), (0.75, 0.04, 0.04), grey)
    thing.add(BOX, (1.4, 0, high - 0.06), (0.28, 0.12, 0.06), grey)
    return thing


def traffic_light(rng: np.random.Generator) -> Thing:
    """Return a traffic light on its pole."""
    thing = Thing('traffic light')
    high = rng.uniform(2.6, 3.4)
    thing.add(CYLINDER, (0, 0, high / 2), (0.065, 0.065, high / 2), paint(PLAIN, _METAL),
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
    thing.add(CYLINDER, (0, 0, high / 2), (0.04, 0.04, high / 2), paint(PLAIN, _METAL),
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
