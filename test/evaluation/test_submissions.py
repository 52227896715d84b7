# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results of referring sets as their evaluations take them."""

import importlib.util
from pathlib import Path
import zipfile

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.pictures import read_indices
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.palette import davis_colours, write_palette
from eventsam_ros.evaluation.submissions import (
    merged,
    score_ref_davis17,
    write_ref_davis17,
    write_ref_youtube_vos,
)


@pytest.fixture(scope='module')
def layouts():
    spec = importlib.util.spec_from_file_location(
        'dataset_layouts', Path(__file__).parent / 'datasets' / 'layouts.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def logits_of(sequence, expression):
    """Return logits that are a matter of video, sentence and frame alone."""
    for k in range(len(sequence)):
        seed = [k, int(expression.id), *sequence.name.encode()]
        yield np.random.default_rng(seed).normal(0, 1, (24, 40)).astype(np.float32)


def test_ref_youtube_vos_has_a_picture_of_0_and_255_for_each_sentence_and_frame(
        layouts, tmp_path):
    dataset = open_dataset(layouts.write_ref_youtube_vos(tmp_path / 'data'))
    done = []
    archive = write_ref_youtube_vos(
        dataset, logits_of, tmp_path / 'out', progress=lambda *told: done.append(told))
    assert done == [(k, 4) for k in (1, 2, 3, 4)]
    names = {f'Annotations/{s.name}/{e.id}/{name}.png' for s in dataset.sequences
             for e in s.expressions for name in ('00000', '00005', '00010')}
    with zipfile.ZipFile(archive) as file:
        assert {n for n in file.namelist() if n.endswith('.png')} == names
    sequence = dataset.sequences[1]
    for k, logits in enumerate(logits_of(sequence, sequence.expressions[1])):
        stored = cv2.imread(str(
            tmp_path / f'out/Annotations/0v2/1/{5 * k:05d}.png'), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(stored, np.where(logits > 0.01, 255, 0))


def test_ref_davis_has_four_folders_of_merged_objects_and_a_score(layouts, oracles, tmp_path):
    dataset = open_dataset(layouts.write_ref_davis(tmp_path / 'data'))
    write_ref_davis17(dataset, logits_of, tmp_path / 'out')
    sequence, = dataset.sequences
    truths = [s.labels for s in sequence.samples()]
    scores = []
    for annotator in range(4):
        planes = {e.object_id: list(logits_of(sequence, e)) for e in sequence.expressions
                  if int(e.id) % 4 == annotator}
        files = sorted((tmp_path / 'out' / str(annotator) / 'goat').iterdir())
        assert [f.name for f in files] == ['00000.png', '00001.png']
        for k, file in enumerate(files):
            wanted = [[max(((planes[n][k][r, c], n) for n in (1, 2)), default=None)
                       for c in range(40)] for r in range(24)]
            wanted = [[n if value > 0.1 else 0 for value, n in row] for row in wanted]
            np.testing.assert_array_equal(read_indices(file), wanted)
        for number in (1, 2):
            found = [(read_indices(f) == number, t == number)
                     for f, t in zip(files, truths, strict=True)]
            scores.append((np.mean([(m & t).sum() / (m | t).sum() for m, t in found]),
                           np.mean([oracles.boundary_f(m, t) for m, t in found])))
    score, each = score_ref_davis17(dataset, tmp_path / 'out')
    assert (score.j, score.f) == pytest.approx(np.mean(scores, 0))
    assert each[1].j == pytest.approx(np.mean([s[0] for s in scores[2:4]]))


@pytest.fixture(scope='module')
def oracles():
    spec = importlib.util.spec_from_file_location(
        'metric_oracles', Path(__file__).parent / 'metrics' / 'oracles.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_masks_of_the_truth_score_1(layouts, tmp_path):
    dataset = open_dataset(layouts.write_ref_davis(tmp_path / 'data'))

    def know(sequence, expression):
        return (sample.labels == expression.object_id for sample in sequence.samples())
    write_ref_davis17(dataset, know, tmp_path / 'out')
    score, each = score_ref_davis17(dataset, tmp_path / 'out')
    assert (score.j, score.f, len(each)) == (1, 1, 4)


def test_a_pixel_is_the_highest_objects_or_the_backgrounds():
    objects = {3: np.asarray([[0.05, 2.0, -4, 0.3]], np.float32),
               7: np.asarray([[0.09, 1.0, -3, 0.4]], np.float32)}
    assert merged(objects).tolist() == [[0, 3, 0, 7]]
    assert merged({5: np.asarray([[True, False]])}).tolist() == [[5, 0]]
    with pytest.raises(ValueError, match='numbers 1 to 255'):
        merged({0: objects[3]})


def test_palette_pictures_have_the_colours_of_davis(tmp_path):
    ids = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_palette(tmp_path / 'a' / 'ids.png', ids)
    np.testing.assert_array_equal(read_indices(tmp_path / 'a' / 'ids.png'), ids)
    shown = cv2.imread(str(tmp_path / 'a' / 'ids.png'), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(shown.reshape(-1, 3), davis_colours())
    # the first colours of DAVIS's palette, as published
    assert davis_colours()[:8].tolist() == [
        [0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128], [128, 0, 128],
        [0, 128, 128], [128, 128, 128]]
    assert davis_colours()[255].tolist() == [224, 224, 192]


def test_answers_that_do_not_fit_are_told(layouts, tmp_path):
    root = layouts.write_ref_youtube_vos(tmp_path / 'data')
    with pytest.raises(DatasetError, match='sentence 0 of 0v1 has 0 masks for 3 frames'):
        write_ref_youtube_vos(open_dataset(root), lambda *_: (), tmp_path / 'out')
    with pytest.raises(DatasetError, match='names no object'):
        write_ref_davis17(open_dataset(root), logits_of, tmp_path / 'out')
    davis = open_dataset(layouts.write_ref_davis(tmp_path / 'davis'))
    with pytest.raises(DatasetError, match=r'00000\.png'):
        score_ref_davis17(davis, tmp_path / 'nothing')
    write_ref_davis17(davis, logits_of, tmp_path / 'out')
    write_palette(tmp_path / 'out/2/goat/00001.png', np.zeros((9, 9), np.uint8))
    with pytest.raises(DatasetError, match='results of goat do not fit its truth'):
        score_ref_davis17(davis, tmp_path / 'out')
    (tmp_path / 'file').write_text('')
    with pytest.raises(DatasetError, match='cannot be written'):
        write_palette(tmp_path / 'file' / 'ids.png', np.zeros((9, 9), np.uint8))
