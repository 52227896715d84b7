# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What holds for every format, and how a folder finds its format."""

from __future__ import annotations

from collections import Counter
import pickle
import shutil

import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import (
    FORMATS,
    describe_formats,
    open_dataset,
    option_defaults,
    recognised,
)

NAMES = [f.name for f in FORMATS]


def test_every_format_has_a_miniature(layouts):
    assert set(layouts.WRITERS) == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize('name', NAMES)
def test_a_folder_is_recognised_as_its_own_format_only(every_format, name):
    assert [f.name for f in recognised(every_format[name])] == [name]


@pytest.mark.parametrize('name', NAMES)
def test_samples_are_what_the_interface_says(every_format, name):
    dataset = open_dataset(every_format[name])
    assert dataset.format == name
    assert dataset.sequences
    assert [s.name for s in dataset.sequences] == sorted(s.name for s in dataset.sequences)
    assert len({s.name for s in dataset.sequences}) == len(dataset.sequences)
    for sequence in dataset.sequences:
        samples = list(sequence.samples())
        assert samples
        assert len(samples) + sequence.left_out.total() >= len(sequence) >= len(samples)
        stamps = [sample.stamp_ns for sample in samples]
        assert stamps == sorted(set(stamps))
        assert len({sample.name for sample in samples}) == len(samples)
        for sample in samples:
            check(dataset, sample)
    assert (dataset.classes is not None) == (dataset.kind == 'semantic')


def check(dataset, sample):
    sizes = set()
    if sample.window is not None:
        window, events = sample.window, sample.window.events
        sizes.add((window.height, window.width))
        assert [a.dtype for a in (events.x, events.y, events.p, events.t)] == [
            np.uint16, np.uint16, np.uint8, np.int64]
        assert len(events.x) == len(events.y) == len(events.p) == len(events.t) > 0
        assert events.x.max() < window.width
        assert events.y.max() < window.height
        assert set(np.unique(events.p)) <= {0, 1}
        assert window.t_start <= events.t.min() <= events.t.max() < window.t_end
        assert isinstance(window.t_start, int)
    if sample.image is not None:
        assert (sample.image.dtype, sample.image.ndim) == (np.uint8, 3)
        sizes.add(sample.image.shape[:2])
    if sample.thermal is not None:
        sizes.add(sample.thermal.shape)
    if sample.labels is not None:
        assert sample.labels.dtype in (np.uint8, np.uint16)
        sizes.add(sample.labels.shape)
        if dataset.classes is not None:
            values = set(np.unique(sample.labels).tolist())
            assert values <= {*range(len(dataset.classes)), dataset.classes.ignore}
    assert len(sizes) == 1


@pytest.mark.parametrize('name', NAMES)
def test_sequences_can_be_sent_to_another_process(every_format, name):
    dataset = open_dataset(every_format[name])
    for sequence in dataset.sequences:
        again = pickle.loads(pickle.dumps(sequence))
        for a, b in zip(sequence.samples(), again.samples(), strict=True):
            assert (a.name, a.stamp_ns) == (b.name, b.stamp_ns)
            if a.labels is not None:
                np.testing.assert_array_equal(a.labels, b.labels)


@pytest.mark.parametrize('name', NAMES)
def test_samples_can_be_read_again(every_format, name):
    sequence = open_dataset(every_format[name]).sequences[0]
    first = [s.name for s in sequence.samples()]
    left_out = Counter(sequence.left_out)
    assert [s.name for s in sequence.samples()] == first
    assert sequence.left_out == left_out


@pytest.mark.parametrize('known', FORMATS, ids=NAMES)
def test_every_option_is_described_and_no_other(known):
    assert set(known.options) == set(option_defaults(known))


def test_formats_are_described_in_full():
    text = describe_formats()
    for known in FORMATS:
        assert f'{known.name}: {known.summary}' in text
        assert all(f'{name}=' in text for name in known.options)
        assert all(line in text for line in known.layout.splitlines())
    assert max(map(len, '\n'.join(f.layout for f in FORMATS).splitlines())) < 100


def test_a_folder_of_nothing_is_told_what_was_looked_for(tmp_path):
    with pytest.raises(DatasetError, match='none of the known datasets') as caught:
        open_dataset(tmp_path)
    assert all(name in str(caught.value) for name in NAMES)
    assert '\n' not in str(caught.value)


def test_a_folder_of_two_formats_names_both(layouts, tmp_path):
    layouts.write_camvid(tmp_path)
    layouts.write_davis(tmp_path)
    with pytest.raises(DatasetError, match='looks like davis and camvid; say which'):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, 'davis').format == 'davis'


def test_options_may_be_text(every_format):
    dataset = open_dataset(every_format['dsec-semantic'], classes='19', skip='2',
                           window_ms='20', frames='none')
    assert len(dataset.classes) == 19
    sample = next(dataset.sequences[0].samples())
    assert sample.window.t_end - sample.window.t_start == 20_000_000
    assert dataset.left_out == {'labels left out by skip and every': 2}


@pytest.mark.parametrize(('options', 'message'), [
    ({'colour': 'red'}, "dsec has no option 'colour', only split, view"),
    ({'window_ms': 'long'}, "option window_ms of dsec must be a number, but got 'long'"),
    ({'window_events': 1.5}, 'option window_events of dsec must be int, but got 1.5'),
    ({'window_events': True}, 'option window_events of dsec must be int, but got True'),
    ({'window_ms': '0'}, 'dsec: window_ms must be 0.1 to 10000, but got 0.0'),
    ({'window_events': -1}, 'dsec: window_events must be 0 to 10000000, but got -1'),
    ({'view': 'sideways'}, "dsec: view must be rectified or distorted, but got 'sideways'"),
    ({'split': 'west'}, 'neither a folder west nor sequences'),
])
def test_options_that_are_none_are_told(every_format, options, message):
    with pytest.raises(DatasetError, match=message):
        open_dataset(every_format['dsec'], **options)


@pytest.mark.parametrize(('name', 'option', 'value'), [
    ('stanford2d3d', 'crop', 'perhaps'), ('davis', 'unsupervised', '2'),
    ('davis', 'unsupervised', 1), ('davis', 'year', '2018'), ('davis', 'year', True),
    ('fmb', 'classes', '16'), ('pst900', 'thermal', 'hot'), ('densepass', 'classes', 8),
    ('mvsec', 'camera', 'middle'), ('dsec-semantic', 'every', 0), ('rgbe-seg', 'time_unit', 'h'),
    ('ref-youtube-vos', 'split', 'val'), ('ref-davis17', 'annotator', 4),
    ('recording', 'kind', 'things'), ('recording', 'kind', 'semantic'),
    ('recording', 'classes', 'road'),
])
def test_values_that_no_option_takes_are_refused(every_format, name, option, value):
    with pytest.raises(DatasetError, match=option):
        open_dataset(every_format[name], **{option: value})


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(DatasetError, match='does not exist'):
        open_dataset(tmp_path / 'none')
    with pytest.raises(DatasetError, match=r"one of recording, rgbe-seg.* but got 'cityscapes'"):
        open_dataset(tmp_path, 'cityscapes')


def test_recognising_never_raises(tmp_path):
    file = tmp_path / 'file.txt'
    file.write_text('hello')
    assert recognised(file) == ()
    assert recognised(tmp_path / 'none') == ()


@pytest.mark.parametrize('name', [n for n in NAMES if n not in ('recording', 'mvsec')])
def test_pictures_that_are_cut_off_are_named(every_format, name, tmp_path):
    copy = shutil.copytree(every_format[name], tmp_path / 'copy')
    dataset = open_dataset(copy)
    for path in (p for p in copy.rglob('*') if p.suffix in ('.png', '.jpg')):
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DatasetError, match=f'{copy}.* is cut off') as caught:
        [list(sequence.samples()) for sequence in dataset.sequences]
    assert '\n' not in str(caught.value)
