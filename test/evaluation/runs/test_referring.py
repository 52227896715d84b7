# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles that follow sentences, scored sentence by sentence."""

from __future__ import annotations

import json

from miniature import datasets
from miniature import referring as layout
import numpy as np
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Dataset, Expression, Sample
from eventsam_ros.evaluation.runs.prediction import Named, Prediction
from eventsam_ros.evaluation.runs.referring import ReferringPredictor
from eventsam_ros.evaluation.runs.scoring import score_frame
from eventsam_ros.evaluation.runs.sequence import run_sequence
from eventsam_ros.evaluation.runs.summary import sequence_scores
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import load_referring_bundle
from eventsam_ros.inference.words import WordList


@pytest.fixture(scope='module')
def bundle(tmp_path_factory):
    words = WordList(('red', 'green', 'blue'), layout.LENGTH)
    return layout.write(tmp_path_factory.mktemp('referring') / 'tiny', words)


@pytest.fixture
def dataset(listed):
    """Two frames with a red left half (1) and a green right half (2)."""
    rgb = np.zeros((64, 128, 3), np.uint8)
    rgb[:, :64, 0], rgb[:, 64:, 1] = 200, 200
    labels = np.ones((64, 128), np.uint8)
    labels[:, 64:] = 2
    sentences = (Expression('0', 'red', 1), Expression('1', 'green', 2),
                 Expression('2', 'green', 1), Expression('3', 'blue', None))
    samples = [Sample(f'{k:05d}', k, image=rgb, labels=labels) for k in (0, 5)]
    return Dataset('memory', 'referring', (listed('one', samples, sentences),))


def test_every_sentence_is_scored_by_itself(dataset, bundle):
    sequence = dataset.sequences[0]
    predictor = ReferringPredictor(
        ReferringSegmenter(load_referring_bundle(bundle), 'onnxruntime', 1),
        {'one': sequence.expressions})
    seen = []
    result = run_sequence(
        dataset, sequence, predictor, lambda _s, p, score: seen.append((p, score)))
    prediction, score = seen[0]
    # three sentences have a truth: two right ones, and green for the red half
    assert sorted(score.contours) == [1, 2, 3]
    # an edge of some pixels lies between the halves
    assert score.contours[1][0] > 0.9
    assert score.contours[2][0] > 0.9
    assert score.contours[3][0] < 0.1
    assert set(np.unique(prediction.labels)) <= {0, 1, 2}
    assert prediction.named[3] == Named(None, prediction.named[3].mask)
    js = [np.mean([f.contours[k][0] for f in result.frames]) for k in (1, 2, 3)]
    assert sequence_scores(result, 'referring', None)['j'] == pytest.approx(np.mean(js))
    assert 'text' not in score.stages_ms


def test_scores_of_sentences_are_iou_with_the_named_object():
    labels = np.zeros((20, 30), np.uint8)
    labels[2:12, 2:12] = 7
    mask = np.zeros((20, 30), np.bool_)
    mask[2:12, 7:17] = True            # 50 pixels in common, 150 together
    score = score_frame(
        Sample('a', 0, labels=labels),
        Prediction(labels, named=(Named(7, mask), Named(None, mask), Named(9, ~mask & False))),
        'referring', None)
    assert score.contours[1][0] == pytest.approx(50 / 150)
    assert score.contours[3] == (1.0, 1.0)      # neither there nor found
    assert 2 not in score.contours


def test_what_the_bundle_cannot_be_asked_is_told(dataset, bundle):
    segmenter = ReferringSegmenter(load_referring_bundle(bundle), 'onnxruntime', 1)
    with pytest.raises(DatasetError, match='the dataset has no sentences'):
        ReferringPredictor(segmenter, {'one': ()})
    predictor = ReferringPredictor(segmenter, {'one': (Expression('0', '?', 1),)})
    with pytest.raises(DatasetError, match=r'sequence one: .* at least one word'):
        predictor.begin('one')
    predictor = ReferringPredictor(segmenter, {'one': dataset.sequences[0].expressions})
    predictor.begin('one')
    with pytest.raises(DatasetError, match=r'frame a of one: .* the colour picture is missing'):
        predictor.predict(Sample('a', 0), 'one')


def test_the_command_scores_a_public_layout(bundle, tmp_path):
    data = datasets.write_ref_youtube_vos(tmp_path / 'data')
    assert main(['evaluate', str(data), '--format', 'ref-youtube-vos', '--option', 'split=train',
                 '--bundle', str(bundle), '--output', str(tmp_path / 'out'),
                 '--no-pictures']) == 0
    found = json.loads((tmp_path / 'out/metrics.json').read_text())
    assert 0 <= found['metrics']['j_and_f']['value'] <= 1
    assert found['frames'] > 0
