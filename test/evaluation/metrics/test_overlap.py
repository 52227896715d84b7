# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Metrics against loops over sets of pixels."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from eventsam_ros.evaluation.metrics import best_match_iou, iou, pairwise_iou

LABELS = arrays(np.uint16, (5, 6), elements=st.sampled_from([0, 1, 2, 7, 65535]))


def pixels(labels, i):
    return {(r, c) for r in range(labels.shape[0]) for c in range(labels.shape[1])
            if labels[r, c] == i}


@given(LABELS, LABELS)
def test_pairwise_iou_counts_pixels(a, b):
    table, ids_a, ids_b = pairwise_iou(a, b)
    assert ids_a.tolist() == sorted({int(i) for i in a.flat} - {0})
    assert ids_b.tolist() == sorted({int(i) for i in b.flat} - {0})
    for j, i in enumerate(ids_a):
        for m, k in enumerate(ids_b):
            one, two = pixels(a, i), pixels(b, k)
            assert table[j, m] == pytest.approx(len(one & two) / len(one | two))


@given(LABELS, LABELS)
def test_the_best_match_of_each_object_counts(a, b):
    expected = []
    for i in sorted({int(i) for i in a.flat} - {0}):
        one = pixels(a, i)
        others = [pixels(b, k) for k in {int(k) for k in b.flat} - {0}]
        expected.append(max((len(one & o) / len(one | o) for o in others), default=0.0))
    assert best_match_iou(a, b).tolist() == pytest.approx(expected)


def test_iou_of_masks():
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert iou(a, b) == 1
    a[:2], b[1:3] = True, True
    assert iou(a, b) == pytest.approx(4 / 12)


def test_shapes_that_differ_are_named():
    with pytest.raises(ValueError, match=r'one shape, but got \(2, 2\) and \(2, 3\)'):
        iou(np.zeros((2, 2), bool), np.zeros((2, 3), bool))
    with pytest.raises(ValueError, match='label images must have one shape'):
        pairwise_iou(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
