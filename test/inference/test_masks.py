# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks, their boxes and the label image."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.inference.masks import Masks, mask_box


def _random_masks(seed, count, height=9, width=13):
    rng = np.random.default_rng(seed)
    return rng.random((count, height, width)) < rng.random((count, 1, 1)) * 0.5


@given(st.integers(0, 10_000))
def test_box_equals_a_naive_loop(seed):
    mask = _random_masks(seed, 1)[0]
    pixels = [(x, y) for y in range(9) for x in range(13) if mask[y, x]]
    expected = [0, 0, 0, 0]
    if pixels:
        xs, ys = zip(*pixels, strict=True)
        expected = [min(xs), min(ys), max(xs) + 1, max(ys) + 1]
    assert mask_box(mask).tolist() == expected


def test_box_of_a_view_that_is_not_contiguous():
    mask = np.zeros((10, 20), np.bool_)
    mask[4:8, 6:10] = True
    assert mask_box(mask[::2, ::2]).tolist() == [3, 2, 5, 4]


@given(st.integers(0, 10_000), st.integers(0, 6))
def test_label_image_equals_a_naive_loop(seed, count):
    masks = _random_masks(seed, count)
    ids = np.random.default_rng(seed).permutation(np.arange(1, 60_000))[:count]
    image = Masks.build(ids, masks, np.ones(count)).label_image()
    assert image.dtype == np.uint16
    for y in range(9):
        for x in range(13):
            over = [(masks[k].sum(), k) for k in range(count) if masks[k, y, x]]
            assert image[y, x] == (ids[min(over)[1]] if over else 0)


def test_no_masks():
    masks = Masks.empty(640, 480)
    assert len(masks) == 0
    assert masks.masks.shape == (0, 480, 640)
    assert masks.boxes.shape == (0, 4)
    assert masks.label_image().shape == (480, 640)
    assert not masks.label_image().any()


def test_scores_are_brought_into_range():
    masks = Masks.build([1, 2], np.ones((2, 3, 3), np.bool_), [-0.25, 1.5])
    assert masks.scores.tolist() == [0, 1]
    assert masks.scores.dtype == np.float32
    assert masks.ids.dtype == np.int32


@pytest.mark.parametrize(('change', 'sentence'), [
    ({'masks': np.ones((3, 4), np.bool_)},
     r'masks must have shape \(2, height, width\), but got \(3, 4\)'),
    ({'boxes': np.zeros((1, 4), np.float32)}, r'boxes must have shape \(2, 4\), but got \(1, 4\)'),
    ({'scores': np.zeros(3, np.float32)}, r'scores must have shape \(2,\), but got \(3,\)'),
])
def test_arrays_that_do_not_belong_together(change, sentence):
    arrays = {'ids': np.array([1, 2], np.int32), 'masks': np.ones((2, 3, 4), np.bool_),
              'boxes': np.zeros((2, 4), np.float32), 'scores': np.zeros(2, np.float32)}
    with pytest.raises(ValueError, match=f'^{sentence}$'):
        Masks(**{**arrays, **change})
