# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Miniature datasets for all tests of this folder."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def layouts():
    """Return the module that writes miniature datasets in their exact layouts."""
    spec = importlib.util.spec_from_file_location(
        'dataset_layouts', Path(__file__).with_name('layouts.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='session')
def every_format(layouts, tmp_path_factory):
    """Return a folder of each format by the format's name; do not change them."""
    return {name: write(tmp_path_factory.mktemp(name.replace('-', '_')) / 'data')
            for name, write in layouts.WRITERS.items()}
