# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events of DSEC against a search through all of them."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import dsec_events
from eventsam_ros.evaluation.datasets.dsec_events import DsecEvents
from eventsam_ros.evaluation.datasets.hdf5 import column, open_hdf5
from eventsam_ros.evaluation.datasets.stored_events import WindowRule, search_near

pytest.importorskip('h5py', reason='h5py is not installed')
hdf5plugin = pytest.importorskip('hdf5plugin', reason='hdf5plugin is not installed')
import h5py  # noqa: E402


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('dsec')


@settings(max_examples=25)
@given(data=st.data())
def test_windows_are_those_of_a_search_through_all_events(layouts, folder, data):
    count = data.draw(st.integers(0, 60))
    span = data.draw(st.sampled_from([50, 5_000, 40_000]))
    offset = data.draw(st.sampled_from([0, layouts.DSEC_OFFSET, 2 ** 40]))
    columns = layouts.events(count, 640, 480, span, seed=data.draw(st.integers(0, 99)))
    path = layouts.dsec_events(folder / 'events.h5', columns, offset, chunk=7)
    x, y, p, t = columns
    t_ns = (t.astype(object) + offset) * 1000
    with DsecEvents(path) as found:
        assert len(found) == count
        for _ in range(8):
            # At an event, a nanosecond beside it, or anywhere.
            near = st.sampled_from([int(v) for v in t_ns] or [0])
            anywhere = st.integers(-3000, span + 3000).map(lambda us: (offset + us) * 1000)
            bound = st.one_of(near, anywhere).flatmap(
                lambda at: st.sampled_from([at - 999, at - 1, at, at + 1, at + 999]))
            start, end = sorted((data.draw(bound), data.draw(bound)))
            inside = np.array([start <= v < end for v in t_ns], bool)
            events = found.between(start, end)
            np.testing.assert_array_equal(events.x, x[inside])
            np.testing.assert_array_equal(events.y, y[inside])
            np.testing.assert_array_equal(events.p, p[inside])
            assert events.t.tolist() == [v for v, k in zip(t_ns, inside, strict=True) if k]
            wanted = data.draw(st.integers(1, 80))
            before = sum(v < end for v in t_ns)
            assert found.last(wanted, end).t.tolist() == list(t_ns[max(before - wanted, 0):before])


def test_arrays_are_what_events_say(layouts, folder):
    path = layouts.dsec_events(folder / 'a.h5', layouts.events(500, 640, 480, 9000))
    with DsecEvents(path) as found:
        events = found.read(3, 40)
        assert [a.dtype for a in (events.x, events.y, events.p, events.t)] == [
            np.uint16, np.uint16, np.uint8, np.int64]
        assert all(a.flags.c_contiguous for a in (events.x, events.y, events.p, events.t))


def test_signed_polarity_is_one_and_zero(layouts, folder):
    x, y, p, t = layouts.events(50, 640, 480, 9000)
    path = folder / 'signed.h5'
    layouts.dsec_events(path, (x, y, p, t))
    with h5py.File(path, 'a') as file:
        del file['events/p']
        file['events/p'] = (2 * p - 1).astype(np.int8)
    with DsecEvents(path) as found:
        np.testing.assert_array_equal(found.read(0, 50).p, p)


def test_a_burst_within_a_millisecond_is_searched(layouts, folder, monkeypatch):
    monkeypatch.setattr(dsec_events, '_SEARCH_LIMIT', 100)
    x, y, p, t = layouts.events(5000, 640, 480, 900)
    path = layouts.dsec_events(folder / 'burst.h5', (x, y, p, t), 0)
    with DsecEvents(path) as found:
        for us in (0, 1, 450, 899, 900, 5000):
            assert found.index(us * 1000) == sum(t < us)


def test_windows_by_time_and_by_count(layouts, folder):
    t = np.arange(1000) * 100
    path = layouts.dsec_events(folder / 'steady.h5', (t % 640, t % 480, t % 2, t), 5)
    with DsecEvents(path) as found:
        window = WindowRule.of(10, 0).window(found, 50_005_000)
        assert (window.t_start, window.t_end, len(window.events)) == (40_005_000, 50_005_000, 100)
        assert (window.width, window.height) == (640, 480)
        window = WindowRule.of(10, 30).window(found, 50_005_000)
        assert len(window.events) == 30
        assert window.t_start == window.events.t[0] == (47_000 + 5) * 1000
        empty = WindowRule.of(10, 30).window(found, 5_000)
        assert (len(empty.events), empty.t_start, empty.t_end) == (0, 5000, 5000)
        assert found.span_ns == (5000, (99_900 + 6) * 1000)


@given(st.lists(st.integers(0, 50), max_size=200), st.integers(-5, 55), st.data())
def test_search_from_anywhere_finds_what_a_full_search_finds(times, t, data):
    times = sorted(times)
    near = data.draw(st.integers(0, len(times)))
    found = search_near(lambda k: times[k], t, len(times), near)
    assert found == sum(v < t for v in times)


def change(path, name, values):
    with h5py.File(path, 'a') as file:
        del file[name]
        if values is not None:
            file[name] = values


@pytest.mark.parametrize(('name', 'values', 'message'), [
    ('events/x', None, 'has no dataset events/x'),
    ('ms_to_idx', None, 'has no dataset ms_to_idx'),
    ('t_offset', np.zeros(3, np.int64), 't_offset in .* must be a single value of numbers'),
    ('events/y', np.zeros((100, 2), np.uint16), 'events/y in .* must be N of numbers, but is 100'),
    ('events/t', np.zeros(100, np.float32), 'events/t in .* but is 100 of float32'),
    ('events/p', np.zeros(99, np.uint8), 'must be equally long, but are 99 and 100'),
    ('events/p', np.array([b'a'] * 100), 'events/p in .* must be N of numbers'),
])
def test_other_columns_are_told(layouts, tmp_path, name, values, message):
    path = layouts.dsec_events(tmp_path / 'events.h5', layouts.events(100, 640, 480, 9000))
    change(path, name, values)
    with pytest.raises(DatasetError, match=message) as caught:
        DsecEvents(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize('index', [[0, 500, 2, 9, 9, 9, 9, 9, 9], [50, 20, 20], [2000] * 9])
def test_an_index_of_other_events_is_told(layouts, tmp_path, index):
    path = layouts.dsec_events(tmp_path / 'events.h5', layouts.events(100, 640, 480, 9000),
                               0, ms_to_idx=np.array(index, np.uint64))
    message = r'ms_to_idx of .* must rise'
    with DsecEvents(path) as found, pytest.raises(DatasetError, match=message):
        [found.index(ms * 1_000_000 + 500_000) for ms in range(9)]


def test_events_outside_of_the_sensor_are_told(layouts, tmp_path):
    x, y, p, t = layouts.events(100, 640, 480, 9000)
    y[70] = 480
    path = layouts.dsec_events(tmp_path / 'events.h5', (x, y, p, t))
    with DsecEvents(path) as found:
        found.read(0, 70)
        with pytest.raises(DatasetError, match=r'events 60 to 79 .* row 480'):
            found.read(60, 80)


@pytest.mark.parametrize('share', [0.0, 0.05, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_told(layouts, tmp_path, share):
    path = layouts.dsec_events(tmp_path / 'events.h5', layouts.events(5000, 640, 480, 90_000))
    path.write_bytes(path.read_bytes()[:int(share * path.stat().st_size)])
    with pytest.raises(DatasetError, match=f'{path} is no HDF5 file that can be read'):
        DsecEvents(path)


def test_a_part_that_is_damaged_is_told(layouts, tmp_path):
    path = layouts.dsec_events(tmp_path / 'events.h5', layouts.events(5000, 640, 480, 90_000))
    with h5py.File(path) as file:
        place = file['events/y'].id.get_chunk_info(5)
    with path.open('r+b') as file:
        file.seek(place.byte_offset)
        file.write(b'\xff' * place.size)
    with DsecEvents(path) as found, pytest.raises(DatasetError, match=f'{path} is damaged'):
        found.read(0, 5000)


@pytest.mark.parametrize(('chunk', 'least'), [(1000, 2 ** 20), (2 ** 20, 2 ** 23)])
def test_chunks_are_kept_until_the_next_window(tmp_path, chunk, least):
    """A chunk that HDF5 does not keep is unpacked again for each window that is in it."""
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file.create_dataset('t', (0,), 'u4', maxshape=(None,), chunks=(chunk,))
    with open_hdf5(tmp_path / 'a.h5') as file:
        assert column(file, 't').id.get_access_plist().get_chunk_cache()[1] == least


@pytest.mark.parametrize('name', ['h5py', 'hdf5plugin'])
def test_a_package_that_is_not_installed_is_named(layouts, tmp_path, name):
    path = layouts.dsec_events(tmp_path / 'events.h5', layouts.events(100, 640, 480, 9000))
    code = f"""
import sys
sys.modules[{name!r}] = None
from pathlib import Path
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.datasets.dsec_events import DsecEvents
from eventsam_ros.errors import DatasetError
try:
    DsecEvents(Path({str(path)!r}))
except DatasetError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True, text=True)
    assert f'install it with `pip install {name}`' in done.stdout


def test_memory_does_not_grow_with_the_recording(layouts, tmp_path):
    """A file ten times as long takes no more memory: windows are all that is held."""
    peaks = []
    for seconds in (2, 20):
        path = layouts.dsec_events(
            tmp_path / f'{seconds}.h5',
            layouts.events(seconds * 200_000, 640, 480, seconds * 1_000_000),
            chunk=16384, ms_to_idx=np.arange(seconds * 1000, dtype=np.uint64) * 200)
        t = np.arange(seconds * 200_000) * 5
        change(path, 'events/t', t.astype(np.uint32))
        change(path, 't_offset', np.int64(0))
        code = f"""
from pathlib import Path
from eventsam_ros.evaluation.datasets.dsec_events import DsecEvents
total = 0
with DsecEvents(Path({str(path)!r})) as events:
    for ms in range(0, {seconds * 1000}, 50):
        total += len(events.between(ms * 1_000_000, (ms + 50) * 1_000_000))
peak = next(v for v in open('/proc/self/status') if v.startswith('VmHWM'))
print(total, peak.split()[1])
"""
        done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True,
                              text=True)
        total, peak = map(int, done.stdout.split())
        assert total == seconds * 200_000
        peaks.append(peak)
    # 36 MB of the longer one are not held; what HDF5 keeps of its chunks is bounded.
    assert peaks[1] < peaks[0] + 20 * 1024
