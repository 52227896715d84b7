# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The ground of a street: a road along y, maybe one across it, sidewalks, verges and lawns."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .panorama_textures import band, chance, rough, turns

ROAD, SIDEWALK, TERRAIN = 0, 1, 9
"""Classes of the ground, train ids of Cityscapes."""
(HALF, VERGE, WALK, CROSS_Y, CROSS_HALF, LAWN_LEFT, LAWN_RIGHT, GREY, WALK_R, WALK_G, WALK_B,
 GRASS_R, GRASS_G, GRASS_B, SLAB, GROUND_SEED, BIKES) = range(17)
"""Fields of the ground: half width of the road, widths of verge and sidewalk in metres; where the
road across lies and half its width (0 for none); whether there is lawn beyond the sidewalk; the
reflectance of asphalt, of sidewalks and of grass; side of a paving slab in metres; a whole number
that patterns depend on; whether there is a lane for bicycles."""
GROUND_FIELDS = 17
_END = 150.0
"""Metres beyond which there is grass."""


@kernel(fastmath=True)
def class_at(street, x, y):  # type: ignore[no-untyped-def]
    """Return the class of the ground at a place, metres."""
    a, b = abs(x), abs(y - street[CROSS_Y])
    across = street[CROSS_HALF]
    if a < street[HALF] or b < across:
        return ROAD
    edge = street[HALF] + street[VERGE]
    if across > 0 and b < across + street[WALK]:
        return SIDEWALK
    if a < edge:
        return TERRAIN
    if a < edge + street[WALK]:
        return SIDEWALK
    lawn = street[LAWN_LEFT] if x < 0 else street[LAWN_RIGHT]
    return TERRAIN if lawn > 0 or a > _END or abs(y) > _END else SIDEWALK


@kernel(fastmath=True)
def _marks(street, x, y, grain, spread):  # type: ignore[no-untyped-def]
    """Return how much of a pixel is white paint."""
    a, b = abs(x), abs(y - street[CROSS_Y])
    across = street[CROSS_HALF]
    if across > 0 and b < across + 4.2:
        if b < across + 0.8 or a > street[HALF]:
            return 0.0
        stripes = band(turns(x, 1.0), 0.25, grain)
        return stripes * band(b - across - 2.4, 1.5, spread)
    if a > street[HALF]:
        return 0.0
    middle = band(x, 0.07, grain) * band(turns(y, 6.0), 1.5, spread)
    side = band(a - (street[HALF] - 0.25), 0.06, grain)
    bikes = street[BIKES] * band(a - (street[HALF] - 1.7), 0.06, grain) * band(
        turns(y, 2.0), 0.6, spread)
    return min(middle + side + bikes, 1.0)


@kernel(fastmath=True)
def ground_at(street, x, y, grain, spread):  # type: ignore[no-untyped-def]
    """Return the class of the ground at a place, and its reflectance in red, green and blue.

    Args:
        street: float64 [GROUND_FIELDS].
        x: Metres to the right.
        y: Metres ahead.
        grain: Size of a pixel across the line of sight, metres.
        spread: Its size on the ground along the line of sight, metres.
    """
    found = class_at(street, x, y)
    seed = street[GROUND_SEED]
    relief = rough(x + seed, y, 0.5, 2.5, spread)
    fine = rough(x, y + seed, 0.5, 0.12, spread)
    if found == ROAD:
        tone = street[GREY] * (1 + 0.22 * relief + 0.35 * fine)
        worn = band(turns(abs(x) - 0.9, 3.4), 0.5, grain)
        tone *= 1 - 0.12 * worn
        hole = chance(np.floor(x / 3), np.floor(y / 7), seed) > 0.85
        if hole:
            tone *= 1 - 0.55 * band(np.sqrt(turns(x, 3.0) ** 2 + turns(y, 7.0) ** 2), 0.35, spread)
        paint = _marks(street, x, y, grain, spread) * (0.85 + 0.3 * relief)
        tone = tone * (1 - paint) + 0.55 * paint
        return found, tone, tone, 1.03 * tone
    if found == SIDEWALK:
        slab = street[SLAB]
        joint = max(band(turns(x + slab / 2, slab), 0.02, spread),
                    band(turns(y + slab / 2, slab), 0.02, spread))
        own = chance(np.floor(x / slab), np.floor(y / slab), seed) - 0.5
        clear = min(max(1.5 - 2 * spread / slab, 0.0), 1.0)
        tone = (1 + 0.15 * relief + 0.2 * fine + 0.2 * clear * own) * (1 - 0.5 * joint)
        kerb = band(abs(x) - street[HALF] - 0.08, 0.08, grain) * (street[VERGE] == 0)
        tone *= 1 + 0.5 * kerb
        return found, street[WALK_R] * tone, street[WALK_G] * tone, street[WALK_B] * tone
    tone = 1 + 0.5 * relief + 0.6 * fine
    dry = 0.25 * rough(x, y, seed, 9.0, spread)
    return (found, street[GRASS_R] * tone * (1 + dry), street[GRASS_G] * tone,
            street[GRASS_B] * tone * (1 - dry))
