# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The sets of EventSAM: spellings of event files, colour codes, trees that do not match."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.eventsam_events import read_event_file
from eventsam_ros.evaluation.datasets.registry import open_dataset

SIZES = {'RGBE-SEG': (346, 260), 'MVSEC-SEG': (346, 260), 'DDD17-SEG': (346, 260),
         'DSEC-SEG': (640, 480)}


@pytest.mark.parametrize('name', list(SIZES))
def test_frames_have_their_events_and_segments(layouts, tmp_path, name):
    written = [layouts.eventsam_frame(tmp_path, name, 'seq', f'{7 + k:04d}', SIZES[name], k)
               for k in range(3)]
    dataset = open_dataset(tmp_path / 'Datasets' / name)
    assert (dataset.format, dataset.kind, dataset.left_out) == (name.lower(), 'instances', {})
    samples = list(dataset.sequences[0].samples())
    assert [(s.name, s.stamp_ns) for s in samples] == [('0007', 7), ('0008', 8), ('0009', 9)]
    for sample, ((x, y, p, t), ids) in zip(samples, written, strict=True):
        events = sample.window.events
        for found, expected in zip((events.x, events.y, events.p, events.t), (x, y, p, t * 1000),
                                   strict=True):
            np.testing.assert_array_equal(found, expected)
        assert (sample.window.t_start, sample.window.t_end) == (t[0] * 1000, t[-1] * 1000 + 1)
        # The colours of the layout rise with the ids.
        np.testing.assert_array_equal(sample.labels, ids)
        assert sample.image is not None


def test_the_folder_above_both_trees_will_do(every_format):
    assert len(open_dataset(every_format['mvsec-seg'], 'mvsec-seg').sequences) == 1


def test_what_the_trees_do_not_share_is_left_out_and_reported(layouts, tmp_path, caplog):
    for k in range(4):
        layouts.eventsam_frame(tmp_path, 'DDD17-SEG', 'dir1', f'{k:04d}', (346, 260), k)
    data = tmp_path / 'Datasets/DDD17-SEG/dir1'
    (tmp_path / 'Groundtruths/DDD17-SEG/dir1/0001.png').unlink()
    (data / 'event/0002.npz').unlink()
    (data / 'rgb_image/0003.png').unlink()
    shutil.copytree(data, tmp_path / 'Datasets/DDD17-SEG/dir2')
    with caplog.at_level(logging.WARNING):
        dataset = open_dataset(tmp_path)
    samples = [s for sequence in dataset.sequences for s in sequence.samples()]
    assert [s.name for s in samples] == ['0000', '0003']
    assert [s.image is None for s in samples] == [False, True]
    assert dataset.left_out == {
        'frames without a ground truth': 1, 'ground truths without a frame': 1,
        'pictures missing beside events and ground truth': 1,
        'frames of sequences without ground truths': 3}
    assert caplog.text.count('left out') == 4


def test_rgbe_seg_has_splits_and_grades(layouts, tmp_path):
    for split, names in (('train', ['a']), ('test-normal', ['b', 'c'])):
        for name in names:
            layouts.eventsam_frame(tmp_path, 'RGBE-SEG', name, '0001', (346, 260), split=split)
    root = tmp_path / 'Datasets/RGBE-SEG'
    (root / 'hard.txt').write_text('c\n')
    assert [s.name for s in open_dataset(root).sequences] == ['a', 'b', 'c']
    assert [s.name for s in open_dataset(root, split='test-normal').sequences] == ['b', 'c']
    assert [s.name for s in open_dataset(root, split='hard').sequences] == ['c']
    (root / 'easy.txt').write_text('d\n')
    with pytest.raises(DatasetError, match=r'easy\.txt lists d, which'):
        open_dataset(root, split='easy')
    with pytest.raises(DatasetError, match=r'test-degraded of the split .* is missing'):
        open_dataset(root, split='test-degraded')


def test_ground_truths_may_lack_the_level_of_the_split_or_lie_elsewhere(layouts, tmp_path):
    layouts.eventsam_frame(tmp_path, 'RGBE-SEG', 'a', '0001', (346, 260), split='train')
    truths = tmp_path / 'Groundtruths/RGBE-SEG'
    (truths / 'train/a').rename(truths / 'a')
    (truths / 'train').rmdir()
    root = tmp_path / 'Datasets/RGBE-SEG'
    assert len(open_dataset(root, split='train').sequences[0]) == 1
    truths.rename(tmp_path / 'masks')
    with pytest.raises(DatasetError, match=f'{truths} with the ground truths of .* is missing'):
        open_dataset(root)
    assert len(open_dataset(root, ground_truth=str(tmp_path / 'masks')).sequences[0]) == 1


def structured(x, y, t, p):
    return np.rec.fromarrays([t, x, y, p.astype(bool)], names='t,x,y,p')


@pytest.mark.parametrize('write', [
    lambda f, x, y, t, p: np.savez(f, x=x, y=y, t=t, p=p),
    lambda f, x, y, t, p: np.savez_compressed(f, x=x, y=y, t=t, p=2 * p - 1),
    lambda f, x, y, t, p: np.savez(f, X=x[:, None], Y=y[:, None], timestamps=t, polarity=p > 0),
    lambda f, x, y, t, p: np.savez(f, xs=x, ys=y, ts=t.astype(float), ps=p),
    lambda f, x, y, t, p: np.savez(f, events=np.stack([x, y, t, p], 1)),
    lambda f, x, y, t, p: np.savez(f, np.stack([x, y, t, p], 1).astype(np.float64)),
    lambda f, x, y, t, p: np.savez(f, event=structured(x, y, t, p)),
    lambda f, x, y, t, p: np.save(f.open('wb'), np.stack([x, y, t, p], 1)),
])
def test_every_spelling_gives_the_same_events(layouts, tmp_path, write):
    x, y, p, t = layouts.events(200, 346, 260, 20_000)
    t = t + 1_504_645_177_421_561  # µs since the epoch: 51 bits
    path = tmp_path / 'a.npz'
    write(path, x, y, t, p)
    events = read_event_file(path, 'us', 346, 260)
    np.testing.assert_array_equal(events.x, x)
    np.testing.assert_array_equal(events.y, y)
    np.testing.assert_array_equal(events.p, p)
    np.testing.assert_array_equal(events.t, t * 1000)
    assert [a.dtype for a in (events.x, events.y, events.p, events.t)] == [
        np.uint16, np.uint16, np.uint8, np.int64]


@pytest.mark.parametrize(('unit', 'factor'), [('s', 10 ** 9), ('ms', 10 ** 6), ('ns', 1)])
def test_times_count_in_what_they_are_said_to(tmp_path, unit, factor):
    path = tmp_path / 'a.npz'
    np.savez(path, x=[1, 2], y=[3, 4], t=[0.5, 0.25], p=[0, 1])
    events = read_event_file(path, unit, 346, 260)
    # Sorted by time, since files are not always.
    assert events.t.tolist() == [round(0.25 * factor), round(0.5 * factor)]
    assert events.x.tolist() == ([2, 1] if factor > 1 else [1, 2])


def test_no_events_are_an_empty_window(tmp_path, layouts):
    layouts.eventsam_frame(tmp_path, 'MVSEC-SEG', 'a', '0001', (346, 260))
    np.savez(tmp_path / 'Datasets/MVSEC-SEG/a/event/0001.npz', np.zeros((0, 4)))
    sample = next(open_dataset(tmp_path).sequences[0].samples())
    assert len(sample.window.events) == 0


@pytest.mark.parametrize(('write', 'message'), [
    (lambda f: f.write_bytes(b''), 'is damaged'),
    (lambda f: f.write_bytes(b'PK\x03\x04 and no more'), 'is damaged'),
    (lambda f: f.write_text('1 2 3 4'), 'is damaged'),
    (lambda f: np.savez(f, events=np.array([{}], object)), 'is damaged'),
    (lambda f: np.savez(f, x=[1], y=[1], t=[1]), 'must have arrays x, y, t, p .* no numbers p'),
    (np.savez, 'but has none and no numbers x'),
    (lambda f: np.savez(f, x=['a'], y=[1], t=[1], p=[1]), 'no numbers x'),
    (lambda f: np.savez(f, x=[1, 2], y=[1], t=[1], p=[1]), 'must be equally long, but are 2, 1'),
    (lambda f: np.savez(f, np.zeros((5, 3))), 'must be N x 4 numbers, but are'),
    (lambda f: np.savez(f, x=[346], y=[1], t=[1], p=[1]), 'reach to column 346'),
    (lambda f: np.savez(f, x=[1], y=[-1], t=[1], p=[1]), 'must lie within 346 x 260'),
    (lambda f: np.savez(f, x=[1.0], y=[1.0], t=[np.nan], p=[1]), 'must be finite'),
])
def test_damaged_event_files_are_refused_or_skipped_and_counted(
        every_format, tmp_path, write, message):
    copy = shutil.copytree(every_format['rgbe-seg'], tmp_path / 'copy')
    path = copy / 'Datasets/RGBE-SEG/indoor_flying1/event/0489.npz'
    path.unlink()
    write(path)
    with pytest.raises(DatasetError, match=message) as caught:
        list(open_dataset(copy).sequences[0].samples())
    assert str(path) in str(caught.value)
    dataset = open_dataset(copy, damaged='skip')
    for _ in range(2):
        assert [s.name for s in dataset.sequences[0].samples()] == ['0488', '0490']
        assert dataset.left_out == {'frames with damaged events': 1}


def test_pictures_of_another_size_are_told(layouts, every_format, tmp_path):
    copy = shutil.copytree(every_format['rgbe-seg'], tmp_path / 'copy')
    layouts.picture(copy / 'Groundtruths/RGBE-SEG/indoor_flying1/0489.png', 100, 100)
    with pytest.raises(DatasetError, match=r'0489.png must have 346 x 260 pixels, but has 100'):
        list(open_dataset(copy).sequences[0].samples())


def test_trees_without_a_common_frame_are_told(layouts, tmp_path):
    layouts.eventsam_frame(tmp_path, 'RGBE-SEG', 'a', '0001', (346, 260))
    truth = tmp_path / 'Groundtruths/RGBE-SEG/a/0001.png'
    truth.rename(truth.with_name('0002.png'))
    with pytest.raises(DatasetError, match=r'no frame below .* has a ground truth'):
        open_dataset(tmp_path)
