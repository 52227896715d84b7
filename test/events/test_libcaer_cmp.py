# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compressed iniVation packets: the sheet's worked example and rules."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events import PacketDecoder

BASE = 1_700_000_000_000_000_000
EXAMPLE = '2007 3805 1003 3006 0001 1000 200a 4808 5081 5001'


def packet(words):
    return np.array([int(word, 16) for word in words.split()], '<u2').tobytes()


def rows(events, base=BASE):
    """Return events as tuples (x, y, p, µs after the time base)."""
    return list(zip(
        events.x.tolist(), events.y.tolist(), events.p.tolist(),
        ((events.t - base) / 1000).tolist(), strict=True))


def test_worked_example_of_the_sheet():
    decoder = PacketDecoder('libcaer_cmp', 346, 260)
    assert rows(decoder.decode(packet(EXAMPLE), BASE)) == [
        (7, 5, 1, 0), (7, 6, 0, 3), (10, 8, 1, 4096), (10, 15, 1, 4096), (10, 16, 1, 4096)]


def test_time_starts_anew_in_every_packet_and_addresses_go_on():
    decoder = PacketDecoder('libcaer_cmp', 346, 260)
    decoder.decode(packet(EXAMPLE), BASE)
    later = BASE + 10_000_000
    assert rows(decoder.decode(packet('3001 5001'), later), later) == [
        (10, 1, 0, 0), (10, 24, 1, 0)]


def test_high_time_is_assigned_not_unrolled():
    decoder = PacketDecoder('libcaer_cmp', 346, 260)
    events = decoder.decode(packet('2001 0002 1005 3001 0001 1004 3002'), BASE)
    assert rows(events) == [(1, 1, 0, 8197), (1, 2, 0, 4100)]


def test_events_outside_the_sensor_are_left_out_and_counted():
    decoder = PacketDecoder('libcaer_cmp', 10, 10)
    events = decoder.decode(packet('200a 3001 2009 300a 3009 4008 50ff'), BASE)
    assert rows(events) == [(9, 9, 0, 0), (9, 8, 0, 0), (9, 9, 0, 0)]
    assert decoder.counters['out_of_range'] == 2 + 6


def test_words_of_unknown_type_are_skipped_and_counted():
    decoder = PacketDecoder('libcaer_cmp', 346, 260)
    events = decoder.decode(packet('2007 6fff 7000 3805 f123') + b'\0', BASE)
    assert rows(events) == [(7, 5, 1, 0)]
    assert decoder.counters['reserved'] == 3
    assert decoder.counters['stray_bytes'] == 1


def test_after_a_gap_events_wait_for_their_column_and_base():
    decoder = PacketDecoder('libcaer_cmp', 346, 260)
    decoder.decode(packet(EXAMPLE), BASE)
    decoder.gap()
    events = decoder.decode(packet('3001 5003 2002 3001 5001 4004 5001'), BASE)
    assert rows(events) == [(2, 1, 0, 0), (2, 4, 0, 0)]
    assert decoder.counters['address_lost'] == 4
