# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Fixtures of more than one room."""

from __future__ import annotations

from pathlib import Path

import pytest


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
