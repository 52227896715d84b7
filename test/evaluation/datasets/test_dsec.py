# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DSEC and DSEC-Semantic: moments, views, splits and broken folders."""

from __future__ import annotations

from itertools import pairwise
import shutil

import cv2
import h5py
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset


def first(dataset):
    return next(dataset.sequences[0].samples())


def all_events(layouts, seed, count=20000, end_us=400_000):
    x, y, p, t = layouts.events(count, 640, 480, end_us, seed)
    return x, y, p, (t + layouts.DSEC_OFFSET) * 1000


def test_dsec_has_a_window_before_each_frame(layouts, every_format):
    dataset = open_dataset(every_format['dsec'])
    assert dataset.kind == 'unlabelled'
    samples = list(dataset.sequences[0].samples())
    x, _, _, t = all_events(layouts, 1)
    assert [s.stamp_ns for s in samples] == [
        (layouts.DSEC_OFFSET + ms * 1000) * 1000 for ms in range(100, 351, 50)]
    for sample in samples:
        inside = (t >= sample.stamp_ns - 50_000_000) & (t < sample.stamp_ns)
        np.testing.assert_array_equal(sample.window.events.t, t[inside])
        np.testing.assert_array_equal(sample.window.events.x, x[inside])
        assert sample.image.shape == (480, 640, 3)
        assert sample.image_to_events
        assert sample.labels is None


def test_dsec_without_frames_has_windows_in_a_row(layouts, every_format):
    dataset = open_dataset(every_format['dsec'], frames='none', window_ms=20)
    samples = list(dataset.sequences[0].samples())
    t = all_events(layouts, 1)[3]
    assert len(samples) == (int(t[-1]) + 1000 - int(t[0])) // 20_000_000
    assert samples[0].window.t_start == t[0]
    assert all(a.window.t_end == b.window.t_start
               for a, b in pairwise(samples))
    inside = t < samples[-1].window.t_end
    assert sum(len(s.window.events) for s in samples) == inside.sum()


def test_a_damaged_time_makes_no_endless_list_of_windows(every_format, tmp_path):
    copy = shutil.copytree(every_format['dsec'], tmp_path / 'dsec')
    file = next(copy.rglob('events.h5'))
    with h5py.File(file, 'r+') as h5:
        h5['events/t'][-1] = 2**32 - 1   # 71 minutes
    with pytest.raises(DatasetError, match='one of its times is damaged'):
        open_dataset(copy, frames='none', window_ms=0.1)


def test_frames_without_a_calibration_are_left_out_and_counted(every_format, tmp_path):
    copy = shutil.copytree(every_format['dsec'], tmp_path / 'dsec')
    next(copy.rglob('cam_to_cam.yaml')).unlink()
    dataset = open_dataset(copy)
    assert dataset.left_out == {'frames without a calibration': 6}
    assert first(dataset).image is None


@pytest.mark.parametrize(('classes', 'names'), [
    (11, ('background', 'building', 'fence', 'person', 'pole', 'road', 'sidewalk', 'vegetation',
          'car', 'wall', 'traffic sign')),
    (19, ('road', 'sidewalk', 'building', 'wall', 'fence', 'pole', 'traffic light',
          'traffic sign', 'vegetation', 'terrain', 'sky', 'person', 'rider', 'car', 'truck',
          'bus', 'train', 'motorcycle', 'bicycle')),
])
def test_semantic_labels_are_those_of_the_files(every_format, classes, names):
    root = every_format['dsec-semantic']
    dataset = open_dataset(root, classes=classes)
    assert dataset.classes.names == names
    assert dataset.classes.ignore == 255
    samples = list(dataset.sequences[0].samples())
    assert len(samples) == 6
    for k, sample in enumerate(samples):
        stored = cv2.imread(
            str(root / f'test/zurich_city_13_a/semantic/left/{classes}classes/data/{k:06d}.png'),
            cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(sample.labels, stored)
        assert sample.labels.shape == (440, 640)
        assert sample.image.shape == (440, 640, 3)
        assert (sample.window.width, sample.window.height) == (640, 440)


def test_rectified_events_are_where_the_map_says(layouts, every_format):
    sample = first(open_dataset(every_format['dsec-semantic'], window_ms=5, frames='none'))
    x, y, _, t = all_events(layouts, 3)
    inside = (t >= sample.stamp_ns - 5_000_000) & (t < sample.stamp_ns)
    moved = np.rint(layouts.rectify_map()[y[inside], x[inside]])
    seen = ((moved >= 0) & (moved < (640, 440))).all(1)
    np.testing.assert_array_equal(sample.window.events.x, moved[seen, 0])
    np.testing.assert_array_equal(sample.window.events.y, moved[seen, 1])
    np.testing.assert_array_equal(sample.window.events.t, t[inside][seen])


def test_in_the_distorted_view_everything_has_the_sensors_size(layouts, every_format):
    sample = first(open_dataset(every_format['dsec-semantic'], view='distorted'))
    assert sample.labels.shape == sample.image.shape[:2] == (480, 640)
    assert (sample.window.width, sample.window.height) == (640, 480)
    x, _, _, t = all_events(layouts, 3)
    inside = (t >= sample.stamp_ns - 50_000_000) & (t < sample.stamp_ns)
    np.testing.assert_array_equal(sample.window.events.x, x[inside])
    assert (sample.labels[layouts.rectify_map()[..., 1] > 440.5] == 255).all()


def test_the_windows_of_ess_are_a_count_and_every_second_label_but_the_first(every_format):
    dataset = open_dataset(every_format['dsec-semantic'], skip=1, every=2, window_events=700,
                           view='distorted', frames='none')
    samples = list(dataset.sequences[0].samples())
    assert [s.name for s in samples] == ['000001', '000003', '000005']
    assert all(len(s.window.events) == 700 for s in samples)
    assert dataset.left_out == {'labels left out by skip and every': 3}


def test_splits_are_folders_or_the_published_names(every_format, tmp_path):
    root = every_format['dsec-semantic']
    assert [s.name for s in open_dataset(root).sequences] == ['zurich_city_13_a']
    assert [s.name for s in open_dataset(root, split='train').sequences] == ['zurich_city_00_a']
    assert len(open_dataset(root, split='').sequences) == 2
    flat = tmp_path / 'flat'
    flat.mkdir()
    for split in ('train', 'test'):
        for folder in (root / split).iterdir():
            (flat / folder.name).symlink_to(folder)
    assert [s.name for s in open_dataset(flat).sequences] == ['zurich_city_13_a']
    assert [s.name for s in open_dataset(flat, split='train').sequences] == ['zurich_city_00_a']
    alone = open_dataset(root / 'test' / 'zurich_city_13_a', split='')
    assert [s.name for s in alone.sequences] == ['zurich_city_13_a']


def test_labels_without_the_level_of_the_camera_are_found(layouts, tmp_path):
    folder = tmp_path / 'test' / 'zurich_city_14_c'
    stamps = layouts.dsec_sequence(folder, 2, frames=False)
    layouts.dsec_labels(folder, stamps, level='')
    dataset = open_dataset(tmp_path)
    assert [s.image for s in dataset.sequences[0].samples()] == [None] * 6


def test_frames_that_are_warped_already_are_taken_as_they_are(layouts, tmp_path):
    folder = tmp_path / 'test' / 'zurich_city_14_c'
    stamps = layouts.dsec_sequence(folder, 2, frames=False)
    layouts.dsec_labels(folder, stamps)
    (folder / 'images').mkdir()
    (folder / 'images/timestamps.txt').write_text('\n'.join(map(str, stamps)))
    warped = [layouts.picture(folder / f'images/left/ev_inf/{k:06d}.png', 480, 640, k)
              for k in range(6)]
    for sample, image in zip(open_dataset(tmp_path).sequences[0].samples(), warped, strict=True):
        np.testing.assert_array_equal(sample.image, image[:440])


def test_a_frame_of_another_time_is_not_taken(every_format, tmp_path):
    copy = shutil.copytree(every_format['dsec-semantic'], tmp_path / 'dsec')
    path = copy / 'test/zurich_city_13_a/images/timestamps.txt'
    times = [int(line) for line in path.read_text().split()]
    times[0] += 900
    times[1] += 1100
    path.write_text('\n'.join(map(str, times)))
    samples = list(open_dataset(copy).sequences[0].samples())
    assert [s.image is not None for s in samples] == [True, False, True, True, True, True]


SEQUENCE = 'test/zurich_city_13_a/'


@pytest.mark.parametrize(('file', 'content', 'message'), [
    ('semantic/timestamps.txt', '1\n2\n', 'labels and their times must be as many, but'),
    ('semantic/timestamps.txt', '1\ntwo\n', 'line 2 of .* as a whole number, but is .two.'),
    ('semantic/timestamps.txt', '1.5\n', 'line 1 of .* as a whole number'),
    ('semantic/timestamps.txt', '5\n4\n3\n2\n1\n0\n', 'must not go back, but line 2 does'),
    ('semantic/timestamps.txt', '', 'timestamps.txt is empty'),
    ('semantic/timestamps.txt', f'{10 ** 30}\n', 'beyond what 64 bits'),
    ('images/timestamps.txt', '1\n2\n', 'frames and their times must be as many'),
    ('images/timestamps.txt', None, 'timestamps.txt is missing'),
    ('calibration/cam_to_cam.yaml', 'intrinsics: {}', 'camRect0/camera_matrix'),
    ('events/left/events.h5', None, 'events.h5 is missing'),
    ('events/left/rectify_map.h5', None, 'rectify_map.h5 is missing'),
    ('semantic/left/11classes/data/000002.png', None, 'must be as many'),
    ('semantic/left/11classes/data/000002.png', 'none', '000002.png is no picture'),
    ('images/left/rectified/000000.png', '', '000000.png is no picture'),
])
def test_a_broken_folder_is_told_in_one_sentence(
        every_format, tmp_path, file, content, message):
    copy = shutil.copytree(every_format['dsec-semantic'], tmp_path / 'dsec')
    path = copy / SEQUENCE / file
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(DatasetError, match=message) as caught:
        list(open_dataset(copy).sequences[0].samples())
    assert str(copy) in str(caught.value)
    assert '\n' not in str(caught.value)


def test_labels_of_another_size_or_class_are_told(layouts, every_format, tmp_path):
    copy = shutil.copytree(every_format['dsec-semantic'], tmp_path / 'dsec')
    path = copy / SEQUENCE / 'semantic/left/11classes/data/000001.png'
    layouts.png(path, np.zeros((480, 640), np.uint8))
    with pytest.raises(DatasetError, match=r'000001\.png must have 640 x 440 pixels, but has 640'):
        list(open_dataset(copy).sequences[0].samples())
    layouts.png(path, np.full((440, 640), 11, np.uint8))
    with pytest.raises(DatasetError, match=r'000001\.png hold the value 11, but must be 0 to 10'):
        list(open_dataset(copy).sequences[0].samples())


def test_labels_that_are_not_there_are_named(every_format, tmp_path):
    copy = shutil.copytree(every_format['dsec-semantic'], tmp_path / 'dsec')
    shutil.rmtree(copy / SEQUENCE / 'semantic/left/19classes')
    with pytest.raises(DatasetError, match='labels of 19 classes is missing'):
        open_dataset(copy, classes=19)
