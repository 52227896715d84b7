# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs on disk: whole files, the same bytes, and the network's scale."""

import pickle

import numpy as np
import pytest

from eventsam_ros.events.tensors import NO_EVENT, window_image
from eventsam_ros.events.types import Events, Window
from training.data.pairs import (
    UNLABELLED,
    Pair,
    PairsError,
    PairStore,
    Settings,
    make_pair,
    prepare,
    write_pairs,
)

SETTINGS = Settings(32, 24)


def random_pair(seed, name='pair'):
    rng = np.random.default_rng(seed)
    return Pair(
        rng.integers(0, 256, (24, 32, 3)).astype(np.uint8),
        rng.integers(0, 256, (24, 32, 3)).astype(np.uint8),
        rng.integers(0, 5, (24, 32)).astype(np.uint8), (32, 16 + 4 * (seed % 3)), name)


def assert_equal(a, b):
    for name in ('picture', 'frame', 'ids'):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert (a.content, a.name) == (b.content, b.name)


def never():
    raise AssertionError('a shard that is there must not be made again')
    yield


def test_pairs_come_back_as_they_were_written(tmp_path):
    pairs = [random_pair(k, f'pair {k}') for k in range(5)]
    prepare(tmp_path, SETTINGS, 'some', {'seed': (1, 2)})
    assert write_pairs(tmp_path, 'some_0', iter(pairs[:3]), SETTINGS, 3) == 3
    store = PairStore(tmp_path)
    assert (len(store), store.settings) == (3, SETTINGS)
    # a longer stream than the shard is cut off; a shorter one leaves no gap
    assert write_pairs(tmp_path, 'some_1', iter(pairs[3:]), SETTINGS, 7) == 2
    store.refresh()
    assert store.names == [f'pair {k}' for k in range(5)]
    elsewhere = pickle.loads(pickle.dumps(store))
    for k, pair in enumerate(pairs):
        assert_equal(store[k], pair)
        assert_equal(elsewhere[k], pair)


def test_a_shard_that_is_there_is_left_alone_and_a_longer_one_replaces_it(tmp_path):
    pairs = [random_pair(k, f'{k}') for k in range(4)]
    prepare(tmp_path, SETTINGS, 'some', {})
    write_pairs(tmp_path, 'some_0', pairs, SETTINGS, 2)
    assert write_pairs(tmp_path, 'some_0', never(), SETTINGS, 2) == 0
    assert write_pairs(tmp_path, 'some_0', pairs, SETTINGS, 4) == 4
    assert_equal(PairStore(tmp_path)[3], pairs[3])


def test_what_a_killed_process_leaves_is_no_shard(tmp_path):
    prepare(tmp_path, SETTINGS, 'some', {})
    (tmp_path / 'some_0.npy.part77').write_bytes(b'half of it')
    (tmp_path / 'some_0.json').write_text('{"asked": 2, "names": ["a", "b"]}')
    assert len(PairStore(tmp_path)) == 0
    assert write_pairs(tmp_path, 'some_0', [random_pair(0)] * 2, SETTINGS, 2) == 2
    assert len(PairStore(tmp_path)) == 2
    assert not list(tmp_path.glob('*.part*'))


def test_a_folder_keeps_to_its_settings_and_sources(tmp_path):
    with pytest.raises(PairsError, match=r'no settings\.json'):
        PairStore(tmp_path)
    prepare(tmp_path, SETTINGS, 'some', {'seed': 1})
    prepare(tmp_path, SETTINGS, 'other', {'seed': 2})
    prepare(tmp_path, SETTINGS, 'some', {'seed': 1})
    with pytest.raises(PairsError, match='choose another folder'):
        prepare(tmp_path, Settings(64, 24), 'some', {'seed': 1})
    with pytest.raises(PairsError, match='made otherwise'):
        prepare(tmp_path, SETTINGS, 'some', {'seed': 3})
    with pytest.raises(PairsError, match='must be 64x24'):
        write_pairs(tmp_path, 'some_0', [random_pair(0)], Settings(64, 24), 2)


@pytest.mark.parametrize('size', [(30, 24), (0, 24)])
def test_sizes_must_fit_the_masks(size):
    with pytest.raises(ValueError, match='multiple of 4'):
        Settings(*size)


def test_a_representation_must_exist():
    with pytest.raises(ValueError, match='robust, eventsam'):
        Settings(32, 32, 'voxels')


def test_a_pair_has_the_scale_of_inference():
    rng = np.random.default_rng(0)
    n = 4000
    events = Events(rng.integers(0, 80, n).astype('u2'), rng.integers(0, 60, n).astype('u2'),
                    rng.integers(0, 2, n).astype('u1'), np.sort(rng.integers(0, 10**7, n)))
    window = Window(events, 0, 10**7, 80, 60)
    frame = np.zeros((60, 80, 3), np.uint8)
    frame[:, 40:] = (250, 100, 0)
    ids = np.where(frame[..., 0] > 0, 3, 0).astype(np.uint8)
    pair = make_pair(window, frame, ids, Settings(64, 64), 'x')
    # 80x60 in 64x64: scale 0.8, so 64x48
    assert pair.content == (64, 48)
    np.testing.assert_array_equal(pair.picture[:48], window_image(window, 'robust', 64, 48))
    assert (pair.picture[48:] == NO_EVENT).all()
    assert (pair.ids[48:] == 0).all()
    assert (pair.frame[48:] == (124, 116, 104)).all()
    # column 40 of 80 is column 32 of 64
    assert (pair.ids[:48, 32:] == 3).all()
    assert (pair.ids[:, :32] == 0).all()
    assert (pair.frame[:48, 33:] == (250, 100, 0)).all()
    assert not pair.frame[:48, :31].any()
    assert pair.labelled
    without = make_pair(window, frame, None, Settings(64, 64), 'x')
    assert not without.labelled
    assert (without.ids == UNLABELLED).all()
