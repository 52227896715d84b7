# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sequences through a real bundle, and what is kept of them."""

from dataclasses import replace
import json
import math

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Dataset, Sample
from eventsam_ros.evaluation.datasets.pictures import read_indices
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.metrics import iou
from eventsam_ros.evaluation.runs.objects import box_of, inmost_point
from eventsam_ros.evaluation.runs.pictures import Gallery, gallery_frames
from eventsam_ros.evaluation.runs.prediction import (
    BundlePredictor,
    FolderPredictor,
    Named,
    Prediction,
    read_labels,
)
from eventsam_ros.evaluation.runs.scoring import score_frame
from eventsam_ros.evaluation.runs.sequence import run_sequence
from eventsam_ros.evaluation.runs.store import SequenceStore
from eventsam_ros.evaluation.runs.summary import sequence_scores
from eventsam_ros.evaluation.runs.task import Task
from eventsam_ros.inference import Box, Prompt, Segmenter, load_bundle


@pytest.fixture(scope='module')
def predictor():
    return BundlePredictor(Segmenter(load_bundle()))


@pytest.fixture(scope='module')
def results(simulated, predictor):
    return [run_sequence(simulated, s, predictor) for s in simulated.sequences]


def test_every_frame_with_truth_is_scored(results):
    assert [len(r.frames) for r in results] == [3, 1]
    assert [r.unlabelled for r in results] == [0, 1]
    for result in results:
        for frame in result.frames:
            assert frame.events > 0
            assert frame.objects > 0
            assert set(frame.stages_ms) == {'propose', 'tensor', 'encode', 'decode', 'post'}


def test_prompts_are_the_inmost_click_and_the_exact_box(simulated, results):
    sample = simulated.sequences[0].listed[0]
    segmenter = Segmenter(load_bundle())
    ious = []
    for i in np.unique(sample.labels)[1:]:
        mask = sample.labels == i
        rows, columns = np.nonzero(mask)
        box = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        ious.append(iou(segmenter.segment(sample.window, [Prompt(box=box)]).masks[0], mask))
        x, y = inmost_point(mask)
        assert mask[int(y), int(x)]
        assert box_of(mask) == (box.x0, box.y0, box.x1, box.y1)
    assert results[0].frames[0].scores['box_iou'] == pytest.approx(np.mean(ious), abs=0.01)


def test_what_a_reader_left_out_is_told(simulated, predictor, tmp_path):
    sequence = simulated.sequences[0]
    sequence.left_out['without events'] = 2
    result = run_sequence(simulated, sequence, predictor)
    del sequence.left_out['without events']
    SequenceStore(tmp_path, 'print').save(result)
    assert SequenceStore(tmp_path, 'print').load('first').left_out == {'without events': 2}


def test_a_run_gives_the_same_scores_again(simulated, predictor, results):
    again = run_sequence(simulated, simulated.sequences[0], predictor)
    for a, b in zip(again.frames, results[0].frames, strict=True):
        assert a.scores == pytest.approx(b.scores, nan_ok=True)


def test_what_is_kept_comes_back_whole(results, tmp_path):
    store = SequenceStore(tmp_path, 'print')
    for result in results:
        store.save(result)
        found = store.load(result.name)
        assert found.unlabelled == result.unlabelled
        for a, b in zip(found.frames, result.frames, strict=True):
            assert a.scores == pytest.approx(b.scores, nan_ok=True)
            assert (a.frame, a.events, a.stages_ms) == (b.frame, b.events, b.stages_ms)
    assert not list((tmp_path / 'sequences').glob('*.part*'))


def test_results_of_another_run_or_damaged_ones_are_not_used(results, tmp_path):
    SequenceStore(tmp_path, 'one').save(results[0])
    assert SequenceStore(tmp_path, 'two').load('first') is None
    file = next((tmp_path / 'sequences').iterdir())
    file.write_text(file.read_text()[:100])
    assert SequenceStore(tmp_path, 'one').load('first') is None
    assert SequenceStore(tmp_path, 'one').load('never run') is None


def test_results_of_predictions_that_changed_are_not_used(tmp_path):
    task = Task(tmp_path, tmp_path / 'run', predictions=tmp_path / 'others')
    (tmp_path / 'others' / 's').mkdir(parents=True)
    before = task.fingerprint()
    cv2.imwrite(str(tmp_path / 'others' / 's' / '0.png'), np.zeros((4, 4), np.uint8))
    assert len({before, task.fingerprint(), replace(task, prompts=False).fingerprint()}) == 3


def test_pictures_of_others_are_scored_alike(simulated, tmp_path):
    rng = np.random.default_rng(0)
    sequence = simulated.sequences[0]
    folder = tmp_path / 'first'
    folder.mkdir()
    # Frame 0 as ids, frame 1 as colours on white, frame 2 not at all.
    cv2.imwrite(str(folder / '0000.png'), sequence.listed[0].labels.astype(np.uint16))
    labels = sequence.listed[1].labels
    colours = np.full((256, 3), 255, np.uint8)
    colours[1:] = rng.integers(0, 250, (255, 3))
    cv2.imwrite(str(folder / '0001.png'), colours[labels])
    result = run_sequence(simulated, sequence, FolderPredictor(tmp_path))
    assert [f.scores['corrected_miou'] for f in result.frames] == [1, 1]
    assert result.unpredicted == 1
    assert all(math.isnan(f.scores['click_iou']) for f in result.frames)


def _video_scores(dataset, predictions):
    sequence = next(s for s in dataset.sequences if s.name == 'goat')
    result = run_sequence(dataset, sequence, FolderPredictor(predictions))
    return result, sequence_scores(result, dataset.kind, None)


def test_masks_of_0_and_255_are_the_one_object_of_davis_2016(layouts, tmp_path):
    dataset = open_dataset(layouts.WRITERS['davis'](tmp_path / 'davis'), year=2016)
    (tmp_path / 'goat').mkdir()
    for sample in dataset.sequences[0].samples():
        cv2.imwrite(str(tmp_path / 'goat' / f'{sample.name}.png'), 255 * sample.labels)
    result, scores = _video_scores(dataset, tmp_path)
    assert scores == {'j': 1, 'f': 1, 'j_and_f': 1}
    assert result.left_out == {}


@pytest.mark.parametrize(('name', 'options'), [
    ('davis', {'unsupervised': True}), ('ref-davis17', {})])
def test_pixels_of_255_in_davis_2017_do_not_count(layouts, tmp_path, name, options):
    root = layouts.WRITERS[name](tmp_path / 'davis')
    masks = sorted(root.glob('**/Annotations*/**/goat/*.png'))
    assert masks
    (tmp_path / 'goat').mkdir()
    for mask in masks:
        ids = read_indices(mask)
        cv2.imwrite(str(tmp_path / 'goat' / mask.name), np.where(ids == 0, 2, ids))
        ids[ids == 0] = 255     # all that was predicted wrongly
        layouts.palette_png(mask, ids)
    result, scores = _video_scores(open_dataset(root, name, **options), tmp_path)
    assert scores['j'] == 1
    assert all(frame.objects == 2 for frame in result.frames)


def test_sentences_are_not_scored_where_nothing_counts(squares):
    truth = squares((1, 5, 5, 10), (255, 30, 20, 8))
    named = (Named(1, truth > 0),)
    sample, prediction = Sample('a', 0, labels=truth), Prediction(truth, named=named)
    assert score_frame(sample, prediction, 'referring', None).contours[1][0] < 1
    assert score_frame(
        sample, prediction, 'referring', None, void=255).contours == {1: (1.0, 1.0)}


def test_ids_that_the_truth_never_has_are_no_objects(listed, squares, tmp_path):
    # Object 1 is lost throughout; object 2 comes late and is taken for there from the start.
    truths = [squares((1, 5, 5, 10)), squares((1, 5, 5, 10), (2, 40, 20, 8))]
    found = [squares((2, 40, 20, 8), (7, 20, 30, 4)), squares((2, 40, 20, 8), (8, 20, 30, 4))]
    (tmp_path / 'goat').mkdir()
    for k, labels in enumerate(found):
        cv2.imwrite(str(tmp_path / 'goat' / f'{k}.png'), labels)
    sequence = listed('goat', [Sample(str(k), k, labels=t) for k, t in enumerate(truths)])
    result, scores = _video_scores(Dataset('memory', 'video', (sequence,)), tmp_path)
    assert scores['j'] == pytest.approx((0 + (0 + 1) / 2) / 2)
    assert result.left_out == {'predicted objects that the truth never has': 2}


def test_bad_predictions_are_one_sentence(tmp_path):
    with pytest.raises(DatasetError, match=r'folder of predictions .* does not exist'):
        FolderPredictor(tmp_path / 'none')
    (tmp_path / 'a.png').write_bytes(b'no picture')
    with pytest.raises(DatasetError, match=r'a\.png cannot be read as a picture'):
        read_labels(tmp_path / 'a.png')
    cv2.imwrite(str(tmp_path / 'b.png'), np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(DatasetError, match='8 or 16 bits with one channel'):
        read_labels(tmp_path / 'b.png')
    codes = np.arange(65536, dtype=np.uint32).reshape(256, 256)   # as a photograph has them
    cv2.imwrite(str(tmp_path / 'c.png'), np.stack([codes >> 8, codes, 0 * codes], 2).astype('u1'))
    with pytest.raises(DatasetError, match='65535 at most, but has 65536 colours'):
        read_labels(tmp_path / 'c.png')


def test_what_a_bundle_cannot_answer_is_one_sentence(predictor, listed, squares, simulated):
    dataset = Dataset('memory', 'instances', ())
    with pytest.raises(DatasetError, match='frame a has no events'):
        run_sequence(dataset, listed('s', [Sample('a', 0, labels=squares())]), predictor)
    window = simulated.sequences[0].listed[0].window
    wrong = Sample('a', 0, window, labels=squares((1, 2, 2, 5)))
    with pytest.raises(DatasetError, match='truth of frame a is 64x48, but its events are'):
        run_sequence(dataset, listed('s', [wrong]), predictor)


def test_film_and_frames_show_prediction_beside_truth(simulated, predictor, tmp_path):
    for sequence in simulated.sequences:
        with Gallery(tmp_path, simulated, sequence.name, alone=False) as gallery:
            run_sequence(simulated, sequence, predictor, gallery.show)
    frames = gallery_frames(tmp_path)
    assert len(frames) == 4
    assert [f['score'] for f in frames] == sorted(f['score'] for f in frames)
    first = simulated.sequences[0].listed[0]
    sizes = {cv2.imread(frame['file']).shape for frame in frames}
    assert (first.window.height, 2 * first.window.width + 4, 3) in sizes
    film = cv2.VideoCapture(str(tmp_path / 'overlays' / 'first.mp4'))
    assert film.get(cv2.CAP_PROP_FRAME_WIDTH) == pytest.approx(2 * first.window.width + 4, abs=2)
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) >= 3
    listed = json.loads((tmp_path / 'pictures' / 'second_2fpart.json').read_text())
    assert listed[0]['sequence'] == 'second/part'
