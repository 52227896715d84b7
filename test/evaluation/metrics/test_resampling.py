# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bootstrap intervals: they hold the truth about as often as they say."""

import math

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics import paired_difference


def test_a_constant_difference_is_certain():
    first = np.random.default_rng(0).random(50)
    interval = paired_difference(first, first + 0.25)
    assert (interval.mean, interval.low, interval.high) == pytest.approx((0.25, 0.25, 0.25))
    assert interval.count == 50


def test_the_interval_holds_the_true_difference_about_95_times_in_100():
    rng = np.random.default_rng(1)
    inside = 0
    for k in range(300):
        first = rng.normal(0, 1, 60)
        second = first + rng.normal(0.3, 1, 60)
        interval = paired_difference(first, second, seed=k, rounds=1000)
        inside += interval.low <= 0.3 <= interval.high
    assert 0.90 <= inside / 300 <= 0.98


def test_the_same_seed_gives_the_same_interval():
    rng = np.random.default_rng(2)
    first, second = rng.random((2, 40))
    once = paired_difference(first, second, seed=5)
    assert paired_difference(first, second, seed=5) == once
    assert once.low < once.mean < once.high


def test_missing_pairs_are_left_out():
    interval = paired_difference(np.array([0.0, math.nan, 1.0]), np.array([1.0, 5.0, math.nan]))
    assert interval.count == 1
    assert interval.mean == 1
    empty = paired_difference(np.array([math.nan]), np.array([1.0]))
    assert empty.count == 0
    assert math.isnan(empty.mean)


def test_unequal_lengths_are_one_sentence():
    with pytest.raises(ValueError, match=r'pairs \[N\], but got shapes \(2,\) and \(3,\)'):
        paired_difference(np.zeros(2), np.zeros(3))
