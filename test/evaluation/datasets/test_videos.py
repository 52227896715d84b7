# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DAVIS, Ref-DAVIS17, Ref-YouTube-VOS, and CamVid, with real samples where there are any."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset


def ids(layouts, seed, objects=2):
    return layouts.rng(seed).integers(0, objects + 1, (24, 40)).astype(np.uint8)


@pytest.mark.parametrize('unsupervised', [False, True])
def test_davis_2017_has_the_objects_of_the_palette(layouts, every_format, unsupervised):
    dataset = open_dataset(every_format['davis'], unsupervised=unsupervised)
    assert dataset.kind == 'video'
    assert [s.name for s in dataset.sequences] == ['goat', 'motorbike']
    for k, sample in enumerate(dataset.sequences[0].samples()):
        assert (sample.name, sample.stamp_ns) == (f'{k:05d}', k)
        np.testing.assert_array_equal(sample.labels, ids(layouts, 3 + k))


def test_davis_2016_has_one_object(layouts, every_format):
    dataset = open_dataset(every_format['davis'], year=2016)
    assert [s.name for s in dataset.sequences] == ['goat']
    for k, sample in enumerate(dataset.sequences[0].samples()):
        np.testing.assert_array_equal(sample.labels, ids(layouts, 3 + k) > 0)
        assert sample.labels.dtype == np.uint8


def test_davis_without_a_list_is_all_videos(every_format):
    assert len(open_dataset(every_format['davis'], split='').sequences) == 3
    with pytest.raises(DatasetError, match=r'2017/test\.txt is missing'):
        open_dataset(every_format['davis'], split='test')


@pytest.mark.parametrize(('file', 'message'), [
    ('Annotations/480p/goat/00001.png', 'goat has no file 00001 to go with'),
    ('Annotations/480p/goat', 'goat is missing'), ('JPEGImages/480p/goat', 'goat is missing'),
    ('ImageSets/2017/val.txt', r'val\.txt is missing'),
])
def test_a_davis_folder_that_lacks_something_is_told(every_format, tmp_path, file, message):
    copy = shutil.copytree(every_format['davis'], tmp_path / 'copy')
    shutil.rmtree(copy / file) if (copy / file).is_dir() else (copy / file).unlink()
    with pytest.raises(DatasetError, match=message):
        open_dataset(copy)


def test_davis_masks_of_another_size_are_told(layouts, every_format, tmp_path):
    copy = shutil.copytree(every_format['davis'], tmp_path / 'copy')
    layouts.palette_png(copy / 'Annotations/480p/goat/00001.png', np.zeros((9, 9), np.uint8))
    with pytest.raises(DatasetError, match=r'goat/00001\.png must have 40 x 24 pixels'):
        list(open_dataset(copy).sequences[0].samples())


def test_public_davis_videos_are_read(shared_data, tmp_path):
    source = shared_data / 'video' / 'davis'
    videos = sorted(p.name for p in source.iterdir() if (p / 'frames').is_dir())[:4]
    assert videos
    for kind, folder in (('JPEGImages', 'frames'), ('Annotations', 'masks')):
        (tmp_path / kind / '480p').mkdir(parents=True)
        for video in videos:
            (tmp_path / kind / '480p' / video).symlink_to(source / video / folder)
    (tmp_path / 'ImageSets').mkdir()
    dataset = open_dataset(tmp_path, year=2016, split='')
    assert [s.name for s in dataset.sequences] == videos
    for sequence in dataset.sequences:
        frames = sorted((source / sequence.name / 'frames').iterdir())
        assert len(sequence) == len(frames)
        sample = next(sequence.samples())
        stored = cv2.imread(str(source / sequence.name / 'masks' / f'{sample.name}.png'),
                            cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(sample.labels, stored > 0)
        assert 0 < sample.labels.mean() < 1


def test_ref_youtube_vos_names_objects(layouts, every_format):
    dataset = open_dataset(every_format['ref-youtube-vos'], split='train')
    assert dataset.kind == 'referring'
    sequence = dataset.sequences[0]
    assert [(e.id, e.text, e.object_id) for e in sequence.expressions] == [
        ('0', 'sentence 0', 1), ('1', 'sentence 1', 1), ('2', 'sentence 2', 2)]
    samples = list(sequence.samples())
    assert [(s.name, s.stamp_ns) for s in samples] == [('00000', 0), ('00005', 5), ('00010', 10)]
    for k, sample in enumerate(samples):
        np.testing.assert_array_equal(sample.labels, ids(layouts, k))


def test_validation_is_what_the_test_list_lacks_and_has_no_masks(every_format):
    dataset = open_dataset(every_format['ref-youtube-vos'])
    assert [s.name for s in dataset.sequences] == ['0v1', '0v2']
    assert all(e.object_id is None for s in dataset.sequences for e in s.expressions)
    assert all(sample.labels is None for s in dataset.sequences for sample in s.samples())
    test = open_dataset(every_format['ref-youtube-vos'], split='test')
    assert [s.name for s in test.sequences] == ['0t1']


def test_a_single_split_is_told_from_ref_davis(every_format, tmp_path):
    for split in ('train', 'valid'):
        for part in (split, f'meta_expressions/{split}'):
            (tmp_path / split / part).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / split / part).symlink_to(every_format['ref-youtube-vos'] / part)
    assert open_dataset(tmp_path / 'train', split='train').format == 'ref-youtube-vos'
    with pytest.raises(DatasetError, match=r'test/meta_expressions\.json is missing'):
        open_dataset(tmp_path / 'valid')


def test_ref_davis_has_four_annotators_for_each_object(every_format):
    whole = open_dataset(every_format['ref-davis17']).sequences[0].expressions
    assert [(e.id, e.object_id) for e in whole] == [(str(k), k // 4 + 1) for k in range(8)]
    for annotator in range(4):
        some = open_dataset(every_format['ref-davis17'], annotator=annotator)
        assert [e.id for e in some.sequences[0].expressions] == [
            str(annotator), str(annotator + 4)]


def test_ref_davis_without_object_numbers_counts_them(every_format, tmp_path):
    copy = shutil.copytree(every_format['ref-davis17'], tmp_path / 'copy')
    path = copy / 'meta_expressions/valid/meta_expressions.json'
    path.write_text(path.read_text().replace('obj_id', 'object'))
    found = open_dataset(copy).sequences[0].expressions
    assert [e.object_id for e in found] == [1, 1, 1, 1, 2, 2, 2, 2]


def test_ref_davis_text_files_are_read_with_their_misspelt_names(layouts, tmp_path):
    root = layouts.write_ref_davis_text(tmp_path / 'davis')
    dataset = open_dataset(root)
    assert dataset.format == 'ref-davis17'
    assert [s.name for s in dataset.sequences] == ['goat', 'motorbike']
    bike = dataset.sequences[1]
    assert [(e.id, e.text, e.object_id) for e in bike.expressions] == [
        (str(4 * (obj - 1) + a), f'the motor-bike number {obj} says {a} café', obj)
        for obj in (1, 2) for a in range(4)]
    assert [s.labels.max() for s in bike.samples()] == [2, 2]
    alone = open_dataset(root, annotator=2).sequences[0].expressions
    assert [(e.id, e.object_id) for e in alone] == [('2', 1), ('6', 2)]


@pytest.mark.parametrize(('line', 'message'), [
    ('goat one "a goat"', 'line 1 of .*annot1.txt must be <video> <object> "<sentence>"'),
    ('bear 1 "a bear"', 'no sentence about the video goat'),
])
def test_other_text_files_are_told(layouts, tmp_path, line, message):
    root = layouts.write_ref_davis_text(tmp_path / 'davis')
    for path in (root / 'davis_text_annotations').iterdir():
        path.write_text(line + '\n')
    with pytest.raises(DatasetError, match=message):
        open_dataset(root)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda v: v.clear(), 'must have videos with expressions and frames'),
    (lambda v: v['00a1'].pop('frames'), 'video 00a1 in .* must have expressions and frames'),
    (lambda v: v['00a1']['expressions'].update({'7': {}}), 'expression 7 of video 00a1 .* exp'),
    (lambda v: v['00a1']['expressions']['1'].update(obj_id='x'), 'obj_id of expression 1'),
    (lambda v: v['00a1'].update(frames=['00007']), '00a1 has no file 00007 to go with'),
])
def test_other_lists_of_expressions_are_told(every_format, tmp_path, change, message):
    copy = shutil.copytree(every_format['ref-youtube-vos'], tmp_path / 'copy')
    path = copy / 'meta_expressions/train/meta_expressions.json'
    content = json.loads(path.read_text())
    change(content['videos'])
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=message):
        open_dataset(copy, split='train')


@pytest.mark.parametrize(('content', 'message'), [
    ('{"videos": ', 'cannot be read as JSON'), ('[]', 'must hold a JSON object'),
    ('{}', 'must have videos')])
def test_lists_that_are_none_are_told(every_format, tmp_path, content, message):
    copy = shutil.copytree(every_format['ref-youtube-vos'], tmp_path / 'copy')
    (copy / 'meta_expressions/valid/meta_expressions.json').write_text(content)
    with pytest.raises(DatasetError, match=message):
        open_dataset(copy)


def test_camvid_ignores_void(every_format):
    root = every_format['camvid']
    dataset = open_dataset(root)
    for sample in dataset.sequences[0].samples():
        stored = cv2.imread(str(root / f'valannot/{sample.name}.png'), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(sample.labels, np.where(stored == 11, 255, stored))
        assert (stored == 11).any()


def test_public_camvid_is_read(shared_data, tmp_path):
    source = shared_data / 'images' / 'camvid' / 'val'
    if not (source / 'labels').is_dir():
        pytest.skip(f'no labels at {source}')
    pictures = next(p for p in source.iterdir() if p.is_dir() and p.name != 'labels')
    (tmp_path / 'val').symlink_to(pictures)
    (tmp_path / 'valannot').symlink_to(source / 'labels')
    dataset = open_dataset(tmp_path)
    assert len(dataset.sequences[0]) == 101
    counts = np.zeros(256, int)
    for k, sample in enumerate(dataset.sequences[0].samples()):
        assert sample.image.shape == (360, 480, 3)
        counts += np.bincount(sample.labels.reshape(-1), minlength=256)
        if k == 9:
            break
    assert counts[dataset.classes.names.index('road')] > 0.1 * counts.sum()
    assert counts[:11].sum() + counts[255] == counts.sum()
