# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scores of referring sets against loops, and what is refused."""

import itertools

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics.referring import (
    PictureScores,
    VideoScore,
    annotators_mean,
    matched,
    mean_score,
    object_score,
)


def random_masks(seed, count):
    rng = np.random.default_rng(seed)
    found = np.zeros((count, 20, 30), bool)
    for frame in found:
        row, column = rng.integers(0, 14), rng.integers(0, 20)
        frame[row:row + rng.integers(3, 9), column:column + rng.integers(3, 12)] = True
    return found


@pytest.mark.parametrize('seed', range(5))
def test_an_object_is_scored_by_the_means_over_all_frames(oracles, seed):
    masks, truths = random_masks(seed, 6), random_masks(seed + 50, 6)
    truths[2] = False
    found = object_score(masks, truths)
    js = [(m & t).sum() / (m | t).sum() for m, t in zip(masks, truths, strict=True)]
    fs = [oracles.boundary_f(m, t) for m, t in zip(masks, truths, strict=True)]
    assert found.j == pytest.approx(sum(js) / 6)
    assert found.f == pytest.approx(sum(fs) / 6)
    assert found.j_and_f == pytest.approx((sum(js) + sum(fs)) / 12)


def test_pixels_that_do_not_count_are_background_in_both(oracles):
    mask, truth = random_masks(1, 2), random_masks(2, 2)
    void = np.zeros((20, 30), bool)
    void[:, 15:] = True
    found = object_score(mask, truth, [void, void])
    wanted = [oracles.boundary_f(m & ~void, t & ~void) for m, t in zip(mask, truth, strict=True)]
    assert found.f == pytest.approx(np.mean(wanted))
    shared = [(m & t)[:, :15].sum() / max((m | t)[:, :15].sum(), 1)
              for m, t in zip(mask, truth, strict=True)]
    assert found.j == pytest.approx(np.mean(shared))


def test_annotators_count_alike_and_objects_count_alike_for_each():
    scores = {(video, number, a): VideoScore(0.1 * a + 0.01 * number, 0.5)
              for video, numbers in (('goat', (1, 2, 3)), ('bear', (1,))) for number in numbers
              for a in range(4)}
    whole, each = annotators_mean(scores)
    by_hand = [(3 * 0.1 * a + 0.06 + 0.1 * a + 0.01) / 4 for a in range(4)]
    assert [s.j for s in each] == pytest.approx(by_hand)
    assert whole.j == pytest.approx(sum(by_hand) / 4)
    assert whole.j_and_f == pytest.approx((sum(by_hand) / 4 + 0.5) / 2)
    del scores['goat', 2, 3]
    with pytest.raises(ValueError, match='same objects, but they speak of 4, 4, 4, 3'):
        annotators_mean(scores)
    with pytest.raises(ValueError, match='no objects'):
        mean_score([])


def test_pictures_are_scored_by_overall_and_mean_iou_and_precision():
    scores = PictureScores()
    truth = np.zeros((10, 20), bool)
    truth[:5, :10] = True
    for columns in (10, 8, 6, 5, 0):   # IoU 1, 0.8, 0.6, 0.5, 0
        mask = np.zeros_like(truth)
        mask[:5, :columns] = True
        scores.add(mask, truth)
    big = np.ones((100, 100), bool)
    scores.add(big, big)
    assert scores.overall_iou == pytest.approx((5 * (10 + 8 + 6 + 5) + 10_000) / (250 + 10_000))
    assert scores.mean_iou == pytest.approx((1 + 0.8 + 0.6 + 0.5 + 0 + 1) / 6)
    assert scores.precision() == pytest.approx(
        {0.5: 4 / 6, 0.6: 3 / 6, 0.7: 3 / 6, 0.8: 2 / 6, 0.9: 2 / 6})


@pytest.mark.parametrize('seed', range(5))
def test_objects_are_matched_as_suits_all_of_them_best(seed):
    rng = np.random.default_rng(seed)
    table = [[VideoScore(*rng.random(2)) for _ in range(4)] for _ in range(3)]
    best = max(sum(table[k][p[k]].j_and_f for k in range(3))
               for p in itertools.permutations(range(4), 3))
    assert sum(score.j_and_f for score in matched(table)) == pytest.approx(best)


def test_nothing_has_no_score():
    scores = PictureScores()
    assert np.isnan([scores.overall_iou, scores.mean_iou, *scores.precision().values()]).all()
    with pytest.raises(ValueError, match='must have frames'):
        object_score([], [])
