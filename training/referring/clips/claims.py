# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is true of the objects of a clip.

A claim about the objects is an array [K] of 1 (true), 0 (false) and nan (not clear enough to
say): between true and false lies a margin, so that nobody has to guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool

from .facts import LEAST_SHARE, Facts

Claim = NDArray[np.float64]
Flags = Bool | np.bool_
AXES = {'left': (0, -1), 'right': (0, 1), 'top': (1, -1), 'bottom': (1, 1)}
"""Axis of the places, and its sign towards the side."""


def _claim(true: Flags, false: Flags) -> Claim:
    return np.where(true, 1.0, np.where(false, 0.0, np.nan))


def all_of(*claims: Claim) -> Claim:
    """Return whether all claims hold: false where one is false, unclear where one is unclear."""
    stack = np.stack(claims)
    unclear = np.isnan(stack).any(0)
    return np.where((stack == 0).any(0), 0.0, np.where(unclear, np.nan, 1.0))


def names_only(claim: Claim, k: int) -> bool:
    """Return whether a claim is true of object k and clearly false of every other."""
    return bool(claim[k] == 1 and np.count_nonzero(claim == 0) == len(claim) - 1)


def size_claims(facts: Facts) -> dict[str, Claim]:
    """Return 'small' and 'big': by the longer side of the whole object in the first frame."""
    s = facts.sides
    return {'small': _claim(s < 0.142, s > 0.152), 'big': _claim(s > 0.24, s < 0.222)}


def motion_claims(facts: Facts) -> dict[str, Claim]:
    """Return claims about motion over the ground: ways, pace, standing still, turning, growing."""
    steps = np.diff(facts.grounds, axis=0)
    total = facts.grounds[-1] - facts.grounds[0]
    pace = np.linalg.norm(steps, axis=-1).mean(0)
    turned = np.abs(facts.turns[-1] - facts.turns[0])
    least, most = facts.scales.min(0), facts.scales.max(0)
    far = np.linalg.norm(facts.grounds - facts.grounds[:1], axis=-1).max(0)
    moves = _claim(far > 0.1, far < 0.01)
    at_rest = (far < 0.01) & (turned < 0.1) & (most < 1.05) & (least > 0.95)
    found = {
        'still': _claim(at_rest, (far > 0.08) | (turned > 0.8) | (most > 1.3) | (least < 0.77)),
        'moving': moves, 'spinning': _claim(turned > 1.0, turned < 0.15),
        'growing': _claim(facts.scales[-1] > 1.35, most < 1.1),
        'shrinking': _claim(facts.scales[-1] < 0.74, least > 0.9),
        'fast': _claim(pace > 0.08, pace < 0.065),
        'slow': _claim((pace < 0.045) & (pace > 0.02), (pace > 0.055) | (far < 0.01))}
    for name, (axis, sign) in (('left', (0, -1)), ('right', (0, 1)), ('up', (1, -1)),
                               ('down', (1, 1))):
        along, across = sign * total[:, axis], np.abs(total[:, 1 - axis])
        parts = sign * steps[..., axis]
        found[name] = _claim(
            (along > 0.1) & (parts.min(0) > -0.002) & (across < 0.4 * along),
            (along < 0.02) & (parts.max(0) < 0.006))
    return found


def place_claims(facts: Facts) -> dict[str, Claim]:
    """Return claims about where an object is in every frame that shows it."""
    found = {}
    x, y = facts.centres[..., 0], facts.centres[..., 1] / facts.aspect
    for name, (axis, sign) in AXES.items():
        value = x if axis == 0 else y
        found[name] = _throughout(*_half(value, sign, 0.35, 0.45))
    off_x, off_y = np.abs(x - 0.5), np.abs(y - 0.5)
    inside = (off_x < 0.13) & (off_y < 0.16)
    found['middle'] = _throughout(inside, (off_x > 0.22) | (off_y > 0.27), ~np.isnan(x))
    return found


def start_claims(facts: Facts) -> dict[str, Claim]:
    """Return claims about where an object is in the first frame."""
    first = facts.centres[0] / np.asarray([1, facts.aspect])
    return {name: _claim(*_half(first[:, axis], sign, 0.42, 0.54)[:2])
            for name, (axis, sign) in AXES.items()}


def _half(value: Claim, sign: int, near: float, far: float) -> tuple[Bool, Bool, Bool]:
    """Return where a share of the picture is near a side, far from it, and known."""
    way = value if sign < 0 else 1 - value
    return way < near, way > far, ~np.isnan(value)


def _throughout(true: Bool, false: Bool, known: Bool) -> Claim:
    shown = known.any(0)
    return _claim((true | ~known).all(0) & shown, (false | ~known).all(0) & shown)


def return_claim(facts: Facts) -> Claim:
    """Return which objects are seen at first, leave the picture, and come back.

    Not clear of what is not seen for a while and does not leave.
    """
    seen, gone = facts.areas >= LEAST_SHARE, facts.wholes == 0
    back = np.zeros(seen.shape[1], np.bool_)
    for f in range(1, len(seen) - 1):
        back |= seen[0] & gone[f] & seen[f + 1:].any(0)
    return _claim(back, seen.all(0))


def behind_claim(facts: Facts, other: int) -> Claim:
    """Return which objects another one hides for the most part in some frame."""
    hidden = facts.covers[:, other]
    return _claim(hidden > 0.5, hidden < 0.1)


def side_claim(facts: Facts, other: int, side: str) -> Claim:
    """Return which objects are on a side of another one (left of it, over it) all the time."""
    axis, sign = AXES[side]
    apart = facts.centres - facts.centres[:, other:other + 1]
    along, across = sign * apart[..., axis], np.abs(apart[..., 1 - axis])
    found = _throughout(
        (along > 0.09) & (across < 0.8 * along), (along < 0.03) | (across > 1.3 * along),
        ~np.isnan(along))
    found[other] = 0.0
    return found


def extreme_claim(facts: Facts, base: Claim, side: str) -> Claim:
    """Return which of the objects of a claim is the furthest to a side all the time.

    Not clear where the claim is not, where it has less than two objects, or the first changes.
    """
    axis, sign = AXES[side]
    members = np.flatnonzero(base == 1)
    value = sign * facts.centres[..., axis]
    if np.isnan(base).any() or len(members) < 2 or np.isnan(value[0, members]).any():
        return np.full(len(base), np.nan)
    best = members[int(np.argmax(value[0, members]))]
    others = members[members != best]
    lead = value[:, best:best + 1] - value[:, others]
    if not ((lead > 0.06) | np.isnan(lead)).all():
        return np.full(len(base), np.nan)
    found = np.zeros(len(base))
    found[best] = 1.0
    return found
