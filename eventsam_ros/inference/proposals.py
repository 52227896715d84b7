# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where to click when nobody points: on what moves, or on SAM's blind grid."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32
from eventsam_ros.kernels import kernel

SMOOTHING = 1.2
"""Spread of the event density, in cells."""
FLOOR = 0.05
"""Share of the highest density under which nothing is proposed."""
SPREAD = 1.2
"""Width of what a click covers, by the width that would share out the active area."""
LEAST_SPREAD = 1.5
"""The same at least, in cells."""


def event_points(events: Float32, count: int, taken: Float32 | None = None) -> Float32:
    """Spread points over the peaks of the event density, the busiest first.

    The density is smoothed, its median (the noise everywhere, or the background that moves with
    the camera) is taken off, and the square root of the rest is the appeal of a place. Each point
    that is chosen lowers the appeal around it by a Gaussian whose width follows from the active
    area and the number of points, so that few points cover all that moves.

    Args:
        events: Events of each cell, float32 [h, w].
        count: Points wanted at most.
        taken: Points that are clicked already, columns and rows, float32 [K, 2].

    Returns:
        Columns and rows, float32 [N, 2] with N <= count; fewer where little happens.
    """
    density = cv2.GaussianBlur(events, (0, 0), SMOOTHING, borderType=cv2.BORDER_REPLICATE)
    excess = np.maximum(density - np.median(density), 0)
    highest = float(excess.max())
    if highest <= 0 or count < 1:
        return np.empty((0, 2), np.float32)
    active = excess >= FLOOR * highest
    peaks = active & (density >= cv2.dilate(density, np.ones((3, 3), np.uint8)))
    rows, columns = np.nonzero(peaks)
    appeal = np.sqrt(excess[rows, columns])
    fair = float(np.sqrt(np.count_nonzero(active) / (np.pi * count)))
    spread = max(LEAST_SPREAD, SPREAD * fair)
    least = FLOOR * float(appeal.max())
    known = np.empty((0, 2), np.float32) if taken is None else np.asarray(taken, np.float32)
    points = np.empty((count, 2), np.float32)
    return points[:_spread_out(rows, columns, appeal, known, spread, least, points)]


@kernel
def _lower(rows, columns, appeal, row, column, spread):  # type: ignore[no-untyped-def]
    """Lower the appeal of places around a point by a Gaussian."""
    scale = np.float32(-0.5 / spread ** 2)
    for k in range(len(appeal)):
        down, across = np.float32(rows[k]) - row, np.float32(columns[k]) - column
        appeal[k] *= np.float32(1.0) - np.exp(scale * down ** 2) * np.exp(scale * across ** 2)


@kernel
def _spread_out(rows, columns, appeal, known, spread, least, points):  # type: ignore[no-untyped-def]
    """Write the most appealing places, one after the other; return how many there are."""
    for k in range(len(known)):
        _lower(rows, columns, appeal, known[k, 1], known[k, 0], spread)
    for k in range(len(points)):
        best = np.argmax(appeal)
        if appeal[best] <= least:
            return k
        points[k, 0], points[k, 1] = columns[best], rows[best]
        _lower(rows, columns, appeal, points[k, 1], points[k, 0], spread)
    return len(points)


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
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        framed = np.pad(mask[top:top + height, left:left + width].view(np.uint8), 1)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3)
        row, column = divmod(int(np.argmax(depth)), framed.shape[1])
        points[k] = left + column - 1, top + row - 1
    return points
