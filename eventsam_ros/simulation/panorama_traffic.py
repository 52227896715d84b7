# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What moves in streets, and stands at their kerbs: vehicles and people."""

from __future__ import annotations

import numpy as np

from .panorama_casting import BOX, ELLIPSOID, RING
from .panorama_shading import GLASS, PLAIN
from .panorama_shapes import METAL, Colour, Thing, any_colour, paint

_BLACK: Colour = (0.02, 0.02, 0.022)


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
    thing.add(BOX, (0, 0, 0.45), (0.17, 0.4, 0.22), paint(PLAIN, METAL, gloss=0.3))
    thing.add(BOX, (0, 0.5, 1.05), (0.36, 0.03, 0.03), black)
    return thing
