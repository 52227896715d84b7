# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which level a node's health has."""

from __future__ import annotations

from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticStatus
import pytest

from eventsam_ros.nodes.diagnostics import Concern, Health, Look, judge, silence, status

WELL = Health(active=True, latency_ms={'p95': 120.0})


@pytest.mark.parametrize(('changes', 'level', 'text'), [
    ({}, DiagnosticStatus.OK, 'segmenting'),
    ({'active': False}, DiagnosticStatus.OK, 'inactive'),
    ({'look': Look(concern=Concern(DiagnosticStatus.STALE, 'it is dark'))},
     DiagnosticStatus.STALE, 'it is dark'),
    ({'look': Look(overload='too much')}, DiagnosticStatus.WARN, 'too much'),
    ({'look': Look(overload='too much'), 'new_drops': {'packets_lost': 3}},
     DiagnosticStatus.WARN, '3 packets_lost; too much'),
    ({'look': Look(well='segmenting with both')}, DiagnosticStatus.OK, 'segmenting with both'),
    ({'look': Look(idle='nobody is here'), 'new_drops': {'moments_unwatched': 3}},
     DiagnosticStatus.OK, 'nobody is here'),
    ({'new_drops': {'packets_lost': 3}}, DiagnosticStatus.WARN, '3 packets_lost'),
    ({'new_drops': {'windows_superseded': 3}}, DiagnosticStatus.OK, 'segmenting'),
    ({'latency_ms': {'p95': 301.0}}, DiagnosticStatus.WARN, 'p95 is 301 ms'),
    ({'latency_ms': {'p95': 3e8}}, DiagnosticStatus.WARN, 'are 300000 s behind this node'),
    ({'mismatches': ('reliable is not best effort',)}, DiagnosticStatus.WARN, 'reliable is not'),
    ({'new_drops': {'windows_unwatched': 3}}, DiagnosticStatus.OK, 'nobody listens'),
    ({'fault': 'it broke'}, DiagnosticStatus.ERROR, 'it broke'),
])
def test_the_level_tells_the_worst_that_is_known(changes, level, text):
    actual, message = judge(replace(WELL, **changes))
    assert actual == level
    assert text in message


def test_silence_is_told_after_its_time():
    assert silence(0.1, 2.0, 'picture') is None
    assert silence(None, 2.0, 'picture') == Concern(
        DiagnosticStatus.WARN, 'no picture has arrived yet')
    assert silence(2.5, 2.0, 'event packet') == Concern(
        DiagnosticStatus.STALE, 'no event packet for 2.5 s')


def test_every_drop_is_named_among_the_values():
    message = status('node', replace(WELL, drops={'packets_lost': 2, 'windows_superseded': 0}))
    values = {pair.key: pair.value for pair in message.values}
    assert values['dropped.packets_lost'] == '2'
    assert values['dropped.windows_superseded'] == '0'
