# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results of referring sets as their evaluations take them."""

import zipfile

import cv2
import metric_oracles as oracles
from miniature import referring
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.pictures import read_indices
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.palette import davis_colours, write_palette
from eventsam_ros.evaluation.runs.prediction import read_labels
from eventsam_ros.evaluation.submissions import (
    follow_with,
    merged,
    score_ref_davis17,
    write_ref_davis17,
    write_ref_youtube_vos,
)
from eventsam_ros.evaluation.submit import main
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import load_referring_bundle
from eventsam_ros.inference.words import WordList


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


def test_the_archive_holds_what_was_asked_for_and_nothing_older(layouts, tmp_path):
    root = layouts.write_ref_youtube_vos(tmp_path / 'data')
    sizes = []
    for split in ('valid', 'test', 'valid'):
        dataset = open_dataset(root, split=split)
        archive = write_ref_youtube_vos(dataset, logits_of, tmp_path / 'out')
        with zipfile.ZipFile(archive) as file:
            assert {name.split('/')[1] for name in file.namelist()} == {
                s.name for s in dataset.sequences}
            sizes.append(len(file.namelist()))
    assert sizes[0] == sizes[2]


def test_an_archive_that_cannot_be_written_is_told(layouts, tmp_path):
    dataset = open_dataset(layouts.write_ref_youtube_vos(tmp_path / 'data'))
    (tmp_path / 'out' / 'submission.zip').mkdir(parents=True)
    with pytest.raises(DatasetError, match=r'submission\.zip cannot be written: Is a directory'):
        write_ref_youtube_vos(dataset, logits_of, tmp_path / 'out')


def test_ref_davis_has_four_folders_of_merged_objects_and_a_score(layouts, tmp_path):
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


def test_masks_of_the_truth_score_1(layouts, tmp_path):
    dataset = open_dataset(layouts.write_ref_davis(tmp_path / 'data'))

    def know(sequence, expression):
        return (sample.labels == expression.object_id for sample in sequence.samples())
    write_ref_davis17(dataset, know, tmp_path / 'out')
    score, each = score_ref_davis17(dataset, tmp_path / 'out')
    assert (score.j, score.f, len(each)) == (1, 1, 4)


def test_results_of_an_annotator_are_read_as_predictions(layouts, tmp_path):
    dataset = open_dataset(layouts.write_ref_davis(tmp_path / 'data'))
    write_ref_davis17(dataset, logits_of, tmp_path / 'out')
    file = tmp_path / 'out/3/goat/00001.png'
    np.testing.assert_array_equal(read_labels(file), read_indices(file))
    assert set(np.unique(read_labels(file))) == {0, 1, 2}


@pytest.fixture(scope='module')
def bundle(tmp_path_factory):
    return referring.write(
        tmp_path_factory.mktemp('bundle') / 'tiny', WordList(referring.COLOURS, referring.LENGTH))


def test_the_command_writes_and_scores(layouts, bundle, tmp_path, capsys):
    youtube = layouts.write_ref_youtube_vos(tmp_path / 'youtube')
    davis = layouts.write_ref_davis(tmp_path / 'davis')
    more = ['--bundle', str(bundle), '--engine', 'onnxruntime', '--output']
    assert main([str(youtube), *more, str(tmp_path / 'a')]) == 0
    assert capsys.readouterr().out == f'wrote {tmp_path}/a/submission.zip\n'
    assert len(list((tmp_path / 'a').rglob('*.png'))) == 4 * 3
    assert main([str(davis), *more, str(tmp_path / 'b')]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'wrote {tmp_path}/b; objects keeping their numbers'
    score, _ = score_ref_davis17(open_dataset(davis), tmp_path / 'b')
    assert lines[5] == f'mean: J&F {score.j_and_f:.4f}, J {score.j:.4f}, F {score.f:.4f}'
    assert [line.split(':')[0] for line in lines[1:5]] == [f'annotator {k}' for k in range(4)]
    plain = layouts.write_davis(tmp_path / 'plain')
    assert main([str(plain), *more, str(tmp_path / 'c'), '--split', 'val']) == 1
    assert 'submit: ' in capsys.readouterr().err
    assert main([str(davis), '--bundle', str(tmp_path), '--output', str(tmp_path / 'c')]) == 1
    assert not (tmp_path / 'c').exists()


def test_a_bundle_follows_each_sentence_by_itself(layouts, bundle, tmp_path):
    root = layouts.write_ref_davis(tmp_path / 'data')
    for file in root.glob('valid/JPEGImages/goat/*.jpg'):
        half = np.zeros((32, 64, 3), np.uint8)
        half[:, :32, 2] = 200   # red, and green to the right
        half[:, 32:, 1] = 200
        cv2.imwrite(str(file), half)
        ids = np.repeat(np.uint8([[1, 2]]), 32, 1)
        layouts.palette_png(root / f'valid/Annotations/goat/{file.stem}.png',
                            np.repeat(ids, 32, 0))
    listed = root / 'meta_expressions/valid/meta_expressions.json'
    text = listed.read_text()
    for k in range(8):
        text = text.replace(f'sentence {k}', 'red one' if k < 4 else 'a green one')
    listed.write_text(text)
    dataset = open_dataset(root)
    segmenter = ReferringSegmenter(load_referring_bundle(bundle), 'onnxruntime', 1)
    follow = follow_with(segmenter)
    logits = list(follow(dataset.sequences[0], dataset.sequences[0].expressions[0]))
    assert len(logits) == 2
    assert (logits[0][:, :24] >= 0.2).all()
    assert (logits[0][:, 40:] == -1).all()
    write_ref_davis17(dataset, follow, tmp_path / 'out')
    segmenter.close()
    score, _ = score_ref_davis17(dataset, tmp_path / 'out')
    # the border of the halves lies between two places of the decoder
    assert score.j > 0.85


def test_objects_keep_their_numbers_unless_they_are_matched_by_overlap(layouts, tmp_path):
    dataset = open_dataset(layouts.write_ref_davis(tmp_path / 'data'))

    def confuse(sequence, expression):
        return (sample.labels == 3 - expression.object_id for sample in sequence.samples())
    write_ref_davis17(dataset, confuse, tmp_path / 'out')
    assert score_ref_davis17(dataset, tmp_path / 'out')[0].j == 0
    assert score_ref_davis17(dataset, tmp_path / 'out', by_overlap=True)[0].j_and_f == 1


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
