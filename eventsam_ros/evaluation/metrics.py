# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How well masks agree with ground truth; pure functions on numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool

Labels = NDArray[np.uint8] | NDArray[np.uint16]
Float64 = NDArray[np.float64]


def iou(a: Bool, b: Bool) -> float:
    """Return the intersection over union of two masks of equal shape; 1 where both are empty.

    Raises:
        ValueError: The shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f'masks must have one shape, but got {a.shape} and {b.shape}')
    union = int(np.count_nonzero(a | b))
    return 1.0 if union == 0 else int(np.count_nonzero(a & b)) / union


def pairwise_iou(
    labels: Labels, predicted: Labels,
) -> tuple[Float64, NDArray[np.int64], NDArray[np.int64]]:
    """Return the IoU of every region of one label image with every region of another.

    Args:
        labels: Instance ids [H, W], 0 background.
        predicted: Instance ids of the same shape, 0 background.

    Returns:
        IoU float64 [A, B], the ids of the A regions, the ids of the B regions; 0 is left out.

    Raises:
        ValueError: The shapes differ.
    """
    if labels.shape != predicted.shape:
        raise ValueError(
            f'label images must have one shape, but got {labels.shape} and {predicted.shape}')
    ids_a, a = np.unique(labels, return_inverse=True)
    ids_b, b = np.unique(predicted, return_inverse=True)
    joint = np.bincount(
        a.reshape(-1) * len(ids_b) + b.reshape(-1), minlength=len(ids_a) * len(ids_b))
    common = joint.reshape(len(ids_a), len(ids_b)).astype(np.float64)
    union = common.sum(1, keepdims=True) + common.sum(0, keepdims=True) - common
    keep_a, keep_b = ids_a != 0, ids_b != 0
    result = (common / union)[np.ix_(keep_a, keep_b)]
    return result, ids_a[keep_a].astype(np.int64), ids_b[keep_b].astype(np.int64)


def best_match_iou(labels: Labels, predicted: Labels) -> Float64:
    """Return for every object of the ground truth the IoU of the region that fits it best.

    Regions may serve several objects and unmatched regions cost nothing (EventSAM's rule); an
    object without any overlap gets 0.

    Args:
        labels: Ground truth, instance ids [H, W], 0 background.
        predicted: Instance ids of the same shape, 0 background.

    Returns:
        float64 [A], in the order of the ground truth's ids.
    """
    table, ids, _ = pairwise_iou(labels, predicted)
    return table.max(1) if table.shape[1] else np.zeros(len(ids))
