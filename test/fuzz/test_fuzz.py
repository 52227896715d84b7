# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Noise and damage: 10,000 random and 10,000 damaged packets of every encoding, and more."""

from __future__ import annotations

from importlib.util import find_spec
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

from eventsam_ros.events import ENCODINGS

ROOT = Path(__file__).resolve().parents[2]


def fuzz(*arguments, **variables):
    """Run the fuzzer in a process of its own; return what it fed."""
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'RUST_BACKTRACE': '0', **variables}
    done = subprocess.run(
        [sys.executable, str(ROOT / 'test' / 'fuzz'), *arguments], env=environment, check=False,
        capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope='module')
def kernels(request):
    """Return a folder for kernels that check bounds; they are compiled once."""
    return str(request.config.cache.mkdir('bounds_checked_kernels'))


def test_noise_and_damage_raise_nothing_write_nowhere_and_are_all_counted(kernels):
    fed = fuzz('--rounds', '100', NUMBA_BOUNDSCHECK='1', NUMBA_CACHE_DIR=kernels)
    for encoding in ENCODINGS:
        assert fed[f'{encoding} random'] == fed[f'{encoding} mutated'] == 10_000
    assert fed['arrays random'] == fed['arrays mutated'] == fed['windows'] == 10_000
    kinds = {name.partition(' ')[2] for name in fed if name.startswith('file ')}
    assert kinds >= {'raw', 'raw_evt2', 'raw_evt21', 'dat', 'mcap', 'db3', 'bag'}
    assert ('aedat4' in kinds) == (find_spec('aedat') is not None
                                   and find_spec('dv_processing') is not None)
    assert min(count for name, count in fed.items() if name.startswith('file ')) == 1000


def test_kernels_do_the_same_without_the_compiler():
    """Overflow and the like that compiled code hides is an error here."""
    fed = fuzz('--rounds', '1', '--seed', '7', *(
        argument for encoding in ENCODINGS for kind in ('random', 'mutated')
        for argument in ('--target', f'{encoding} {kind}')),
        '--target', 'windows', NUMBA_DISABLE_JIT='1', PYTHONWARNINGS='error::RuntimeWarning')
    assert len(fed) == 2 * len(ENCODINGS) + 1


def test_an_access_beyond_an_array_would_be_seen(tmp_path):
    script = tmp_path / 'beyond.py'
    script.write_text(
        'import numba, numpy\n@numba.njit\ndef write(a, i):\n    a[i] = 1\n'
        'write(numpy.zeros(1), 1)\n')
    done = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, 'NUMBA_BOUNDSCHECK': '1'}, check=False,
        capture_output=True, text=True, timeout=120)
    assert 'IndexError' in done.stderr


def test_a_failure_is_shown_with_the_seed_that_shows_it_again(tmp_path):
    """With a reader that lets an error through."""
    script = tmp_path / 'broken.py'
    script.write_text(
        'import runpy, sys\n'
        'import eventsam_ros.events.event_arrays as arrays\n'
        'def broken(data):\n    raise KeyError(1)\n'
        'arrays.read_event_array = broken\n'
        f'sys.path.insert(0, {str(ROOT / "test" / "fuzz")!r})\n'
        'sys.argv = ["fuzz", "--rounds", "1", "--seed", "5", "--target", "arrays random"]\n'
        f'runpy.run_path({str(ROOT / "test" / "fuzz" / "__main__.py")!r})\n')
    done = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, 'PYTHONPATH': str(ROOT)}, check=False,
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        'fuzz: arrays random fails; again with --target "arrays random" --seed 5 --rounds 1')
