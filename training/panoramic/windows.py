# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows on a panorama whose left and right edges are neighbours, and where they overlap.

GoodSAM slides one family of windows to the side; GoodSAM++ has two, wide ones and tall ones, and
looks at where one of each cross. Windows are plain crops of the panorama, as both papers draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from eventsam_ros.events.types import Int64

from ..errors import RecipeError
from ..fields import ranged

LEAST = 32
"""Sides that a SegFormer can see, pixels."""


@dataclass(frozen=True)
class Family:
    """Windows of one size on a grid of steps.

    Attributes:
        width: Columns, pixels, at least LEAST.
        height: Rows, pixels, at least LEAST; 0 takes all of the panorama.
        step_x: Columns from one window to the next.
        step_y: Rows from one window to the next; the last row of windows ends where the panorama
            does.
    """

    width: int = ranged(LEAST, 16_384)
    height: int = ranged(0, 8192, default=0)
    step_x: int = ranged(1, 16_384, default=256)
    step_y: int = ranged(1, 8192, default=144)


class View(NamedTuple):
    """A window: its first row and column, and its size; columns go on at 0 after the last."""

    top: int
    left: int
    height: int
    width: int

    @property
    def rows(self) -> slice:
        """Return its rows in the panorama."""
        return slice(self.top, self.top + self.height)

    def columns(self, around: int) -> Int64:
        """Return its columns in a panorama of so many, int64 [width]."""
        return (self.left + np.arange(self.width, dtype=np.int64)) % around

    def within(self, other: View, around: int) -> tuple[slice, slice]:
        """Return its rows and columns as places of another window that it lies in."""
        top, left = self.top - other.top, (self.left - other.left) % around
        return slice(top, top + self.height), slice(left, left + self.width)


class Overlap(NamedTuple):
    """Two windows, by their numbers, and what they share."""

    first: int
    second: int
    view: View


def _starts(total: int, size: int, step: int) -> list[int]:
    """Return where windows begin that do not go round."""
    found = list(range(0, total - size + 1, step))
    if found[-1] + size < total:
        found.append(total - size)
    return found


def views(family: Family, width: int, height: int, wrap: bool) -> tuple[View, ...]:
    """Return the windows of a family, row by row, each row from column 0 on.

    Args:
        family: Size and steps.
        width: Columns of the panorama.
        height: Rows of the panorama.
        wrap: Whether windows go on at the left edge after the right one.

    Raises:
        RecipeError: A window is larger than the panorama, windows leave a gap, or windows that
            go round do not come out even.
    """
    high = family.height or height
    if family.width > width or high > height:
        raise RecipeError(f'windows must fit into the panorama of {width} x {height}, but are '
                          f'{family.width} x {high}')
    if family.step_x > family.width or (high < height and family.step_y > high):
        raise RecipeError(f'windows of {family.width} x {high} leave gaps with steps of '
                          f'{family.step_x} and {family.step_y}')
    if wrap and width % family.step_x:
        raise RecipeError(f'step_x must divide the {width} columns of the panorama where windows '
                          f'go round, but is {family.step_x}')
    lefts = (list(range(0, width, family.step_x)) if wrap
             else _starts(width, family.width, family.step_x))
    return tuple(View(top, left, high, family.width)
                 for top in _starts(height, high, family.step_y) for left in lefts)


def shared(first: View, second: View, around: int) -> View | None:
    """Return what two windows share, the first stretch where they meet twice, or None."""
    top = max(first.top, second.top)
    bottom = min(first.top + first.height, second.top + second.height)
    if bottom <= top:
        return None
    for one, other in ((first, second), (second, first)):
        ahead = (other.left - one.left) % around
        if ahead < one.width:
            return View(top, other.left, bottom - top, min(one.width - ahead, other.width))
    return None


@dataclass(frozen=True)
class Windows:
    """All windows on panoramas of one size.

    Attributes:
        width: Columns of the panorama.
        height: Rows of the panorama.
        views: The windows, family by family.
        overlaps: Pairs whose predictions are compared: neighbours to the side where there is one
            family, else every two that cross of families that follow each other.
        wrap: Whether windows go on at the left edge after the right one.
    """

    width: int
    height: int
    views: tuple[View, ...]
    overlaps: tuple[Overlap, ...]
    wrap: bool = True


def lay_out(
    families: Sequence[Family], width: int, height: int, wrap: bool = True,
) -> Windows:
    """Return the windows of one or more families and their overlaps.

    Args:
        families: One is GoodSAM's mode, two or more that of GoodSAM++, with as many levels.
        width: Columns of the panorama.
        height: Rows of the panorama.
        wrap: Whether windows go on at the left edge after the right one.

    Raises:
        RecipeError: Windows do not fit, or share nothing.
    """
    groups: list[range] = []
    every: list[View] = []
    for family in families:
        made = views(family, width, height, wrap)
        groups.append(range(len(every), len(every) + len(made)))
        every += made
    if len(groups) == 1:
        chosen = [(k, k + 1) for k in groups[0][:-1] if every[k].top == every[k + 1].top]
        if wrap:
            rows = sorted({view.top for view in every})
            each = len(every) // len(rows)
            chosen += [((r + 1) * each - 1, r * each) for r in range(len(rows)) if each > 1]
    else:
        chosen = [(i, j) for one, other in pairwise(groups) for i in one for j in other]
    overlaps = [Overlap(i, j, common) for i, j in chosen
                if (common := shared(every[i], every[j], width)) is not None]
    if not overlaps:
        raise RecipeError('windows must overlap: give them a step less than their size')
    return Windows(width, height, tuple(every), tuple(overlaps), wrap)


def cut(picture: NDArray[Any], view: View) -> NDArray[Any]:
    """Return the window of a picture [H, W, ...]."""
    return np.ascontiguousarray(picture[view.rows][:, view.columns(picture.shape[1])])


def crop(maps: Tensor, view: View) -> Tensor:
    """Return the window of maps [..., H, W]."""
    return maps[..., view.rows, :][..., view.columns(maps.shape[-1])]
