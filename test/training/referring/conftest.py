# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A few simulated clips of 64 x 48 pixels, and recipes that learn from them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.referring.clips.filming import ClipSettings  # noqa: E402
from training.referring.clips.store import write_clips  # noqa: E402
from training.referring.recipe import make_recipe  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    """Begin each test with the same random numbers, on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='session')
def clips(tmp_path_factory):
    """Return a folder of 6 training, 2 validation and 2 test clips of 6 frames."""
    folder = tmp_path_factory.mktemp('clips')
    for split, count in (('train', 6), ('val', 2), ('test', 2)):
        write_clips(folder, split, count, scenarios=('plain', 'return'),
                    settings=ClipSettings(64, 48, 6))
    return folder


@pytest.fixture
def recipe(clips):
    """Return a function that makes a recipe of few small steps, with changes."""
    def make(*changes):
        values = {
            'name': 'small', 'data': {'path': str(clips)}, 'width': 64, 'height': 64,
            'network': {'detail': 2, 'text': {'width': 16, 'words': 12}},
            'rates': {'decoder': 1e-3}, 'frames': 2, 'sentences': 2, 'steps': 4, 'batch': 2,
            'warm_up': 1, 'check_every': 2, 'check_clips': 1, 'pictures': 1}
        return make_recipe(values, 'small.yaml', changes)
    return make
