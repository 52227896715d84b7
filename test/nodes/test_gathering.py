# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which pictures of several cameras belong together, and what is not waited for."""

from __future__ import annotations

import pytest

from eventsam_ros.inference.rgbt_pairing import PairingOptions
from eventsam_ros.nodes.gathering import Gathering

MS = 1_000_000
NAMES = ('front', 'left', 'right')
OPTIONS = PairingOptions(tolerance_ns=10 * MS, patience_ns=50 * MS, silence_ns=300 * MS)


@pytest.fixture
def gathering():
    return Gathering(NAMES, OPTIONS)


def show(gathering, at_ms, cameras=NAMES, skew_ms=0, arrived_ms=None):
    """Let cameras show a moment, each a little after the one before it."""
    found = []
    for k, name in enumerate(cameras):
        stamp = (at_ms + k * skew_ms) * MS
        now = (at_ms if arrived_ms is None else arrived_ms) * MS
        found += gathering.add(name, stamp, now, (name, at_ms))
    return found


def test_pictures_within_the_tolerance_are_one_moment(gathering):
    for at in (0, 100, 200):
        (found,) = show(gathering, at, skew_ms=5)
        assert found.stamp_ns == at * MS
        assert found.items == {name: (name, at) for name in NAMES}
        assert found.missing == ()
    assert gathering.counts == {'gathered': 3, 'whole': 3}


def test_stamps_farther_apart_are_moments_of_their_own(gathering):
    assert show(gathering, 0, skew_ms=11) == []
    found = gathering.due(50 * MS)
    assert [set(each.items) for each in found] == [{'front'}, {'left'}, {'right'}]
    assert [each.stamp_ns for each in found] == [0, 11 * MS, 22 * MS]
    assert found[0].missing == ('left', 'right')


def test_a_late_camera_is_waited_for_as_long_as_the_patience(gathering):
    show(gathering, 0)
    assert show(gathering, 100, ('front', 'left')) == []
    assert gathering.due(149 * MS) == []
    (found,) = gathering.due(150 * MS)
    assert found.missing == ('right',)
    assert gathering.add('right', 100 * MS, 160 * MS, None) == []
    assert gathering.counts['late'] == 1


def test_a_dead_camera_is_not_waited_for(gathering):
    show(gathering, 0)
    for at in range(100, 400, 100):
        show(gathering, at, ('front', 'left'))
        gathering.due((at + 50) * MS)
    (found,) = show(gathering, 400, ('front', 'left'))   # silent for 400 ms
    assert found.missing == ('right',)
    assert len(found.items) == 2
    (found,) = show(gathering, 500) or gathering.due(500 * MS)   # it lives again
    assert show(gathering, 600)[0].missing == ()


def test_a_camera_that_never_came_is_dead_after_the_silence(gathering):
    assert show(gathering, 0, ('front', 'left')) == []
    gathering.due(50 * MS)
    assert show(gathering, 300, ('front', 'left')) == []
    gathering.due(350 * MS)
    (found,) = show(gathering, 400, ('front', 'left'))
    assert found.missing == ('right',)


def test_a_whole_moment_overtakes_those_that_wait(gathering):
    show(gathering, 0)
    assert show(gathering, 30, ('front',)) == []
    (found,) = show(gathering, 60, arrived_ms=61)
    assert found.stamp_ns == 60 * MS
    assert gathering.counts['overtaken'] == 1
    assert gathering.due(1000 * MS) == []


def test_stamps_that_go_back_are_left_out_or_begin_anew(gathering):
    show(gathering, 1000)
    assert show(gathering, 1000, ('front',), arrived_ms=1001) == []
    assert gathering.counts['out_of_order'] == 1
    (found,) = show(gathering, 5, arrived_ms=1100)
    assert found.stamp_ns == 5 * MS
    assert gathering.counts['restarted'] == 1


def test_those_that_live_begin_anew_where_dead_cameras_went_on_far_ahead(gathering):
    show(gathering, 0)
    show(gathering, 90_000, ('front',), arrived_ms=100)
    (ahead,) = gathering.due(150 * MS)
    assert ahead.stamp_ns == 90_000 * MS
    found = []
    for at in range(200, 900, 100):
        found += show(gathering, at, ('left', 'right'))
        found += gathering.due((at + 50) * MS)
    # Front is dead 300 ms after it was heard; until then nobody knows who is right.
    assert [each.stamp_ns // MS for each in found] == [500, 600, 700, 800]
    assert gathering.counts['late'] == 6
    assert gathering.counts['restarted'] == 1


def test_what_waits_is_bounded(gathering):
    patient = Gathering(NAMES, PairingOptions(0, 10_000 * MS, 10_000 * MS))
    for k in range(40):
        patient.add('front', k * MS, 0, k)
    assert patient.counts['crowded'] == 24
    assert len(patient.due(20_000 * MS)) == 16
    show(gathering, 0, ('front',))
    gathering.reset()
    assert gathering.due(1000 * MS) == []
