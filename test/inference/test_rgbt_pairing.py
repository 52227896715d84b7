# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Colour and thermal pictures by stamp: pairs, late partners, dead cameras, bags that loop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.inference.rgbt_pairing import MODES, Pairing, PairingOptions, describe

MS = 1_000_000
OPTIONS = PairingOptions(20 * MS, 50 * MS, 1000 * MS)


def modes(found):
    return [(m.rgb, m.thermal, m.mode, m.skew_ns) for m in found]


def test_a_pair_within_the_tolerance_is_one_result():
    pairing = Pairing(OPTIONS)
    assert pairing.add('rgb', 100 * MS, 5 * MS, 'r0') == []
    (found,) = pairing.add('thermal', 112 * MS, 9 * MS, 't0')
    assert (found.stamp_ns, found.rgb, found.thermal, found.mode, found.skew_ns) == (
        100 * MS, 'r0', 't0', 'paired', 12 * MS)
    assert pairing.next_due_ns() is None


def test_the_tolerance_is_a_limit_to_the_nanosecond():
    for skew, paired in ((20 * MS, True), (20 * MS + 1, False), (-20 * MS, True)):
        pairing = Pairing(OPTIONS)
        pairing.add('rgb', 100 * MS, 0, 'r')
        found = pairing.add('thermal', 100 * MS + skew, 0, 't')
        assert [m.mode for m in found if m.mode == 'paired'] == ['paired'] * paired


def test_the_nearest_stamps_pair_first():
    pairing = Pairing(OPTIONS)
    pairing.add('rgb', 100 * MS, 0, 'early')
    pairing.add('rgb', 115 * MS, 0, 'near')
    found = pairing.add('thermal', 117 * MS, 0, 't')
    assert ('near', 't', 'paired', 2 * MS) in modes(found)
    assert ('early', None, 'late_thermal', None) not in modes(found)
    (later,) = pairing.due(50 * MS)
    assert (later.rgb, later.mode) == ('early', 'late_thermal')


def test_a_late_partner_costs_the_patience_once_and_never_pairs_afterwards():
    pairing = Pairing(OPTIONS)
    pairing.add('thermal', 0, 0, 't0')
    pairing.add('rgb', 0, 0, 'r0')
    assert pairing.add('rgb', 100 * MS, 100 * MS, 'r1') == []
    assert pairing.next_due_ns() == 150 * MS
    assert pairing.due(150 * MS - 1) == []
    assert modes(pairing.due(150 * MS)) == [('r1', None, 'late_thermal', None)]
    # the partner comes after all: it goes on alone, at its own patience's end
    assert pairing.add('thermal', 101 * MS, 160 * MS, 't1') == []
    assert modes(pairing.due(210 * MS)) == [(None, 't1', 'late_rgb', None)]


def test_a_partner_that_is_past_is_not_waited_for():
    pairing = Pairing(OPTIONS)
    pairing.add('thermal', 200 * MS, 0, 't')
    found = pairing.add('rgb', 100 * MS, 1 * MS, 'r')
    assert modes(found) == [('r', None, 'late_thermal', None)]


def test_a_silent_camera_counts_as_dead_and_nobody_waits():
    pairing = Pairing(OPTIONS)
    pairing.add('thermal', 0, 0, 't')
    pairing.add('rgb', 0, 0, 'r')
    found = pairing.add('rgb', 1500 * MS, 1500 * MS, 'r1')
    assert modes(found) == [('r1', None, 'rgb_only', None)]
    # it comes back
    assert pairing.add('thermal', 1501 * MS, 1501 * MS, 't1') == []
    assert modes(pairing.add('rgb', 1600 * MS, 1600 * MS, 'r2')) == [
        (None, 't1', 'late_rgb', None)]
    assert modes(pairing.add('thermal', 1601 * MS, 1601 * MS, 't2')) == [
        ('r2', 't2', 'paired', 1 * MS)]


def test_a_camera_that_is_never_heard_is_waited_for_at_the_beginning_only():
    pairing = Pairing(OPTIONS)
    assert pairing.add('thermal', 0, 0, 't') == []
    assert modes(pairing.due(50 * MS)) == [(None, 't', 'thermal_only', None)]
    assert pairing.add('thermal', 900 * MS, 900 * MS, 't1') == []
    assert [m[1] for m in modes(pairing.due(1000 * MS))] == ['t1']
    assert modes(pairing.add('thermal', 1100 * MS, 1100 * MS, 't2')) == [
        (None, 't2', 'thermal_only', None)]


def test_stamps_out_of_order_are_left_out_and_a_bag_that_loops_begins_anew():
    pairing = Pairing(OPTIONS)
    pairing.add('rgb', 5000 * MS, 0, 'a')
    pairing.add('rgb', 4990 * MS, 1 * MS, 'b')
    assert pairing.counts['out_of_order'] == 1
    assert pairing.add('rgb', 10 * MS, 2 * MS, 'c') == []
    assert pairing.counts['restarted'] == 1
    (found,) = pairing.add('thermal', 10 * MS, 3 * MS, 't')
    assert (found.rgb, found.thermal, found.skew_ns) == ('c', 't', 0)


def test_a_queue_does_not_grow():
    pairing = Pairing(PairingOptions(0, 10_000 * MS, 10_000 * MS))
    for k in range(40):
        pairing.add('rgb', k * MS, 0, k)
    assert pairing.counts['crowded'] == 24
    assert len(pairing.due(20_000 * MS)) == 16


def test_skew_is_reported_with_its_sign():
    pairing = Pairing(OPTIONS)
    for k, skew in enumerate((4, -10, 3)):
        pairing.add('rgb', (k * 100 + 50) * MS, k * 100 * MS, 'r')
        pairing.add('thermal', (k * 100 + 50 + skew) * MS, k * 100 * MS, 't')
    assert pairing.skew.pairs == 3
    assert pairing.skew.mean_ns == -1 * MS
    told = describe(pairing)
    assert (told['skew_last_ms'], told['skew_largest_ms'], told['skew_mean_ms']
            ) == ('3.000', '10.000', '-1.000')
    pairing.reset()
    assert pairing.next_due_ns() is None
    assert pairing.counts['paired'] == 3


@pytest.mark.parametrize(('values', 'message'), [
    ((-1, 0, 0), 'at least 0 ns, but got -1 and 0'),
    ((0, 10, 5), 'silence must be at least the patience of 10 ns, but got 5')])
def test_options_out_of_range_are_told(values, message):
    with pytest.raises(ValueError, match=message):
        PairingOptions(*values)


@given(st.integers(0, 2 ** 32))
def test_every_picture_comes_out_once_and_pairs_keep_the_tolerance(seed):
    rng = np.random.default_rng(seed)
    pairing = Pairing(OPTIONS)
    stream = [(kind, int(stamp), f'{kind}{k}') for kind in ('rgb', 'thermal') for k, stamp in
              enumerate(np.unique(rng.integers(0, 2000, int(rng.integers(0, 30)))) * MS)]
    delays = rng.integers(0, 120, len(stream)) * MS
    arrivals = [max(stamp + delay, 0) for (_, stamp, _), delay in zip(stream, delays, strict=True)]
    given_out, left_out = [], 0
    for k in np.argsort(arrivals, kind='stable'):
        kind, stamp, item = stream[k]
        given_out += pairing.add(kind, stamp, int(arrivals[k]), item)
    given_out += pairing.due(10_000 * MS)
    left_out = pairing.counts['out_of_order'] + pairing.counts['crowded']
    items = [i for m in given_out for i in (m.rgb, m.thermal) if i is not None]
    assert len(items) == len(set(items)) == len(stream) - left_out
    for match in given_out:
        assert (match.skew_ns is None) == (match.rgb is None or match.thermal is None)
        if match.skew_ns is not None:
            assert abs(match.skew_ns) <= OPTIONS.tolerance_ns
    assert sum(pairing.counts[mode] for mode in MODES) == len(given_out)
