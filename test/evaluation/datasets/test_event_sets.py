# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""MVSEC and both forms of DDD17 against the arrays that were written."""

from __future__ import annotations

from itertools import pairwise
import shutil

import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset

h5py = pytest.importorskip('h5py', reason='h5py is not installed')


@pytest.mark.parametrize('signed', [True, False])
def test_mvsec_windows_end_at_the_frames(layouts, tmp_path, signed):
    columns = layouts.events(4000, 346, 260, 300_000, 2)
    path = tmp_path / 'outdoor_day1_data.hdf5'
    stamps, images = layouts.mvsec_file(path, columns, signed)
    dataset = open_dataset(path)
    assert [s.name for s in dataset.sequences] == ['outdoor_day1']
    samples = list(dataset.sequences[0].samples())
    # float64 seconds hold a µs since the epoch to a quarter.
    t_us = np.rint((layouts.MVSEC_START + columns[3] / 1e6) * 1e6).astype(np.int64)
    assert (t_us - round(layouts.MVSEC_START * 1e6) == columns[3]).all()
    for k, sample in enumerate(samples):
        assert abs(sample.stamp_ns - int(stamps[k] * 1e6) * 1000) <= 1000
        end = sample.stamp_ns // 1000
        inside = (t_us >= end - 50_000) & (t_us < end)
        events = sample.window.events
        for found, written in zip((events.x, events.y, events.p), columns[:3], strict=True):
            np.testing.assert_array_equal(found, written[inside])
        np.testing.assert_array_equal(events.t, t_us[inside] * 1000)
        for channel in range(3):
            np.testing.assert_array_equal(sample.image[..., channel], images[k])


def test_mvsec_without_frames_has_windows_in_a_row(layouts, tmp_path):
    path = tmp_path / 'indoor_data.hdf5'
    columns = layouts.events(4000, 346, 260, 300_000, 2)
    layouts.mvsec_file(path, columns)
    with h5py.File(path, 'a') as file:
        del file['davis/left/image_raw']
    samples = list(open_dataset(path).sequences[0].samples())
    span = int(columns[3][-1] - columns[3][0])
    assert len(samples) == (span * 1000 + 1) // 50_000_000
    assert all(s.image is None for s in samples)
    assert all(a.window.t_end == b.window.t_start
               for a, b in pairwise(samples))


@pytest.mark.parametrize(('name', 'values', 'message'), [
    ('events', None, 'has no dataset davis/left/events'),
    ('events', np.zeros((10, 3)), 'must be N x 4 of numbers, but is 10 x 3'),
    ('events', np.full((9, 4), 400.0), 'must be x, y within 346 x 260, t that rises, p'),
    ('events', np.arange(36.0).reshape(9, 4)[::-1], 'must be x, y within .*t that rises'),
    ('events', np.full((9, 4), np.nan), 'must be finite numbers of seconds'),
    ('image_raw', np.zeros((3, 5, 5), np.uint8), 'must be N x 260 x 346 of numbers'),
    ('image_raw_ts', np.zeros(2), 'must be as many as the frames, but are 2 for 3'),
    ('image_raw_ts', None, 'has no dataset davis/left/image_raw_ts'),
    ('image_raw_ts', np.full(3, np.inf), 'must be finite numbers'),
])
def test_other_mvsec_files_are_told(layouts, tmp_path, name, values, message):
    path = tmp_path / 'a_data.hdf5'
    layouts.mvsec_file(path, layouts.events(40, 346, 260, 300_000, 2))
    with h5py.File(path, 'a') as file:
        del file[f'davis/left/{name}']
        if values is not None:
            file[f'davis/left/{name}'] = values
    with pytest.raises(DatasetError, match=message) as caught:
        list(open_dataset(path, window_ms=10_000).sequences[0].samples())
    assert str(path) in str(caught.value)


def test_an_mvsec_file_that_is_cut_off_is_told(layouts, tmp_path):
    path = tmp_path / 'a_data.hdf5'
    layouts.mvsec_file(path, layouts.events(40, 346, 260, 300_000, 2))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DatasetError, match=f'{path} is no HDF5 file'):
        open_dataset(path)
    layouts.mvsec_file(path, layouts.events(40, 346, 260, 300_000, 2))
    with pytest.raises(DatasetError, match='has no dataset davis/right/events'):
        open_dataset(path, camera='right')


@pytest.mark.parametrize('window_ms', [10, 50, 250, 77.5])
def test_ddd17_windows_end_at_the_masks(layouts, tmp_path, window_ms):
    x, y, p, t, stamps = layouts.ddd17_folder(tmp_path / 'dir0', 1)
    dataset = open_dataset(tmp_path / 'dir0', window_ms=window_ms)
    assert dataset.classes.names == (
        'flat', 'background', 'object', 'vegetation', 'human', 'vehicle')
    samples = list(dataset.sequences[0].samples())
    assert [s.stamp_ns for s in samples] == [stamps[n - 1] for n in (3, 4, 6)]
    for sample in samples:
        inside = (t >= sample.stamp_ns - window_ms * 1e6) & (t < sample.stamp_ns) & (y < 200)
        for found, written in zip(
                (sample.window.events.x, sample.window.events.y, sample.window.events.p,
                 sample.window.events.t), (x, y, p, t), strict=True):
            np.testing.assert_array_equal(found, written[inside])
        assert (sample.window.height, sample.window.width) == (200, 346)
        assert sample.labels.shape == sample.image.shape[:2] == (200, 346)


def test_ddd17_takes_the_ranges_of_the_index_where_it_has_them(layouts, tmp_path):
    _, y, _, t, stamps = layouts.ddd17_folder(tmp_path / 'dir0', 1, masks=(2,))
    path = tmp_path / 'dir0/index/index_50ms.npy'
    index = np.load(path)
    index[1, 1:] = 700, 600
    np.save(path, index)
    sample = next(open_dataset(tmp_path / 'dir0').sequences[0].samples())
    np.testing.assert_array_equal(sample.window.events.t, t[600:700][y[600:700] < 200])
    sample = next(open_dataset(tmp_path / 'dir0', window_events=100).sequences[0].samples())
    last = np.searchsorted(t, stamps[1])
    kept = slice(last - 100, last)
    np.testing.assert_array_equal(sample.window.events.t, t[kept][y[kept] < 200])


@pytest.mark.parametrize(('folders', 'split', 'members'), [
    (7, 'train', ['dir0', 'dir3', 'dir4', 'dir6', 'dir7']), (7, 'val', ['dir1']),
    (7, 'test', ['dir5']), (6, 'train', ['dir0', 'dir3', 'dir4', 'dir6', 'dir7']),
    (6, 'test', ['dir1']),
])
def test_ddd17_splits_go_by_the_order_of_the_folders(
        every_format, tmp_path, folders, split, members):
    root = tmp_path / 'ddd17'
    root.mkdir()
    names = ['dir0', 'dir1', 'dir3', 'dir4', 'dir6', 'dir7', *(['dir5'] * (folders == 7))]
    for name in names:
        (root / name).symlink_to(every_format['ddd17'] / name)
    assert [s.name for s in open_dataset(root, split=split).sequences] == members
    assert len(open_dataset(root, split='').sequences) == folders


def test_ddd17_splits_of_another_number_of_folders_are_not_guessed(layouts, tmp_path):
    layouts.ddd17_folder(tmp_path / 'dir0')
    with pytest.raises(DatasetError, match=r'but .* has 1'):
        open_dataset(tmp_path)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def shorten(path):
    path.write_bytes(path.read_bytes()[:-80])


@pytest.mark.parametrize(('file', 'change', 'message'), [
    ('events.dat.t', cut, 'multiple of 8 bytes'), ('events.dat.xyp', cut, 'multiple of 6 bytes'),
    ('events.dat.t', shorten, 'must have as many events as events.dat.t, but has 6000 for 5990'),
    ('events.dat.xyp', lambda p: p.unlink(), 'events.dat.xyp is missing'),
    ('events.dat.xyp', lambda p: p.write_bytes(b'\xff\x7f' * 18000), 'must be x, y within 346'),
    ('index/index_50ms.npy', cut, 'index_50ms.npy is no array'),
    ('index/index_50ms.npy', lambda p: np.save(p, np.zeros((8, 2), int)), 'must be N x 3'),
    ('index/index_50ms.npy', lambda p: np.save(p, np.zeros((8, 3))), 'must be N x 3 whole'),
    ('index/index_50ms.npy', lambda p: np.save(p, np.full((8, 3), 9000)), 'within 6000 events'),
    ('index/index_50ms.npy', lambda p: np.save(p, np.ones((3, 3), int)), 'from 1 to 3'),
    ('segmentation_masks/segmentation_00000003.png', lambda p: p.rename(p.with_name('a.png')),
     'must end in the number'),
])
def test_a_broken_ddd17_folder_is_told(layouts, tmp_path, file, change, message):
    layouts.ddd17_folder(tmp_path / 'dir0')
    change(tmp_path / 'dir0' / file)
    with pytest.raises(DatasetError, match=message) as caught:
        list(open_dataset(tmp_path / 'dir0').sequences[0].samples())
    assert str(tmp_path) in str(caught.value)
    assert '\n' not in str(caught.value)


def test_ddd17_masks_before_all_events_are_counted(layouts, tmp_path):
    layouts.ddd17_folder(tmp_path / 'dir0')
    path = tmp_path / 'dir0/index/index_50ms.npy'
    index = np.load(path)
    index[2, 1:] = 0, -5
    np.save(path, index)
    dataset = open_dataset(tmp_path / 'dir0')
    assert len(dataset.sequences[0]) == 2
    assert dataset.left_out == {'masks before the first event': 1}


@pytest.mark.parametrize('swapped', [False, True])
def test_evsegnet_has_planes_in_place_of_events(layouts, tmp_path, swapped):
    root = layouts.write_evsegnet(tmp_path / 'data', swapped)
    dataset = open_dataset(root, split='train')
    samples = list(dataset.sequences[0].samples())
    assert [s.name for s in samples] == ['rec_0', 'rec_1']
    for k, sample in enumerate(samples):
        assert sample.window is None
        assert sample.planes.dtype == np.float32
        np.testing.assert_array_equal(
            sample.planes, layouts.rng(k).random((20, 34, 6)).astype(np.float32))
        assert (sample.labels[0] == 255).all()


@pytest.mark.parametrize(('change', 'message'), [
    (lambda p: np.save(p, np.zeros((20, 34, 5))), 'rec_1.npy must be 20 x 34 x 6, but is 20 x 34'),
    (lambda p: p.write_bytes(b'none'), 'rec_1.npy is no array'),
    (lambda p: p.unlink(), 'has no file rec_1 to go with'),
    (lambda p: np.save(p, np.array([{}])), 'rec_1.npy is no array'),
])
def test_broken_planes_are_told(every_format, tmp_path, change, message):
    copy = shutil.copytree(every_format['ddd17-evsegnet'], tmp_path / 'copy')
    change(copy / 'test/events/rec_1.npy')
    with pytest.raises(DatasetError, match=message):
        list(open_dataset(copy).sequences[0].samples())
