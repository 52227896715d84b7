# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Region similarity J and contour accuracy F of objects in videos.

Source: Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object
Segmentation", CVPR 2016, with the 2017 challenge's rule for the tolerance. J&F of an object is
the mean of its mean J and its mean F over the frames.
"""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, UInt8

TOLERANCE = 0.008
"""Distance at which contours still agree, as a share of the picture's diagonal."""


def _check(mask: Bool, truth: Bool) -> None:
    if mask.shape != truth.shape or mask.ndim != 2:
        raise ValueError(f'masks must have one shape [H, W], but got {mask.shape} and '
                         f'{truth.shape}')


def region_j(mask: Bool, truth: Bool) -> float:
    """Return the IoU of a mask with the truth; 1 where both are empty.

    Raises:
        ValueError: Shapes differ.
    """
    _check(mask, truth)
    union = np.count_nonzero(mask | truth)
    return 1.0 if union == 0 else float(np.count_nonzero(mask & truth) / union)


def _contour(mask: Bool) -> UInt8:
    """Return pixels that differ from the one to the right, below, or between the two."""
    right, below, corner = mask.copy(), mask.copy(), mask.copy()
    right[:, :-1] = mask[:, 1:]
    below[:-1] = mask[1:]
    corner[:-1, :-1] = mask[1:, 1:]
    # In the last row only the right neighbour counts, in the last column only the one below.
    corner[-1, :-1] = mask[-1, 1:]
    corner[:-1, -1] = mask[1:, -1]
    edge = (mask ^ right) | (mask ^ below) | (mask ^ corner)
    edge[-1, -1] = False
    return np.asarray(edge, np.uint8)


def _disk(radius: int) -> UInt8:
    reach = np.arange(-radius, radius + 1)
    return np.asarray(reach[:, None] ** 2 + reach ** 2 <= radius ** 2, np.uint8)


def boundary_f(mask: Bool, truth: Bool, tolerance: float = TOLERANCE) -> float:
    """Return the F-measure of a mask's contour against that of the truth.

    A contour pixel is right if the other contour has one within the tolerance (a disk).

    Args:
        mask: bool [H, W].
        truth: bool [H, W].
        tolerance: Share of the diagonal, rounded up to pixels; from 1 on it is in pixels.

    Returns:
        0 to 1; 1 where neither has a contour, 0 where one has none.

    Raises:
        ValueError: Shapes differ.
    """
    _check(mask, truth)
    radius = tolerance if tolerance >= 1 else np.ceil(tolerance * np.hypot(*mask.shape))
    disk = _disk(int(radius))
    found, wanted = _contour(mask), _contour(truth)
    found_count, wanted_count = int(found.sum()), int(wanted.sum())
    if found_count == 0 or wanted_count == 0:
        return 1.0 if found_count == wanted_count else 0.0
    precision = float((found & cv2.dilate(wanted, disk)).sum()) / found_count
    recall = float((wanted & cv2.dilate(found, disk)).sum()) / wanted_count
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0
