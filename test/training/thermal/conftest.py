# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A miniature of MFNet's layout with simulated streets, and recipes that learn from it."""

from __future__ import annotations

import pytest

pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('peft', reason='low-rank weights need peft')

from eventsam_ros.simulation.thermal_folder import StreetFolder, write_streets
from training.thermal.recipe import make_recipe


@pytest.fixture(scope='session')
def streets(tmp_path_factory):
    """Return a folder of 8 training, 3 validation and 3 test pairs of 64 x 48 pixels."""
    folder = tmp_path_factory.mktemp('streets') / 'mfnet'
    write_streets(folder, StreetFolder(8, 3, 3, 64, 48, seed=7))
    return folder


@pytest.fixture
def recipe(streets):
    """Return a function that makes a recipe of few small steps, with changes."""
    def make(*changes):
        values = {
            'name': 'small', 'data': {'path': str(streets)}, 'width': 64, 'height': 64,
            'network': {'encoder': 'hiera_micro', 'head': 16}, 'steps': 4, 'batch': 2,
            'warm_up': 1, 'rate': 1e-3, 'check_every': 2, 'check_pairs': 2, 'pictures': 1}
        return make_recipe(values, 'small.yaml', changes)
    return make
