# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Who plays in a clip: objects from front to back, by scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from .actors import HALF_SIDES, WAYS, Actor, Stage, random_actor, upright

Pairs = Sequence[tuple[str, str]]
MOTIONS = (*WAYS, *(f'{way} {pace}' for way in WAYS for pace in ('fast', 'slow')), 'still',
           'still', 'still', 'still', 'spin', 'grow', 'shrink')
_TURNABLE = ('square', 'triangle', 'star', 'cross', 'bar', 'moon')
"""Shapes that show when they turn."""


def _any(rng: np.random.Generator, pairs: Pairs) -> tuple[str, str]:
    return pairs[int(rng.integers(len(pairs)))]


def _size(rng: np.random.Generator) -> str:
    return str(rng.choice(list(HALF_SIDES), p=[0.35, 0.3, 0.35]))


def _motion(rng: np.random.Generator, shape: str) -> str:
    motion = MOTIONS[int(rng.integers(len(MOTIONS)))]
    return 'still' if motion == 'spin' and shape not in _TURNABLE else motion


def _akin(rng: np.random.Generator, pairs: Pairs, to: tuple[str, str]) -> tuple[str, str]:
    """Return a pair that often shares the colour, the shape or both with another."""
    share = rng.random()
    if share < 0.2:
        return to
    near = [p for p in pairs if p != to and (p[0] == to[0] if share < 0.5 else p[1] == to[1])]
    return _any(rng, near if near and share < 0.8 else pairs)


def plain(rng: np.random.Generator, stage: Stage, pairs: Pairs) -> list[Actor]:
    """Return three to five objects, some alike, that go their ways."""
    first = _any(rng, pairs)
    looks = [first, *(_akin(rng, pairs, first) for _ in range(int(rng.integers(2, 5))))]
    rng.shuffle(looks)
    return [random_actor(rng, stage, c, s, _size(rng), _motion(rng, s)) for c, s in looks]


def motions(rng: np.random.Generator, stage: Stage, pairs: Pairs) -> list[Actor]:
    """Return three or four objects that look the same and move in different ways."""
    colour, shape = _any(rng, pairs)
    size = _size(rng)
    kinds = [*WAYS, 'still', 'grow', 'shrink', *(['spin'] if shape in _TURNABLE else [])]
    chosen = [str(k) for k in rng.choice(kinds, int(rng.integers(3, 5)), replace=False)]
    if rng.random() < 0.25:
        way = str(rng.choice(list(WAYS)))
        chosen[:2] = [f'{way} fast', f'{way} slow']
    return [random_actor(rng, stage, colour, shape, size, motion) for motion in chosen]


def _crossing(
    rng: np.random.Generator, stage: Stage, way: str, half: float, lane: float, meet: float,
) -> tuple[tuple[float, ...], tuple[tuple[float, float], ...]]:
    """Return the script of what crosses the middle of the picture at a frame number."""
    dx, dy = WAYS[way]
    length = stage.room(way, half)
    step = min(length / 2 / max(meet, stage.frames - 1 - meet), 0.14)
    middle = (0.5 if dx else lane, lane if dx else 0.5 * stage.aspect)
    start = (middle[0] - dx * step * meet, middle[1] - dy * step * meet)
    return stage.straight(start, (dx * step, dy * step), eased=bool(rng.random() < 0.5))


def look_alikes(rng: np.random.Generator, stage: Stage, pairs: Pairs) -> list[Actor]:
    """Return two equal objects that cross, or of which one passes behind a third, and others."""
    look, other = _any(rng, pairs), _any(rng, pairs)
    half = rng.uniform(*HALF_SIDES[str(rng.choice(['small', 'medium', 'medium']))])
    across = rng.random() < 0.7
    way, back = ('right', 'left') if across else ('down', 'up')
    if rng.random() < 0.5:
        way, back = back, way
    size = stage.aspect if across else 1.0
    lane = rng.uniform(0.3, 0.7) * size
    meet = rng.uniform(0.4, 0.6) * (stage.frames - 1)
    angle = upright(rng, look[1])
    twin = Actor(*look, half, (0.0,), ((0.5, 0.5),), angle)
    keys, places = _crossing(rng, stage, way, half, lane, meet)
    one = replace(twin, keys=keys, places=places)
    kind = rng.random()
    cast: list[Actor]
    if kind < 0.4:  # they cross, one before the other
        shift = rng.uniform(-0.4, 0.4) * half
        keys, places = _crossing(rng, stage, back, half, lane + shift, meet)
        cast = [one, replace(twin, keys=keys, places=places)]
        rng.shuffle(cast)
    else:
        free = lane + (0.42 if lane < 0.5 * size else -0.42) * size
        own = free if kind < 0.7 else lane + rng.uniform(-0.3, 0.3) * half
        keys, places = _crossing(rng, stage, back, half, own, meet)
        cover = rng.uniform(1.15, 1.5) * half if kind < 0.7 else rng.uniform(1.3, 1.7) * half
        middle = (0.5, lane) if across else (lane, 0.5 * stage.aspect)
        third = Actor(*other, cover / 0.8, (0.0,), (middle,), upright(rng, other[1]) * 0.3)
        cast = [third, one, replace(twin, keys=keys, places=places)]
    if rng.random() < 0.6:
        colour, shape = _any(rng, pairs)
        cast.append(random_actor(rng, stage, colour, shape, 'small', _motion(rng, shape)))
    return cast


def returning(rng: np.random.Generator, stage: Stage, pairs: Pairs) -> list[Actor]:
    """Return an object that leaves the picture and comes back, and two or three others."""
    first = _any(rng, pairs)
    others = [_akin(rng, pairs, first) for _ in range(int(rng.integers(2, 4)))]
    cast = [random_actor(rng, stage, c, s, _size(rng), _motion(rng, s)) for c, s in others]
    half = rng.uniform(*HALF_SIDES[str(rng.choice(['small', 'medium']))])
    way = str(rng.choice(list(WAYS)))
    dx, dy = WAYS[way]
    along = 1.0 if dx else stage.aspect
    lane = rng.uniform(0.2, 0.8) * (stage.aspect if dx else 1.0)
    inside = along - rng.uniform(1.3, 2.2) * half
    outside = along + 1.3 * half
    leaves = rng.uniform(0.3, 0.4) * stage.frames
    comes = leaves + rng.uniform(1.2, 2.0)
    again = min(comes + 1.5, stage.frames - 1.0)
    keys = (-1.0, leaves - 1.5, leaves, comes, again, float(stage.frames))
    lanes = lane, lane + rng.uniform(-0.15, 0.15)

    def place(share: float, at: float) -> tuple[float, float]:
        far = share if dx + dy > 0 else along - share
        return (far, at) if dx else (at, far)
    places = (*(place(v, lanes[0]) for v in (inside - 0.06, inside, outside)),
              *(place(v, lanes[1]) for v in (outside, inside, inside - 0.06)))
    cast.append(Actor(*first, half, keys, places, upright(rng, first[1])))
    return cast


SCENARIOS: MappingProxyType[
    str, Callable[[np.random.Generator, Stage, Pairs], list[Actor]]] = MappingProxyType({
        'plain': plain, 'looks': plain, 'look-alikes': look_alikes, 'motion': motions,
        'return': returning})
"""Scenarios by name."""
