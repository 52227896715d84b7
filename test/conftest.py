# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Fixtures of more than one room."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from hypothesis import settings
import pytest

# A loaded machine is no failure; how long a test takes is nobody's promise.
settings.register_profile('project', deadline=None)
settings.load_profile('project')


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """Return the folder of public development data, which is not part of the repository."""
    folder = Path(__file__).resolve().parents[2] / 'shared' / 'data'
    if not folder.is_dir():
        pytest.skip(f'public data not found at {folder}')
    return folder


@pytest.fixture(scope='session')
def recordings(shared_data: Path) -> dict[str, Path]:
    """Return the public event recordings by name."""
    return {path.name: path for path in sorted((shared_data / 'events').iterdir())}


@pytest.fixture(scope='session')
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle whose masks can be worked out by hand (see test/inference/conftest.py)."""
    source = Path(__file__).resolve().parent / 'inference' / 'conftest.py'
    spec = importlib.util.spec_from_file_location('tiny_bundle_source', source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Path(module.write_bundle(tmp_path_factory.mktemp('bundles') / 'tiny'))
