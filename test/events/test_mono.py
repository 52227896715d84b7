# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The legacy 'mono' packets: the sheet's worked example and rules."""

from __future__ import annotations

import struct

from eventsam_ros.events import PacketDecoder


def record(x, y, p, dt):
    return struct.pack('<Q', dt | x << 32 | y << 48 | p << 63)


def test_worked_example_of_the_sheet():
    events = PacketDecoder('mono', 640, 480).decode(bytes.fromhex('e80300004101f180'), 50_000)
    assert (events.x.tolist(), events.y.tolist(), events.p.tolist()) == ([321], [241], [1])
    assert events.t.tolist() == [51_000]


def test_longest_time_and_largest_address_of_a_record():
    events = PacketDecoder('mono', 2**15, 2**15).decode(
        record(2**15 - 1, 2**15 - 1, 0, 2**32 - 1), 1)
    assert (events.x.tolist(), events.y.tolist(), events.p.tolist()) == (
        [2**15 - 1], [2**15 - 1], [0])
    assert events.t.tolist() == [2**32]


def test_events_outside_the_sensor_and_cut_records_are_counted():
    decoder = PacketDecoder('mono', 640, 480)
    data = record(640, 0, 1, 0) + record(0, 480, 1, 0) + record(639, 479, 1, 7) + b'123'
    assert decoder.decode(data).t.tolist() == [7]
    assert decoder.counters['out_of_range'] == 2
    assert decoder.counters['stray_bytes'] == 3
