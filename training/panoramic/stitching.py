# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What windows say, put together to a panorama: weights that sum to 1 at every pixel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8

from ..semantic.classes import IGNORE
from .windows import View, Windows

Taper = Literal['cosine', 'flat']


def _line(size: int, taper: Taper) -> NDArray[np.float64]:
    if taper == 'flat':
        return np.ones(size)
    return np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2


def weight(view: View, taper: Taper) -> NDArray[np.float64]:
    """Return how much each pixel of a window counts, float64 [h, w], above 0.

    `cosine` falls towards the edges, where a window knows least of what is around; `flat` takes
    all alike.
    """
    return _line(view.height, taper)[:, None] * _line(view.width, taper)


def stitch(
    parts: Iterable[Float32], windows: Windows, taper: Taper = 'cosine',
) -> Float32:
    """Return the weighted mean of windows.

    Args:
        parts: float32 [C, h, w] of each window, in the order of `windows.views`.
        windows: Where they lie.
        taper: See weight.

    Returns:
        float32 [C, H, W].

    Raises:
        ValueError: Not one part for each window.
    """
    total = np.zeros((windows.height, windows.width))
    sums: NDArray[np.float64] | None = None
    for view, part in zip(windows.views, parts, strict=True):
        if sums is None:
            sums = np.zeros((len(part), windows.height, windows.width))
        place = (view.rows, view.columns(windows.width))
        share = weight(view, taper)
        sums[:, place[0], place[1]] += share * part
        total[place] += share
    assert sums is not None
    return np.asarray(sums / total, np.float32)


def counted(parts: Iterable[UInt8], windows: Windows, classes: int) -> UInt8:
    """Return how many windows say each class of each pixel, uint8 [classes, H, W].

    Args:
        parts: Classes uint8 [h, w] of each window, in the order of `windows.views`; IGNORE says
            nothing.
        windows: Where they lie; at most 255 of them over one pixel.
        classes: Number of classes.
    """
    found = np.zeros((classes, windows.height, windows.width), np.uint8)
    for view, part in zip(windows.views, parts, strict=True):
        rows, columns = np.nonzero(part != IGNORE)
        found[part[rows, columns], view.top + rows, (view.left + columns) % windows.width] += 1
    return found


def majority(counts: UInt8) -> UInt8:
    """Return the class that most windows say, uint8 [H, W]; IGNORE where none says any.

    Of equal ones the lower class wins.

    Args:
        counts: See counted.
    """
    return np.where(counts.any(0), counts.argmax(0), IGNORE).astype(np.uint8)
