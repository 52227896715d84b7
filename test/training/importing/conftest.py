# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The module `official` beside this file, for the tests of this folder."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def official():
    """Return networks of segment_anything with random weights, and their predictor."""
    pytest.importorskip('torch', reason='training needs torch')
    import training.networks  # noqa: F401
    spec = importlib.util.spec_from_file_location(
        'official', Path(__file__).parent / 'official.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
