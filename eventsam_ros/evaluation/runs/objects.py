# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts that a person would give for an object of the truth."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Bool


def inmost_point(mask: Bool) -> tuple[float, float]:
    """Return x, y of the mask's pixel that is farthest from its border.

    Args:
        mask: bool [H, W] with at least one pixel.
    """
    depth = cv2.distanceTransform(
        np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return float(column), float(row)


def box_of(mask: Bool) -> tuple[float, float, float, float]:
    """Return the mask's box x0, y0, x1, y1; x1 and y1 are exclusive.

    Args:
        mask: bool [H, W] with at least one pixel.
    """
    rows, columns = np.nonzero(mask)
    return (float(columns.min()), float(rows.min()),
            float(columns.max() + 1), float(rows.max() + 1))
