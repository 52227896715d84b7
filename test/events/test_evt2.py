# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 2.0: the sheet's worked example, and every rule against a word-by-word reference."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.events import Events, PacketDecoder

WIDTH, HEIGHT = 640, 480
TURN_US = 1 << 34


def packet(words):
    if isinstance(words, str):
        words = [int(word, 16) for word in words.split()]
    return np.asarray(words, '<u4').tobytes()


def cd(x, y, p, low=0):
    return p << 28 | low << 22 | x << 11 | y


def high(value):
    return 0x8 << 28 | value & 0xFFFFFFF


def encode(rows):
    """Return words of events (x, y, p, t in µs), each behind its time where that changed."""
    words, last = [], None
    for x, y, p, t in rows:
        if t >> 6 != last:
            last = t >> 6
            words.append(high(last))
        words.append(cd(x, y, p, t & 63))
    return words


def rows(events):
    """Return events as tuples (x, y, p, t in µs)."""
    assert not np.any(events.t % 1000)
    return list(zip(
        events.x.tolist(), events.y.tolist(), events.p.tolist(), (events.t // 1000).tolist(),
        strict=True))


def decode(words, width=WIDTH, height=HEIGHT):
    return rows(PacketDecoder('evt2', width, height).decode(packet(words)))


class Reference:
    """The rules of the format, one word at a time, in plain Python."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.time = None   # unrolled, in steps of 64 µs
        self.events, self.triggers = [], []
        self.counts = dict.fromkeys((
            'out_of_range', 'reserved', 'before_time', 'event_words', 'time_words',
            'system_words'), 0)

    def feed(self, words):
        for word in words:
            kind = word >> 28
            if kind == 0x8:
                bits = word & 0xFFFFFFF
                self.counts['time_words'] += 1
                if self.time is None:
                    self.time = bits
                    continue
                step = bits - self.time % (1 << 28)
                slack = (1 << 27) + (1 << 10)
                self.time += step + (1 << 28) * (1 if step < -slack else -1 if step > slack else 0)
            elif self.time is None:
                self.counts['before_time'] += 1
            elif kind <= 1:
                x, y, low = word >> 11 & 0x7FF, word & 0x7FF, word >> 22 & 63
                self.counts['event_words'] += 1
                if x < self.width and y < self.height:
                    self.events.append((x, y, kind, self.time * 64 + low))
                else:
                    self.counts['out_of_range'] += 1
            elif kind == 0xA:
                self.triggers.append(
                    (word >> 8 & 0x1F, word & 1, self.time * 64 + (word >> 22 & 63)))
            elif kind in {0xD, 0xE, 0xF}:
                self.counts['system_words'] += 1
            else:
                self.counts['reserved'] += 1


def test_worked_example_of_the_sheet():
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    events = decoder.decode(packet('80000014 10c76879 0fc02806 a0400201'))
    assert rows(events) == [(237, 121, 1, 1283), (5, 6, 0, 1343)]
    triggers = decoder.take_triggers()
    assert (triggers.channel.tolist(), triggers.edge.tolist(), triggers.t.tolist()) == (
        [2], [1], [1_281_000])


def test_words_before_the_first_time_high_are_skipped_and_counted():
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    assert rows(decoder.decode(packet([cd(1, 1, 1), 0xA << 28]))) == []
    assert rows(decoder.decode(packet([cd(2, 2, 1), high(1), cd(3, 3, 1)]))) == [(3, 3, 1, 64)]
    assert decoder.counters['before_time'] == 3
    assert len(decoder.take_triggers()) == 0


def test_time_survives_the_packet_and_a_gap():
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    decoder.decode(packet([high(5)]))
    decoder.gap()
    assert rows(decoder.decode(packet([cd(1, 2, 0, 7)]))) == [(1, 2, 0, 5 * 64 + 7)]


def test_wrap_inside_a_packet_goes_on():
    words = [high(2**28 - 1), cd(1, 1, 1, 63), high(0), cd(1, 1, 1, 0)]
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    assert rows(decoder.decode(packet(words))) == [(1, 1, 1, TURN_US - 1), (1, 1, 1, TURN_US)]
    assert decoder.counters['wraps'] == 1


def test_time_that_steps_back_is_no_wrap():
    assert decode([high(100), cd(1, 1, 1, 5), cd(1, 1, 1, 3), high(99), cd(1, 1, 1, 0)]) == [
        (1, 1, 1, 6405), (1, 1, 1, 6403), (1, 1, 1, 6336)]


def test_one_corrupt_time_high_shifts_time_only_until_the_next():
    # Not the top bit in the very word that wraps: half a turn could be either way.
    for start, bits in ((0, 28), (100, 28), (2**27, 28), (2**28 - 1, 27)):
        for bit in range(bits):
            words = [high(start), high(start + 1 ^ 1 << bit), high(start + 2), cd(1, 1, 1)]
            assert decode(words) == [(1, 1, 1, (start + 2) * 64)]


@pytest.mark.parametrize('kind', [0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x9, 0xB, 0xC])
def test_reserved_words_cost_nothing_but_themselves(kind):
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    words = [high(1), kind << 28 | 0x1234567, cd(3, 4, 1), kind << 28, cd(4, 4, 1)]
    assert rows(decoder.decode(packet(words))) == [(3, 4, 1, 64), (4, 4, 1, 64)]
    assert decoder.counters['reserved'] == 2


def test_monitoring_words_and_what_continues_them_emit_nothing():
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    words = [high(1), 0xE0010014, 0xF0001234, 0xF8000001, 0xD0000000, cd(3, 4, 1)]
    assert rows(decoder.decode(packet(words))) == [(3, 4, 1, 64)]
    assert decoder.counters['system_words'] == 4


def test_events_outside_the_sensor_and_stray_bytes_are_counted():
    decoder = PacketDecoder('evt2', WIDTH, HEIGHT)
    words = [high(0), cd(640, 0, 1), cd(0, 480, 0), cd(2047, 2047, 1), cd(639, 479, 1)]
    assert rows(decoder.decode(packet(words) + b'123')) == [(639, 479, 1, 0)]
    assert decoder.counters['out_of_range'] == 3
    assert decoder.counters['stray_bytes'] == 3


EVENT = st.tuples(
    st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(0, 1),
    st.sampled_from([0, 1, 3, 63, 64, 4096, -2, 10_000_000, 1 << 32]))


@given(steps=st.lists(EVENT, max_size=60), start=st.integers(0, TURN_US - 1))
def test_encoded_events_come_back(steps, start):
    given_rows, now = [], start
    for x, y, p, step in steps:
        now = max(now + step, 0)
        given_rows.append((x, y, p, now))
    first = (given_rows[0][3] >> 34 << 34) if given_rows else 0
    assert decode(encode(given_rows)) == [(x, y, p, t - first) for x, y, p, t in given_rows]


WORD = st.one_of(
    st.integers(0, 2**32 - 1),
    st.builds(lambda kind, payload: kind << 28 | payload,
              st.sampled_from([0x0, 0x1, 0x8, 0xA]), st.integers(0, 255)),
    st.builds(high, st.integers(2**28 - 3, 2**28 + 3)))


@given(
    words=st.lists(WORD, max_size=60), cuts=st.lists(st.integers(0, 60), max_size=4),
    width=st.integers(1, 2048), height=st.integers(1, 2048))
def test_any_words_in_any_packets_decode_as_the_reference_does(words, cuts, width, height):
    reference = Reference(width, height)
    reference.feed(words)
    decoder = PacketDecoder('evt2', width, height)
    bounds = [0, *sorted(min(cut, len(words)) for cut in cuts), len(words)]
    parts = [decoder.decode(packet(words[a:b])) for a, b in pairwise(bounds)]
    assert rows(Events.concatenate(parts)) == reference.events
    triggers = decoder.take_triggers()
    assert list(zip(
        triggers.channel.tolist(), triggers.edge.tolist(), (triggers.t // 1000).tolist(),
        strict=True)) == reference.triggers
    assert {name: decoder.counters[name] for name in reference.counts} == reference.counts
