# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks as COCO writes them: polygons, and run lengths down the columns, plain or packed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Bool


def coco_mask(segmentation: Any, height: int, width: int) -> Bool:
    """Return the mask of an annotation's `segmentation`, bool [height, width].

    Args:
        segmentation: Polygons, a list of lists x, y, x, y ... in pixels; or run lengths, an
            object of `size` and `counts`, a list or a packed text.
        height: Rows of the picture.
        width: Columns of the picture.

    Raises:
        DatasetError: Neither.
    """
    if isinstance(segmentation, dict):
        if segmentation.get('size') != [height, width]:
            raise DatasetError(f'run lengths must be of size [{height}, {width}], but are of '
                               f'{segmentation.get("size")}')
        counts = segmentation.get('counts')
        if isinstance(counts, str | bytes):
            counts = unpacked(counts if isinstance(counts, str) else counts.decode('ascii'))
        return runs_mask(counts, height, width)
    if not isinstance(segmentation, list) or not segmentation:
        raise DatasetError(f'segmentation must be polygons or run lengths, but is '
                           f'{str(segmentation)[:40]!r}')
    mask = np.zeros((height, width), np.bool_)
    for polygon in segmentation:
        mask |= polygon_mask(polygon, height, width)
    return mask


def polygon_mask(polygon: Sequence[float], height: int, width: int) -> Bool:
    """Return the pixels whose centre lies in a polygon (even-odd rule), bool [height, width].

    The pixel of column c and row r has its centre at (c + 0.5, r + 0.5), as COCO counts.

    Raises:
        DatasetError: Less than three corners, or a value that is no number.
    """
    try:
        points = np.asarray(polygon, np.float64).reshape(-1, 2)
    except (TypeError, ValueError) as error:
        raise DatasetError(f'a polygon must be x, y, x, y ..., but is {polygon!r:.60}') from error
    if len(points) < 3 or not np.isfinite(points).all():
        raise DatasetError(f'a polygon must have three corners or more, but is {polygon!r:.60}')
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, 0).T
    edges: NDArray[np.float64] = np.stack([x0, y0, x1, y1], 1)[y0 != y1]
    crossed = np.zeros((height, width + 1), np.int64)
    for ax, ay, bx, by in edges:
        low, high = sorted((ay, by))
        rows = np.arange(max(int(np.ceil(low - 0.5)), 0), min(int(np.ceil(high - 0.5)), height))
        at = ax + (rows + 0.5 - ay) / (by - ay) * (bx - ax)
        # an edge turns inside to outside for all centres to its right
        first = np.clip(np.ceil(at - 0.5), 0, width).astype(np.int64)
        np.add.at(crossed, (rows, first), 1)
    return np.asarray(crossed.cumsum(1)[:, :width] % 2 == 1, np.bool_)


def runs_mask(counts: Any, height: int, width: int) -> Bool:
    """Return the mask of run lengths: background first, down the columns, bool [height, width].

    Raises:
        DatasetError: They do not add up to the picture.
    """
    try:
        runs = np.asarray(counts, np.int64).reshape(-1)
    except (TypeError, ValueError, OverflowError) as error:
        raise DatasetError('run lengths must be whole numbers') from error
    if not len(runs) or runs.min() < 0 or runs.sum() != height * width:
        raise DatasetError(f'run lengths must add up to {height} x {width} pixels')
    values = np.arange(len(runs)) % 2 == 1
    return np.asarray(np.repeat(values, runs).reshape(width, height).T, np.bool_)


def unpacked(text: str) -> list[int]:
    """Return the run lengths of COCO's packed text.

    Each number is groups of five bits, the lowest first, a character of code 48 + bits each, with
    bit 5 set where more follow; the last group's bit 4 is the sign. From the fourth number on
    they are differences to the number two before.

    Raises:
        DatasetError: Another character, or an end in the middle of a number.
    """
    found: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise DatasetError(f'packed run lengths cannot have the character {character!r}')
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        found.append(value + (found[-2] if len(found) > 2 else 0))
        value = shift = 0
    if shift:
        raise DatasetError('packed run lengths end in the middle of a number')
    return found
