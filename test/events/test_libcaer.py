# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Uncompressed iniVation packets: the sheet's worked example and rules."""

from __future__ import annotations

import struct

import numpy as np

from eventsam_ros.events import PacketDecoder

BASE = 1_700_000_000_000_000_000


def record(x, y, p, stamp):
    return struct.pack('<II', 1 | p << 1 | y << 2 | x << 17, stamp)


def test_worked_example_of_the_sheet():
    events = PacketDecoder('libcaer', 346, 260).decode(bytes.fromhex('cb00c80005000000'), BASE)
    assert (events.x.tolist(), events.y.tolist(), events.p.tolist()) == ([100], [50], [1])
    assert events.t.tolist() == [BASE + 5000]


def test_counter_that_turns_over_inside_a_packet_goes_on():
    stamps = [2**31 - 2, 2**31 - 1, 0, 7]
    decoder = PacketDecoder('libcaer', 346, 260)
    data = b''.join(record(1, 2, 0, stamp) for stamp in stamps)
    expected = [BASE + 1000 * us for us in (2**31 - 2, 2**31 - 1, 2**31, 2**31 + 7)]
    assert decoder.decode(data, BASE).t.tolist() == expected
    assert decoder.counters['wraps'] == 1
    # The driver puts the turn into the next packet's time base.
    following = decoder.decode(record(1, 2, 0, 9), BASE + 2**31 * 1000)
    assert following.t.tolist() == [BASE + 1000 * (2**31 + 9)]


def test_time_that_steps_back_is_no_turn():
    decoder = PacketDecoder('libcaer', 346, 260)
    data = b''.join(record(1, 2, 0, stamp) for stamp in (1000, 997, 1001, 2**31 - 5, 3, 2**31 - 1))
    assert ((decoder.decode(data, BASE).t - BASE) // 1000).tolist() == [
        1000, 997, 1001, -5, 3, -1]
    assert decoder.counters['wraps'] == -1


def test_one_corrupt_record_moves_no_other():
    for bit in range(31):
        decoder = PacketDecoder('libcaer', 346, 260)
        stamps = (1000, 1001 ^ 1 << bit, 1002, 1003)
        events = decoder.decode(b''.join(record(1, 2, 0, stamp) for stamp in stamps), BASE)
        assert ((events.t - BASE) // 1000)[[0, 2, 3]].tolist() == [1000, 1002, 1003]


def test_mark_of_validity_and_top_bit_of_the_time_mean_nothing():
    data = struct.pack('<II', 0 | 1 << 1 | 7 << 2 | 9 << 17, 1 << 31 | 5)
    events = PacketDecoder('libcaer', 346, 260).decode(data, BASE)
    assert (events.x.tolist(), events.y.tolist(), events.p.tolist()) == ([9], [7], [1])
    assert events.t.tolist() == [BASE + 5000]


def test_events_outside_the_sensor_and_cut_records_are_counted():
    decoder = PacketDecoder('libcaer', 346, 260)
    data = record(346, 0, 1, 0) + record(0, 260, 1, 0) + record(345, 259, 1, 3) + b'1234567'
    events = decoder.decode(data, BASE)
    assert (events.x.tolist(), events.y.tolist()) == ([345], [259])
    assert decoder.counters['out_of_range'] == 2
    assert decoder.counters['stray_bytes'] == 7
    assert decoder.counters['words'] == 3


def test_random_records_match_a_plain_unpacking():
    rng = np.random.default_rng(3)
    stamps = np.sort(rng.integers(0, 2**31, 500)).tolist()
    cases = [(int(x), int(y), int(p), stamp) for x, y, p, stamp in zip(
        rng.integers(0, 2**15, 500), rng.integers(0, 2**15, 500), rng.integers(0, 2, 500),
        stamps, strict=True)]
    events = PacketDecoder('libcaer', 2**15, 2**15).decode(
        b''.join(record(*case) for case in cases), BASE)
    assert list(zip(
        events.x.tolist(), events.y.tolist(), events.p.tolist(),
        ((events.t - BASE) // 1000).tolist(), strict=True)) == cases
