# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Frames are scored by what their labels say."""

import math

import numpy as np
import pytest

from eventsam_ros.evaluation.datasets import Sample
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.metrics import best_match
from eventsam_ros.evaluation.runs.prediction import Prediction
from eventsam_ros.evaluation.runs.scoring import METRICS, score_frame

TABLE = ClassTable(('road', 'car', 'sky'), ((0, 0, 0), (255, 0, 0), (0, 0, 255)))


def test_objects_get_every_metric_that_is_promised(squares):
    truth, found = squares((1, 5, 5, 10), (2, 30, 20, 8)), squares((9, 5, 5, 10), (4, 50, 5, 6))
    one, two = truth == 1, truth == 2
    answers = {'click': np.stack([one, one]), 'box': np.stack([one, two])}
    score = score_frame(Sample('a', 7, labels=truth), Prediction(found, None, answers),
                        'instances', None)
    assert set(score.scores) == set(METRICS['instances'])
    assert (score.frame, score.stamp_ns, score.objects, score.found) == ('a', 7, 2, 2)
    assert score.scores['published_miou'] == pytest.approx(best_match(truth, found).iou)
    assert score.scores['corrected_miou'] == pytest.approx(0.5)
    assert score.scores['corrected_predicted_miou'] == pytest.approx(0.5)
    assert score.scores['recall_50'] == score.scores['average_recall'] == 0.5
    assert score.scores['click_iou'] == pytest.approx(0.5)
    assert score.scores['box_iou'] == 1


def test_without_prompts_there_are_no_prompt_scores(squares):
    score = score_frame(Sample('a', 0, labels=squares((1, 5, 5, 10))),
                        Prediction(squares((1, 5, 5, 10))), 'instances', None)
    assert math.isnan(score.scores['click_iou'])
    assert score.scores['corrected_miou'] == 1


def test_classes_are_counted_pixel_by_pixel():
    truth = np.array([[0, 1], [2, 255]], np.uint8)
    found = Prediction(np.array([[0, 0], [2, 1]], np.uint8))
    score = score_frame(Sample('a', 0, labels=truth), found, 'semantic', TABLE)
    assert score.confusion.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    assert score.objects == 3
    with pytest.raises(ValueError, match='classes must be 0 to 2 or 255, but got 7'):
        score_frame(Sample('a', 0, labels=truth + 5), Prediction(truth), 'semantic', TABLE)


def test_a_prediction_of_another_size_is_brought_to_the_truths():
    truth = np.zeros((8, 8), np.uint8)
    truth[:4] = 1
    half = np.array([[1, 1], [0, 0]], np.uint8)
    score = score_frame(Sample('a', 0, labels=truth), Prediction(half), 'semantic', TABLE)
    assert np.trace(score.confusion) == 64


def test_objects_of_videos_are_told_apart_by_their_id(squares):
    truth, found = squares((1, 5, 5, 10), (2, 30, 20, 8)), squares((1, 5, 5, 10), (3, 30, 20, 8))
    score = score_frame(Sample('a', 0, labels=truth), Prediction(found), 'video', None)
    assert score.contours == {1: (1.0, 1.0), 2: (0.0, 0.0), 3: (0.0, 0.0)}
