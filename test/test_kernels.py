# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is compiled is kept, and forgotten when any source of its package changes."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import pytest

CALLEE = """
from eventsam_ros.kernels import kernel

@kernel
def step(x):
    return x + {step}
"""
CALLER = """
from eventsam_ros.kernels import kernel
from .callee import step

@kernel(fastmath=True)
def twice(x):
    return step(step(x))
"""
RUN = 'from made.caller import twice; print(twice(1), sum(twice.stats.cache_hits.values()))'


def run(folder: Path) -> list[str]:
    """Return the result of a new process, and whether it was compiled before."""
    paths = [str(folder), str(Path(__file__).parents[1]), os.environ.get('PYTHONPATH', '')]
    done = subprocess.run(
        [sys.executable, '-c', RUN], capture_output=True, text=True, check=True,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)})
    return done.stdout.split()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package of two files, of which one compiles what is in the other."""
    made = tmp_path / 'made'
    made.mkdir()
    (made / '__init__.py').touch()
    (made / 'callee.py').write_text(CALLEE.format(step=1))
    (made / 'caller.py').write_text(CALLER)
    return made


@pytest.mark.skipif('NUMBA_DISABLE_JIT' in os.environ, reason='nothing is compiled')
def test_compiled_once_and_again_when_another_file_changes(package: Path) -> None:
    assert run(package.parent) == ['3', '0']
    assert run(package.parent) == ['3', '1']
    (package / 'callee.py').write_text(CALLEE.format(step=10))
    assert run(package.parent) == ['21', '0']
    assert run(package.parent) == ['21', '1']


@pytest.mark.skipif('NUMBA_DISABLE_JIT' in os.environ, reason='nothing is compiled')
def test_compiled_at_every_start_where_no_folder_can_be_written(
    package: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = package / '__pycache__'   # where numba would like to keep it, too
    nowhere.touch()
    for name in ('HOME', 'XDG_CACHE_HOME', 'NUMBA_CACHE_DIR'):
        monkeypatch.setenv(name, str(nowhere / name))
    assert run(package.parent) == ['3', '0']
    assert run(package.parent) == ['3', '0']
