# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Overlaps and suppression against naive loops."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.inference.overlaps import mask_iou, mask_overlaps, non_max_suppression


def _masks(seed, count, shape=(7, 11)):
    rng = np.random.default_rng(seed)
    return rng.random((count, *shape)) < rng.random((count, 1, 1))


def _pixels(mask):
    return set(map(tuple, np.argwhere(mask)))


@given(st.integers(0, 10_000), st.integers(0, 5), st.integers(0, 5))
def test_overlaps_equal_sets(seed, a, b):
    masks_a, masks_b = _masks(seed, a), _masks(seed + 1, b)
    iou = mask_iou(masks_a, masks_b)
    assert iou.shape == (a, b)
    assert iou.dtype == np.float32
    for i in range(a):
        for j in range(b):
            one, two = _pixels(masks_a[i]), _pixels(masks_b[j])
            assert iou[i, j] == pytest.approx(len(one & two) / max(len(one | two), 1))


@given(st.integers(0, 10_000), st.integers(0, 5))
def test_overlaps_within_a_picture_equal_sets(seed, count):
    masks = _masks(seed, count)
    iou, containment = mask_overlaps(masks)
    assert iou.tolist() == mask_iou(masks, masks).tolist()
    assert containment.shape == (count, count)
    assert containment.dtype == np.float32
    for i in range(count):
        for j in range(count):
            one, two = _pixels(masks[i]), _pixels(masks[j])
            smaller = min(len(one), len(two))
            assert containment[i, j] == pytest.approx(len(one & two) / max(smaller, 1))


def test_every_pixel_of_a_large_mask_counts():
    masks = np.ones((1, 480, 640), np.bool_)
    other = masks.copy()
    other[0, -1, -1] = False
    assert mask_iou(masks, other)[0, 0] == np.float32((480 * 640 - 1) / (480 * 640))


def test_sizes_must_agree():
    with pytest.raises(ValueError, match=r'the same height and width, but got \(1, 7, 11\) and'):
        mask_iou(_masks(0, 1), _masks(0, 1, (11, 7)))


def _greedy(overlaps, scores, threshold):
    order = sorted(range(len(scores)), key=lambda k: (-scores[k], k))
    kept = []
    for k in order:
        if all(overlaps[k][j] <= threshold for j in kept):
            kept.append(k)
    return kept


@given(st.integers(0, 10_000), st.integers(0, 8), st.floats(0, 1, width=32))
def test_suppression_equals_a_greedy_loop(seed, count, threshold):
    rng = np.random.default_rng(seed)
    masks = _masks(seed, count)
    scores = (rng.integers(0, 4, count) / 4).astype(np.float32)
    overlaps = mask_iou(masks, masks)
    kept = non_max_suppression(overlaps, scores, threshold)
    assert kept.dtype == np.int64
    assert kept.tolist() == _greedy(overlaps, scores, threshold)


def test_suppression_needs_square_overlaps():
    with pytest.raises(ValueError, match=r'must have shape \(2, 2\) for 2 scores, but got \(2, 3'):
        non_max_suppression(np.zeros((2, 3), np.float32), np.zeros(2, np.float32), 0.5)
