# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Miniature datasets for all tests of this folder."""


import pytest


@pytest.fixture(scope='session')
def every_format(layouts, tmp_path_factory):
    """Return a folder of each format by the format's name; do not change them."""
    return {name: write(tmp_path_factory.mktemp(name.replace('-', '_')) / 'data')
            for name, write in layouts.WRITERS.items()}
