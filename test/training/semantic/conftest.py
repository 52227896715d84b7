# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A miniature world: shapes for source, target and test, and a recipe of a few steps."""

import pytest

# torch is imported where it is used: without it the tests are skipped by their own first lines


@pytest.fixture(scope='session', autouse=True)
def one_thread():
    """Networks this small gain nothing from more."""
    torch = pytest.importorskip('torch', reason='training needs torch')
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='session')
def content():
    """What a recipe of the miniature world says, to be copied and changed."""
    sensor = {'width': 64, 'height': 48}
    plan = {'steps': 4, 'warm_up': 1, 'batch': 2, 'check_every': 2}
    return {
        'name': 'mini', 'classes': 'shapes', 'width': 64, 'height': 48, 'packets': 3,
        'window_packets': 2, 'validation_share': 0.3,
        'source': {'kind': 'scenes', 'views': 10, 'seed': 1, 'sensor': sensor},
        'target': {'kind': 'scenes', 'views': 6, 'seed': 2, 'sensor': sensor},
        'test': {'kind': 'scenes', 'views': 4, 'seed': 3, 'sensor': sensor},
        'reconstruction': {'kind': 'high_pass'},
        'images': plan, 'events': plan, 'cross': plan, 'supervised': plan}
