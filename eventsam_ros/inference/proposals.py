# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where to click when nobody points: on what moves, or on SAM's blind grid."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32

SMOOTHING = 2.0
"""Spread of the event density in cells; the gap between two edges of an object fills up."""
FLOOR = 0.05
"""Share of the highest density under which nothing is proposed."""
LEAST_SPACING = 1.5
"""Least distance that proposals keep, in cells."""


def event_points(events: Float32, count: int, taken: Float32 | None = None) -> Float32:
    """Spread points over the places with events, the busiest first.

    The event density is smoothed, and its square root is the appeal of a place. Each
    point that is chosen lowers the appeal around it by a Gaussian whose width follows from the
    active area and the number of points, so that few points cover all that moves.

    Args:
        events: Events of each cell, float32 [h, w].
        count: Points wanted at most.
        taken: Points that are clicked already, columns and rows, float32 [K, 2].

    Returns:
        Columns and rows, float32 [N, 2] with N <= count; fewer where little happens.
    """
    density = cv2.GaussianBlur(events, (0, 0), SMOOTHING, borderType=cv2.BORDER_REPLICATE)
    highest = float(density.max()) if density.size else 0.0
    if highest <= 0 or count < 1:
        return np.empty((0, 2), np.float32)
    active = density >= FLOOR * highest
    appeal = np.where(active, np.sqrt(density), np.float32(0))
    spacing = max(LEAST_SPACING, float(np.sqrt(np.count_nonzero(active) / (np.pi * count))))
    least = FLOOR * float(appeal.max())
    for column, row in () if taken is None else taken:
        _lower(appeal, float(column), float(row), spacing)
    points: list[tuple[int, int]] = []
    while len(points) < count:
        row, column = divmod(int(np.argmax(appeal)), appeal.shape[1])
        if appeal[row, column] <= least:
            break
        points.append((column, row))
        _lower(appeal, column, row, spacing)
    return np.asarray(points, np.float32).reshape(-1, 2)


def _lower(appeal: Float32, column: float, row: float, spacing: float) -> None:
    rows = np.arange(appeal.shape[0], dtype=np.float32) - np.float32(row)
    columns = np.arange(appeal.shape[1], dtype=np.float32) - np.float32(column)
    scale = np.float32(-0.5 / spacing ** 2)
    appeal *= 1 - np.exp(scale * rows ** 2)[:, None] * np.exp(scale * columns ** 2)


def grid_points(side: int, width: int, height: int) -> Float32:
    """Return SAM's grid: the centres of side x side equal parts of the picture.

    Args:
        side: Points across, and down.
        width: Sensor columns.
        height: Sensor rows.

    Returns:
        x and y in sensor pixels, float32 [side * side, 2].
    """
    steps = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / side
    x, y = np.meshgrid(steps * width - 0.5, steps * height - 0.5)
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)


def inner_points(masks: Bool) -> Float32:
    """Return the point of each mask that is farthest from its border.

    Args:
        masks: bool [M, h, w], none of them empty.

    Returns:
        Columns and rows, float32 [M, 2].
    """
    points = np.empty((len(masks), 2), np.float32)
    for k, mask in enumerate(masks):
        framed = np.pad(mask.view(np.uint8), 1)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3)
        row, column = divmod(int(np.argmax(depth)), framed.shape[1])
        points[k] = column - 1, row - 1
    return points
