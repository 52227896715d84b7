# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compressed iniVation packets: the sheet's worked example and rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
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


def test_vectors_without_end_stay_outside_and_never_come_back():
    decoder = PacketDecoder('libcaer_cmp', 2048, 2048)
    events = decoder.decode(packet('2001 47ff ' + '50ff ' * 20_000), BASE)
    assert rows(events) == [(1, 2047, 0, 0)]
    assert decoder.counters['out_of_range'] == 8 * 20_000 - 1
    assert decoder.counters['address_lost'] == 0
    assert decoder.counters['vector_events'] == 8 * 20_000


class Reference:
    """The rules of the format, one word at a time, in plain Python."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.x, self.base, self.polarity = 0, 0, 0
        self.events, self.counts = [], dict.fromkeys((
            'out_of_range', 'event_words', 'vector_words', 'vector_events', 'address_words',
            'time_words', 'reserved'), 0)

    def put(self, y, p, time):
        if self.x < self.width and y < self.height:
            self.events.append((self.x, y, p, time))
        else:
            self.counts['out_of_range'] += 1

    def feed(self, words):
        high = low = 0
        names = ['time_words', 'time_words', 'address_words', 'event_words', 'address_words',
                 'vector_words']
        for word in words:
            kind, payload = word >> 12, word & 0xFFF
            self.counts[names[kind] if kind < 6 else 'reserved'] += 1
            if kind == 0:
                high = payload << 12
            elif kind == 1:
                low = payload
            elif kind == 2:
                self.x = payload & 0x7FF
            elif kind == 3:
                self.put(payload & 0x7FF, payload >> 11, high | low)
            elif kind == 4:
                self.base, self.polarity = payload & 0x7FF, payload >> 11
            elif kind == 5:
                for bit in range(8):
                    if payload >> bit & 1:
                        self.counts['vector_events'] += 1
                        self.put(self.base + bit, self.polarity, high | low)
                self.base += 8


WORD = st.one_of(
    st.integers(0, 0xFFFF),
    st.builds(lambda kind, payload: kind << 12 | payload,
              st.integers(0, 5), st.integers(0, 300)))


@given(packets=st.lists(st.lists(WORD, max_size=40), max_size=4), width=st.integers(1, 2048),
       height=st.integers(1, 2048))
def test_any_words_in_any_packets_decode_as_the_reference_does(packets, width, height):
    reference = Reference(width, height)
    decoder = PacketDecoder('libcaer_cmp', width, height)
    found = []
    for words in packets:
        reference.feed(words)
        found += rows(decoder.decode(np.array(words, '<u2').tobytes(), BASE))
    assert found == reference.events
    assert {name: decoder.counters[name] for name in reference.counts} == reference.counts
