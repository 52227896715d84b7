# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Repeated measurements and their percentiles."""

from __future__ import annotations

import statistics

import pytest

from eventsam_ros.benchmark.spread import Effort, Sample, repeat, spread


def test_percentiles_are_those_of_the_statistics_module():
    walls = [5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 7.0]
    found = spread([Sample(wall, 2 * wall) for wall in walls])
    shares = statistics.quantiles(walls, n=100, method='inclusive')
    assert found['p50'] == statistics.median(walls)
    assert found['p95'] == pytest.approx(shares[94], abs=1e-3)
    assert found['p99'] == pytest.approx(shares[98], abs=1e-3)
    assert (found['min'], found['max']) == (1.0, 9.0)
    assert found['mean'] == pytest.approx(statistics.mean(walls), abs=1e-3)
    assert found['cpu_p50'] == 2 * statistics.median(walls)
    assert found['turns'] == 7


def test_nothing_measured_is_no_spread():
    with pytest.raises(ValueError, match='at least one'):
        spread([])


def test_the_first_call_is_not_looked_at():
    calls = []
    assert len(repeat(lambda: calls.append(1), Effort(0.0, 4))) == 4
    assert len(calls) == 5


def test_a_quick_thing_is_repeated_until_the_time_is_over_but_not_forever():
    assert 3 < len(repeat(lambda: None, Effort(60.0, 3))) <= 2000
