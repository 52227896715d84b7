# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training pairs` as a user runs it, stops it and runs it again."""

from itertools import islice
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from training.__main__ import main
from training.data.pairs import PairStore, Settings
from training.data.photos import find_photos
from training.data.sources.photographs import Photographs

PATTERNS = ['set/photos:labels', 'films/*/frames:masks']


def arguments(folder, photo_root, count=3, **options):
    given = {'--source': 'photos', '--size': '64x48', '--photo-root': str(photo_root),
             '--count': str(count), '--seed': '4', '--jobs': '1', **options}
    photos = [word for p in PATTERNS for word in ('--photos', p)]
    return ['pairs', str(folder), *photos, *(w for item in given.items() for w in item)]


def test_a_killed_run_is_resumed_to_the_same_pairs(photo_root, tmp_path):
    process = subprocess.Popen(
        [sys.executable, '-m', 'training', *arguments(tmp_path, photo_root, count=67)],
        cwd=Path(__file__).parents[3], start_new_session=True)
    shard = tmp_path / 'photos-train-4_00000.npy'
    deadline = time.monotonic() + 120
    while not shard.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # its worker ends as well
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        raise AssertionError('a worker outlived its command')
    stamp = shard.stat().st_mtime_ns
    assert main(arguments(tmp_path, photo_root, count=67)) == 0
    assert shard.stat().st_mtime_ns == stamp
    store = PairStore(tmp_path)
    assert len(store) == 67
    assert len(set(store.names)) == 67
    source = Photographs(4, 67, find_photos(photo_root, PATTERNS, 'train'), 'train')
    for first in (0, 64):
        alone = source.pairs(first // 64, Settings(64, 48))
        for k, pair in enumerate(islice(alone, 3), first):
            assert store[k].name == pair.name
            for name in ('picture', 'frame', 'ids'):
                np.testing.assert_array_equal(getattr(store[k], name), getattr(pair, name))
    assert not list(tmp_path.glob('*.part*'))


def test_held_out_photos_are_other_photos(photo_root, tmp_path):
    assert main(arguments(tmp_path, photo_root)) == 0
    assert main(arguments(tmp_path, photo_root, **{'--split': 'held-out'})) == 0
    shown = [{name.rpartition('/')[0] for name in PairStore(tmp_path).names if split in name}
             for split in ('/train-4', '/held-out-4')]
    assert shown[0]
    assert shown[1]
    assert not shown[0] & shown[1]


def test_scenes_and_photos_share_a_folder(photo_root, tmp_path):
    assert main(arguments(tmp_path, photo_root)) == 0
    assert main(arguments(tmp_path, photo_root, count=4, **{'--source': 'scenes'})) == 0
    store = PairStore(tmp_path)
    assert sorted({name.split('/')[0] for name in store.names}) == ['photos', 'scenes-4']
    assert len(store) == 7
    for k in range(7):
        assert store[k].ids.any()


@pytest.mark.parametrize(('options', 'message'), [
    ({'--size': '64x50'}, 'multiple of 4'),
    ({'--photo-root': '/nowhere'}, 'no photo of set/photos:labels'),
    ({'--split': 'test'}, 'train, held-out, all'),
    ({'--representation': 'other'}, 'robust, eventsam'),
    ({'--source': 'dsec'}, 'need --path'),
    ({'--source': 'dsec', '--path': '/nowhere'}, '/nowhere does not exist'),
])
def test_mistakes_are_one_sentence(photo_root, tmp_path, capsys, options, message):
    assert main(arguments(tmp_path / 'pairs', photo_root, **options)) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count('\n') == 1


def test_another_size_needs_another_folder(photo_root, tmp_path, capsys):
    assert main(arguments(tmp_path, photo_root)) == 0
    assert main(arguments(tmp_path, photo_root, **{'--size': '64x64'})) == 1
    assert 'choose another folder' in capsys.readouterr().err
