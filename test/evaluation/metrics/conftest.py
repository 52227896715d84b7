# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The second implementation of the metrics, for all tests of this folder."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def oracles():
    spec = importlib.util.spec_from_file_location(
        'metric_oracles', Path(__file__).with_name('oracles.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
