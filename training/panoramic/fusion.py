# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Cross-task complementary fusion: masks without classes and classes without sharp outlines.

For each mask of a window the classes that the assistant sees inside are counted; the one with the
largest share (label class ratio) goes to all of the mask. Where that share is below theta, the
mask is not reliable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool, Float32, UInt8

from ..errors import RecipeError
from ..fields import ranged
from ..semantic.classes import IGNORE


@dataclass(frozen=True)
class Fusion:
    """How masks and classes are joined.

    Attributes:
        version: `v1` (GoodSAM): every pixel has one vote and theta holds for all; `v2`
            (GoodSAM++): votes are weighted by the assistant's confidence, and a mask must reach
            the mean share of the masks of its level of size.
        theta: Least share of the largest class, per cent, in v1.
        floor: Least share in v2, per cent, however low the mean of a level is.
        levels: Areas in pixels at which a mask is no longer small, and no longer medium.
        least_area: Masks below so many pixels are dropped.
        edges: What masks that a window cuts off do: `keep` takes them as they are; `core` leaves
            out `margin` pixels at the edges of windows that are not the panorama's; `vote` gives
            all windows the class that most of them name.
        margin: See `core`, pixels.
    """

    version: Literal['v1', 'v2'] = 'v1'
    theta: float = ranged(0, 100, default=70.0)
    floor: float = ranged(0, 100, default=50.0)
    levels: tuple[int, int] = ranged(1, default=(32 ** 2, 96 ** 2))
    least_area: int = ranged(1, default=64)
    edges: Literal['keep', 'core', 'vote'] = 'keep'
    margin: int = ranged(0, default=8)

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence.
        """
        if self.levels[0] > self.levels[1]:
            raise RecipeError(f'{where}: levels must rise, but are {self.levels[0]} and '
                              f'{self.levels[1]}')


class Fused(NamedTuple):
    """What fusion makes of a window.

    Attributes:
        ensemble: E, a class for every pixel, uint8 [h, w].
        reliable: M, bool [h, w].
    """

    ensemble: UInt8
    reliable: Bool

    @property
    def sure(self) -> UInt8:
        """Return E_H: E where M holds, IGNORE elsewhere."""
        return np.where(self.reliable, self.ensemble, IGNORE).astype(np.uint8)


def ratios(mask: Bool, labels: UInt8, votes: Float32 | None, classes: int) -> NDArray[np.float64]:
    """Return the label class ratio of every class in a mask, per cent, float64 [classes].

    Args:
        mask: Not empty, bool [h, w].
        labels: What the assistant says, uint8 [h, w].
        votes: How much each pixel counts, float32 [h, w]; None for all alike.
        classes: Number of classes.
    """
    given = None if votes is None else votes[mask].astype(np.float64)
    counts = np.bincount(labels[mask], given, classes).astype(np.float64)
    return np.asarray(100 * counts / counts.sum())


def fuse(masks: Bool, probabilities: Float32, given: Fusion) -> Fused:
    """Join the masks of a window and what the assistant says of it.

    Masks are painted from large to small, so that the small one is seen where two overlap. What
    lies in no mask keeps the assistant's class and counts as reliable.

    Args:
        masks: bool [N, h, w]; N may be 0.
        probabilities: The assistant's softmax, float32 [C, h, w].
        given: How.
    """
    labels = np.asarray(probabilities.argmax(0), np.uint8)
    votes = np.asarray(probabilities.max(0), np.float32) if given.version == 'v2' else None
    areas = masks.sum((1, 2))
    order = [int(k) for k in np.argsort(-areas, kind='stable') if areas[k] >= given.least_area]
    found = [ratios(masks[k], labels, votes, len(probabilities)) for k in order]
    best = np.asarray([shares.max() for shares in found])
    needed = _needed(best, areas[order], given)
    ensemble, reliable = labels.copy(), np.ones(labels.shape, np.bool_)
    for k, shares, top, least in zip(order, found, best, needed, strict=True):
        ensemble[masks[k]] = shares.argmax()
        reliable[masks[k]] = top >= least
    return Fused(ensemble, reliable)


def _needed(
    best: NDArray[np.float64], areas: NDArray[np.int64], given: Fusion,
) -> NDArray[np.float64]:
    """Return the share that each mask must reach, per cent."""
    if given.version == 'v1':
        return np.full(len(best), given.theta)
    level = np.digitize(areas, given.levels)
    needed = np.full(len(best), given.floor)
    for one in np.unique(level):
        # a mean is rounded: masks that are all alike must reach their own
        needed[level == one] = max(given.floor, best[level == one].mean() - 1e-9)
    return needed
