# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The legacy 'trigger' packets: edges with times after the time base."""

from __future__ import annotations

import struct

from eventsam_ros.events import PacketDecoder


def record(dt, channel, edge):
    return struct.pack('<Q', dt | channel << 48 | edge << 63)


def test_edges_have_their_time_channel_and_direction():
    decoder = PacketDecoder('trigger', 640, 480)
    data = record(1000, 6, 1) + record(2**32 - 1, 2**15 - 1, 0) + record(0, 0, 1)
    assert len(decoder.decode(data, 50_000)) == 0
    triggers = decoder.take_triggers()
    assert triggers.t.tolist() == [51_000, 50_000 + 2**32 - 1, 50_000]
    assert triggers.channel.tolist() == [6, 2**15 - 1, 0]
    assert triggers.edge.tolist() == [1, 0, 1]
    assert decoder.counters['triggers'] == decoder.counters['words'] == 3


def test_bits_without_a_meaning_change_nothing_and_cut_records_are_counted():
    decoder = PacketDecoder('trigger', 640, 480)
    data = struct.pack('<Q', 7 | 0xFFFF << 32 | 3 << 48) + b'12345'
    decoder.decode(data)
    triggers = decoder.take_triggers()
    assert (triggers.t.tolist(), triggers.channel.tolist(), triggers.edge.tolist()) == (
        [7], [3], [0])
    assert decoder.counters['stray_bytes'] == 5
