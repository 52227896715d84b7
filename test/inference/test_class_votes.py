# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks of events and a class map: every mask gets the class of most of its pixels."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from eventsam_ros.inference.class_votes import NO_CLASS, labelled, vote
from eventsam_ros.inference.masks import Masks


def test_votes_are_counted_as_a_loop_counts_them():
    rng = np.random.default_rng(4)
    classes = rng.integers(0, 4, (30, 40)).astype(np.uint8)
    classes[rng.random((30, 40)) < 0.2] = NO_CLASS
    shapes = np.zeros((6, 30, 40), np.bool_)
    for k, (y, x) in enumerate(rng.integers(0, 20, (5, 2))):
        shapes[k, y:y + 8, x:x + 6] = True
    found = vote(Masks.build(range(1, 7), shapes, [0.5] * 6), classes, 4, least_share=0.3)
    for k in range(6):
        counted = Counter(int(classes[y, x]) for y, x in np.argwhere(shapes[k])
                          if classes[y, x] < 4)
        if not counted:
            assert (found.classes[k], found.shares[k]) == (NO_CLASS, 0)
            continue
        most = max(counted.values())
        share = most / sum(counted.values())
        assert found.shares[k] == pytest.approx(share)
        best = min(c for c, n in counted.items() if n == most)
        assert found.classes[k] == (best if share >= 0.3 else NO_CLASS)


def test_a_mask_without_a_majority_has_no_class():
    classes = np.zeros((4, 8), np.uint8)
    classes[:, 3:6], classes[:, 6:] = 1, 2
    whole = Masks.build([7], np.ones((1, 4, 8), np.bool_), [1.0])
    assert vote(whole, classes, 3).classes.tolist() == [NO_CLASS]
    assert vote(whole, classes, 3, least_share=0.3).classes.tolist() == [0]


def test_labelled_pixels_are_of_one_class_under_a_mask():
    classes = np.zeros((4, 6), np.uint8)
    classes[:, :3] = 1
    shapes = np.zeros((2, 4, 6), np.bool_)
    shapes[0, 1:3, 1:5] = True      # four of 1, four of 0: the lower class wins the tie
    shapes[1, :, :2] = True
    masks = Masks.build([3, 9], shapes, [0.9, 0.8])
    votes = vote(masks, classes, 2)
    assert votes.classes.tolist() == [0, 1]
    ids, found = labelled(masks, votes, classes)
    assert set(np.unique(ids)) == {0, 3, 9}
    assert set(found[ids == 3]) == {0}
    assert set(found[ids == 9]) == {1}
    np.testing.assert_array_equal(found[ids == 0], classes[ids == 0])


def test_no_masks_have_no_votes_and_wrong_sizes_are_told():
    none = Masks.empty(6, 4)
    assert len(vote(none, np.zeros((4, 6), np.uint8), 3).classes) == 0
    with pytest.raises(ValueError, match='must be 6x4 as the masks, but is 4x6'):
        vote(none, np.zeros((6, 4), np.uint8), 3)
    with pytest.raises(ValueError, match='count must be 1 to 255'):
        vote(none, np.zeros((4, 6), np.uint8), 256)
