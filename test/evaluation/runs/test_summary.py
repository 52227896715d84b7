# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Means over frames, sequences and datasets."""

import math

import numpy as np
import pytest

from eventsam_ros.evaluation.datasets import Sample
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.metrics import confusion_matrix, semantic_scores
from eventsam_ros.evaluation.runs.prediction import Prediction
from eventsam_ros.evaluation.runs.scoring import FrameScore, score_frame
from eventsam_ros.evaluation.runs.summary import SequenceResult, descriptions, summarise

TABLE = ClassTable(('none', 'car', 'sky'), ((0, 0, 0), (255, 0, 0), (0, 0, 255)), background=0)


def _frame(value, ms=10.0):
    return FrameScore('f', 0, 1, 1, 1, {'corrected_miou': value}, {'encode': ms, 'post': 1.0})


def test_every_sequence_weighs_the_same():
    results = [SequenceResult('long', [_frame(0.2)] * 9), SequenceResult('short', [_frame(0.8)]),
               SequenceResult('nothing', [_frame(math.nan)])]
    summary = summarise(results, 'instances', None)
    assert summary['metrics']['corrected_miou']['value'] == pytest.approx(0.5)
    assert summary['sequences']['nothing']['metrics']['corrected_miou'] is None
    assert summary['frames'] == 11
    assert summary['metrics'].keys() == descriptions('instances').keys()


def test_latency_is_the_sum_of_the_stages():
    results = [SequenceResult('a', [_frame(1.0, ms) for ms in range(101)])]
    summary = summarise(results, 'instances', None)
    assert summary['latency_ms'] == {'p50': 51.0, 'p95': 96.0, 'p99': 100.0}
    assert summary['stages_ms'] == {'encode': 50.0, 'post': 1.0}


def test_class_maps_add_up_to_one_matrix():
    rng = np.random.default_rng(0)
    frames, truths, found = [], rng.integers(0, 3, (4, 6, 6)), rng.integers(0, 3, (4, 6, 6))
    for truth, prediction in zip(truths.astype(np.uint8), found.astype(np.uint8), strict=True):
        frames.append(score_frame(
            Sample('a', 0, labels=truth), Prediction(prediction), 'semantic', TABLE))
    summary = summarise(
        [SequenceResult('a', frames[:3]), SequenceResult('b', frames[3:])], 'semantic', TABLE)
    wanted = semantic_scores(confusion_matrix(truths, found, 3))
    assert summary['metrics']['miou']['value'] == pytest.approx(wanted.miou)
    assert summary['classes'] == pytest.approx(
        dict(zip(TABLE.names, wanted.class_iou.tolist(), strict=True)))
    without = np.mean(wanted.class_iou[1:])
    assert summary['metrics']['miou_without_background']['value'] == pytest.approx(without)


def test_objects_are_followed_through_a_video():
    frames = [
        FrameScore('0', 0, 0, 2, 2, {}, contours={1: (0.5, 0.7), 2: (1.0, 1.0)}),
        # Object 2 is in neither picture: right. Object 1 was lost.
        FrameScore('1', 1, 0, 1, 0, {}, contours={1: (0.0, 0.0)})]
    metrics = summarise([SequenceResult('v', frames)], 'video', None)['metrics']
    assert metrics['j']['value'] == pytest.approx((0.25 + 1.0) / 2)
    assert metrics['f']['value'] == pytest.approx((0.35 + 1.0) / 2)
    assert metrics['j_and_f']['value'] == pytest.approx((0.625 + 0.675) / 2)


def test_every_object_weighs_the_same_whatever_shares_its_video():
    def seen(*scores):
        return FrameScore('0', 0, 0, 1, 1, {}, contours={
            i: (score, 1.0) for i, score in enumerate(scores, 1)})
    results = [SequenceResult('crowd', [seen(0.2, 0.4, 0.6)]), SequenceResult('one', [seen(1.0)])]
    summary = summarise(results, 'video', None)
    assert summary['metrics']['j']['value'] == pytest.approx(2.2 / 4)   # DAVIS 2017
    assert summary['sequences']['crowd']['metrics']['j'] == pytest.approx(0.4)
    assert summarise([SequenceResult('none', [])], 'video', None)['metrics']['j']['value'] is None
