# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Fixtures of more than one room."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from hypothesis import settings
from miniature import datasets, events
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
    """Return a bundle whose masks can be worked out by hand; not to be written to."""
    return Path(events.write(tmp_path_factory.mktemp('bundles') / 'tiny'))


@pytest.fixture(scope='session')
def layouts() -> ModuleType:
    """Return the module that writes miniature datasets in their exact layouts."""
    return datasets
