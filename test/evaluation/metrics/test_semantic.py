# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class maps against pixel-by-pixel counts, and the rules for classes that do not occur."""

import math

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics import confusion_matrix, semantic_scores


@pytest.mark.parametrize('seed', range(200))
def test_scores_equal_counting_pixel_by_pixel(oracles, seed):
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 7))
    truth = rng.integers(0, classes, (9, 11)).astype(np.uint8)
    truth[rng.random(truth.shape) < rng.choice([0, 0.3, 1])] = 255
    predicted = rng.integers(0, classes + 2, (9, 11)).astype(np.uint8)
    table = confusion_matrix(truth, predicted, classes)
    assert table.tolist() == oracles.confusion(truth, predicted, classes, 255)
    scores = semantic_scores(table)
    counted = [(t, p) for t, p in zip(truth.ravel().tolist(), predicted.ravel().tolist(),
                                      strict=True) if t != 255]
    ious = []
    for k in range(classes):
        union = sum(k in (t, p) for t, p in counted)
        ious.append(sum(t == p == k for t, p in counted) / union if union else math.nan)
    assert scores.class_iou.tolist() == pytest.approx(ious, abs=1e-9, nan_ok=True)
    present = [v for v in ious if not math.isnan(v)]
    mean = sum(present) / len(present) if present else math.nan
    assert scores.miou == pytest.approx(mean, abs=1e-9, nan_ok=True)
    zeros = semantic_scores(table, absent='zero')
    assert zeros.miou == pytest.approx(sum(present) / classes, abs=1e-9)
    right = sum(t == p for t, p in counted) / len(counted) if counted else math.nan
    assert scores.pixel_accuracy == pytest.approx(right, abs=1e-9, nan_ok=True)
    assert scores.pixels == len(counted)


def test_both_conventions_of_fmb():
    truth = np.array([[0, 0, 1, 2]], np.uint8)
    predicted = np.array([[0, 1, 1, 2]], np.uint8)
    table = confusion_matrix(truth, predicted, 3)
    assert semantic_scores(table).miou == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    without_background = semantic_scores(table, exclude=[0])
    assert without_background.miou == pytest.approx((1 / 2 + 1) / 2)
    assert math.isnan(without_background.class_iou[0])
    # The pixel that was taken from the background still counts against class 1.
    ignoring = confusion_matrix(np.where(truth == 0, 255, truth), predicted, 3)
    assert semantic_scores(ignoring).miou == pytest.approx(1)


def test_pictures_add_up():
    rng = np.random.default_rng(0)
    truths, predictions = rng.integers(0, 4, (2, 3, 8, 8))
    parts = [confusion_matrix(t, p, 4) for t, p in zip(truths, predictions, strict=True)]
    np.testing.assert_array_equal(sum(parts), confusion_matrix(truths, predictions, 4))


def test_what_does_not_fit_is_one_sentence():
    one = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match='one shape'):
        confusion_matrix(one, one[:1], 3)
    with pytest.raises(ValueError, match='classes must be 0 to 2 or 255, but got 3'):
        confusion_matrix(one + 3, one, 3)
