# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Overlaps of masks and of label images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool
from eventsam_ros.kernels import kernel

Labels = NDArray[np.uint8] | NDArray[np.uint16]
Float64 = NDArray[np.float64]

LARGEST_LABEL = 1 << 20
"""Largest value of a label; numbering takes a table of this length."""


def iou(a: Bool, b: Bool) -> float:
    """Return the intersection over union of two masks of equal shape; 1 where both are empty.

    Raises:
        ValueError: The shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f'masks must have one shape, but got {a.shape} and {b.shape}')
    union = int(np.count_nonzero(a | b))
    return 1.0 if union == 0 else int(np.count_nonzero(a & b)) / union


@kernel
def _count_pairs(a, b, table):  # type: ignore[no-untyped-def]
    for row in range(a.shape[0]):
        for column in range(a.shape[1]):
            table[a[row, column], b[row, column]] += 1


@kernel
def _number(labels, numbers, out):  # type: ignore[no-untyped-def]
    """Mark the labels that occur, number them by size, and write the number of every pixel."""
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            numbers[labels[row, column]] = 1
    count = 0
    for label in range(len(numbers)):
        if numbers[label]:
            numbers[label] = count
            count += 1
        else:
            numbers[label] = -1
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            out[row, column] = numbers[labels[row, column]]


def _numbered(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the number of every pixel's label, and the labels, ascending."""
    numbers = np.zeros(int(labels.max()) + 1 if labels.size else 1, np.int32)
    out = np.empty(labels.shape, np.int32)
    _number(np.ascontiguousarray(labels), numbers, out)
    # Label 0 cannot be told from "does not occur" where nothing occurs at all.
    return out, np.flatnonzero(numbers >= 0) if labels.size else np.empty(0, np.int64)


def contingency(
    labels: NDArray[np.integer], predicted: NDArray[np.integer],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the pixels of every pair of labels that occur.

    Args:
        labels: Integers from 0 to LARGEST_LABEL, [H, W].
        predicted: The same, of the same shape.

    Returns:
        Pixels int64 [A, B], the A labels, the B predicted labels, both ascending.

    Raises:
        ValueError: The shapes differ, or a label is out of its range.
    """
    if labels.shape != predicted.shape or labels.ndim != 2:
        raise ValueError(f'label images must have one shape [H, W], but got {labels.shape} and '
                         f'{predicted.shape}')
    for image in (labels, predicted):
        if image.dtype.kind not in 'iu':
            raise ValueError(f'labels must be integers, but got {image.dtype}')
        if image.size and not 0 <= int(image.min()) <= int(image.max()) <= LARGEST_LABEL:
            raise ValueError(f'labels must be 0 to {LARGEST_LABEL}, but got {int(image.min())} '
                             f'to {int(image.max())}')
    a, ids_a = _numbered(labels)
    b, ids_b = _numbered(predicted)
    table = np.zeros((len(ids_a), len(ids_b)), np.int64)
    _count_pairs(a, b, table)
    return table, ids_a, ids_b


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
        ValueError: The shapes differ, or a label is out of its range.
    """
    joint, ids_a, ids_b = contingency(labels, predicted)
    common = joint.astype(np.float64)
    union = common.sum(1, keepdims=True) + common.sum(0, keepdims=True) - common
    keep_a, keep_b = ids_a != 0, ids_b != 0
    return (common / union)[np.ix_(keep_a, keep_b)], ids_a[keep_a], ids_b[keep_b]


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
