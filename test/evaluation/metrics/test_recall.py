# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recall of automatic masks by trying every assignment."""

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics import average_recall


@pytest.mark.parametrize('seed', range(200))
def test_recall_is_that_of_the_best_assignment(oracles, seed):
    rng = np.random.default_rng(seed)
    overlaps = rng.random((int(rng.integers(1, 5)), int(rng.integers(0, 5))))
    found = average_recall(overlaps)
    if overlaps.shape[1] == 0:
        assert found.tolist() == [0.0] * 10
        return
    best = max(oracles.assignments(overlaps), key=lambda pairs: sum(
        overlaps[r, c] for r, c in pairs))
    wanted = [sum(overlaps[r, c] >= t for r, c in best) / len(overlaps)
              for t in (.5, .55, .6, .65, .7, .75, .8, .85, .9, .95)]
    assert found.tolist() == pytest.approx(wanted, abs=1e-9)


def test_an_overlap_of_exactly_the_threshold_is_found():
    assert average_recall(np.array([[0.55]])).tolist() == [1, 1] + [0] * 8


def test_without_objects_there_is_no_recall():
    assert np.isnan(average_recall(np.zeros((0, 3)))).all()
