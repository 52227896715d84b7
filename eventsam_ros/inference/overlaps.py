# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How much masks cover each other, and which of several alike to keep."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool, Float32, Int64
from eventsam_ros.kernels import kernel

_PAIRS = np.uint64(0x5555555555555555)
_FOURS = np.uint64(0x3333333333333333)
_BYTES = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)


@kernel
def _count_common(a, b, common):  # type: ignore[no-untyped-def]
    """Count the bits set in both words of every pair of rows (Hacker's Delight, 5-1)."""
    for i in range(len(a)):
        for j in range(len(b)):
            total = np.uint64(0)
            for k in range(a.shape[1]):
                word = a[i, k] & b[j, k]
                word -= (word >> np.uint64(1)) & _PAIRS
                word = (word & _FOURS) + ((word >> np.uint64(2)) & _FOURS)
                word = (word + (word >> np.uint64(4))) & _BYTES
                total += (word * _SUM) >> np.uint64(56)
            common[i, j] = total


def _common_bits(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> Float32:
    """Return the bits set in both rows of every pair, float32 [A, B]."""
    common = np.empty((len(a), len(b)), np.float32)
    _count_common(a, b, common)
    return common


def _pack(masks: Bool) -> NDArray[np.uint64]:
    """Return masks [M, H, W] as 64-bit words [M, K], zero bits at the end."""
    size = int(np.prod(masks.shape[1:]))
    packed = np.packbits(masks.reshape(len(masks), size), axis=1)
    padded = np.zeros((len(masks), -(-packed.shape[1] // 8) * 8), np.uint8)
    padded[:, :packed.shape[1]] = packed
    return padded.view(np.uint64)


def areas(masks: Bool) -> Int64:
    """Return the pixels of each of the masks [M, H, W], int64 [M]."""
    # One mask a call: along axes NumPy counts ten times as slowly.
    return np.array([np.count_nonzero(mask) for mask in masks], np.int64)


def _intersections(a: Bool, b: Bool) -> tuple[Float32, Float32, Float32]:
    """Return common pixels [A, B] and the pixels of each mask, [A, 1] and [1, B].

    Bits are counted rather than masks multiplied: a matrix product would take BLAS threads,
    which fight with the network's for the cores.
    """
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f'masks must have the same height and width, but got {a.shape} and {b.shape}')
    words_a, words_b = _pack(a), _pack(b)
    area_a, area_b = areas(a).astype(np.float32), areas(b).astype(np.float32)
    return _common_bits(words_a, words_b), area_a[:, None], area_b[None]


def _iou(common: Float32, area_a: Float32, area_b: Float32) -> Float32:
    return np.asarray(common / np.maximum(area_a + area_b - common, 1), np.float32)


def mask_iou(a: Bool, b: Bool) -> Float32:
    """Return intersection over union of every pair of masks.

    Args:
        a: bool [A, H, W].
        b: bool [B, H, W].

    Returns:
        float32 [A, B]; 0 where both are empty. Exact up to 16 million pixels.

    Raises:
        ValueError: Heights or widths differ.
    """
    return _iou(*_intersections(a, b))


def mask_overlaps(masks: Bool) -> tuple[Float32, Float32]:
    """Return how much the masks of a picture overlap, in two measures.

    Args:
        masks: bool [M, H, W].

    Returns:
        IoU of every pair, as `mask_iou`, and the share of the smaller one that lies in the
        larger, 0 where one is empty; both float32 [M, M].
    """
    common, area_a, area_b = _intersections(masks, masks)
    return (_iou(common, area_a, area_b),
            np.asarray(common / np.maximum(np.minimum(area_a, area_b), 1), np.float32))


def non_max_suppression(overlaps: Float32, scores: Float32, threshold: float) -> Int64:
    """Keep the best of every group that overlaps more than a threshold.

    Args:
        overlaps: Overlap of every pair, float32 [M, M], symmetric.
        scores: What makes one better, float32 [M]; of equal ones the first is better.
        threshold: Overlap above which the worse one goes.

    Returns:
        Indices that stay, best first, int64 [K].

    Raises:
        ValueError: The shapes do not fit.
    """
    count = len(scores)
    if scores.shape != (count,) or overlaps.shape != (count, count):
        raise ValueError(f'overlaps must have shape ({count}, {count}) for {count} scores, '
                         f'but got {overlaps.shape}')
    alive = np.ones(count, np.bool_)
    kept = []
    for k in np.argsort(-scores, kind='stable'):
        if alive[k]:
            kept.append(int(k))
            alive &= overlaps[k] <= threshold
    return np.asarray(kept, np.int64)
