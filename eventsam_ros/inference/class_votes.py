# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Classes for masks that have none: each mask takes the class that most of its pixels have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventsam_ros.events.types import Float32, UInt8, UInt16

from .masks import Masks

NO_CLASS = 255
"""Class of a mask without a vote, and value of pixels in a class map that have none."""


@dataclass(frozen=True)
class ClassVotes:
    """The class of each of M masks.

    Attributes:
        classes: uint8 [M]; NO_CLASS where no class has the votes.
        shares: Share of the voting pixels that the winner has, float32 [M]; 0 without votes.
    """

    classes: UInt8
    shares: Float32


def vote(
    masks: Masks, classes: UInt8, count: int, least_share: float = 0.5,
) -> ClassVotes:
    """Return the class of each mask by the votes of its pixels in a class map.

    Args:
        masks: M masks, of an event camera's window, say.
        classes: Class of each of the same pixels, uint8 [H, W]; values from `count` on, such as
            NO_CLASS, do not vote.
        count: Number of classes, 1 to 255.
        least_share: Share of the voting pixels that the winner needs, 0 to 1; of equal ones the
            lower class wins.

    Raises:
        ValueError: The map has another size than the masks, or a number is out of its range.
    """
    if classes.shape != masks.masks.shape[1:]:
        raise ValueError(f'the class map must be {masks.masks.shape[2]}x{masks.masks.shape[1]} '
                         f'as the masks, but is {classes.shape[1]}x{classes.shape[0]}')
    if not 1 <= count <= NO_CLASS or not 0 <= least_share <= 1:
        raise ValueError(f'count must be 1 to {NO_CLASS} and least_share 0 to 1, but got {count} '
                         f'and {least_share}')
    found = np.full(len(masks), NO_CLASS, np.uint8)
    shares = np.zeros(len(masks), np.float32)
    for k, mask in enumerate(masks.masks):
        x0, y0, x1, y1 = masks.boxes[k].astype(int)
        inside = classes[y0:y1, x0:x1][mask[y0:y1, x0:x1]]
        votes = np.bincount(inside, minlength=256)[:count]
        total = int(votes.sum())
        if not total:
            continue
        winner = int(votes.argmax())
        shares[k] = votes[winner] / total
        if shares[k] >= least_share:
            found[k] = winner
    return ClassVotes(found, shares)


def labelled(masks: Masks, votes: ClassVotes, classes: UInt8) -> tuple[UInt16, UInt8]:
    """Return ids and classes of every pixel, each mask of one class throughout.

    Args:
        masks: M masks.
        votes: Their classes.
        classes: Class map for what no mask covers, uint8 [H, W].

    Returns:
        Ids uint16 [H, W] as in `Masks.label_image`, and classes uint8 [H, W]: under a mask with a
        class that class, elsewhere the map's.
    """
    ids = masks.label_image()
    result = classes.copy()
    for number, found in zip(masks.ids, votes.classes, strict=True):
        if found != NO_CLASS:
            result[ids == number] = found
    return ids, result
