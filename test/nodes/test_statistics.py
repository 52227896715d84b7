# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Percentiles and rates against numpy and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from eventsam_ros.nodes.statistics import Rates, Series


def test_percentiles_are_of_the_newest_thousand_values():
    series = Series()
    assert series.percentiles() == {}
    values = np.random.default_rng(1).exponential(10, 2500)
    for value in values:
        series.add(value)
    expected = np.percentile(values[-1000:], [50, 95, 99])
    assert list(series.percentiles().values()) == pytest.approx(list(expected))
    assert list(series.percentiles()) == ['p50', 'p95', 'p99']


def test_rates_are_growth_over_time():
    rates = Rates()
    assert rates.look({'events': 100}, 5.0) == {'events': 0.0}
    assert rates.look({'events': 600, 'packets': 4}, 7.0) == {'events': 250.0, 'packets': 2.0}
    assert rates.look({'events': 600}, 7.0) == {'events': 0.0}
