# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How many of the objects automatic masks find, whatever they are called."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from .overlap import Float64

THRESHOLDS: Float64 = np.arange(50, 100, 5) / 100
"""IoU from which an object counts as found: COCO's ten, 0.50 to 0.95."""


def average_recall(overlaps: Float64, thresholds: Float64 = THRESHOLDS) -> Float64:
    """Return the share of objects that are found at each threshold.

    A mask finds one object at most; pairs are chosen for the highest sum of IoU (Hosang et al.,
    "What makes for effective detection proposals?", 2016). Average recall is the mean of what is
    returned.

    Args:
        overlaps: IoU of every object with every mask, float64 [A, B].
        thresholds: IoU that is needed, float64 [T].

    Returns:
        float64 [T]; NaN where there are no objects.
    """
    objects = overlaps.shape[0]
    if objects == 0:
        return np.full(len(thresholds), np.nan)
    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    found = overlaps[rows, columns]
    return np.asarray((found[None] >= thresholds[:, None]).sum(1) / objects, np.float64)
