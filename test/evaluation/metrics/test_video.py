# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""J and F against their definitions pixel by pixel."""

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics import boundary_f, region_j


def _mask(rng, height, width):
    kind = rng.random()
    if kind < 0.1:
        return np.zeros((height, width), np.bool_)
    if kind < 0.2:
        return np.ones((height, width), np.bool_)
    mask = np.zeros((height, width), np.bool_)
    row, column = rng.integers(height), rng.integers(width)
    if kind < 0.3:
        mask[row, column] = True
    else:
        mask[row:row + rng.integers(1, 20), column:column + rng.integers(1, 20)] = True
        mask ^= rng.random(mask.shape) < 0.02
    return mask


@pytest.mark.parametrize('seed', range(200))
def test_contours_and_regions_equal_their_definitions(oracles, seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(5, 40, 2)
    mask, truth = _mask(rng, height, width), _mask(rng, height, width)
    # Small pictures have a radius of one pixel; a larger share tests larger disks.
    for share in (0.008, 0.08):
        assert boundary_f(mask, truth, share) == pytest.approx(
            oracles.boundary_f(mask, truth, share), abs=1e-9)
    both, either = int((mask & truth).sum()), int((mask | truth).sum())
    assert region_j(mask, truth) == pytest.approx(both / either if either else 1.0, abs=1e-9)


def test_a_shift_within_the_tolerance_costs_nothing_and_beyond_it_everything():
    truth = np.zeros((480, 640), np.bool_)
    truth[100:300, 100:400] = True
    assert boundary_f(np.roll(truth, 7, 1), truth) == 1      # ceil(0.008 * 800) = 7 pixels
    assert boundary_f(np.roll(truth, (20, 20), (0, 1)), truth) < 0.3
    assert boundary_f(np.roll(truth, 3, 1), truth, tolerance=2) < 1


def test_shapes_that_differ_are_one_sentence():
    with pytest.raises(ValueError, match=r'one shape \[H, W\], but got \(2, 3\) and \(3, 2\)'):
        boundary_f(np.zeros((2, 3), np.bool_), np.zeros((3, 2), np.bool_))
    with pytest.raises(ValueError, match='one shape'):
        region_j(np.zeros(3, np.bool_), np.zeros(3, np.bool_))
