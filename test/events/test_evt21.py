# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 2.1 in both byte orders: the sheet's worked example, and every rule against a reference."""

from __future__ import annotations

from itertools import pairwise
import struct

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.events import Events, PacketDecoder

WIDTH, HEIGHT = 320, 320
ENCODINGS = ('evt21', 'evt21_legacy')


def packet(words, encoding='evt21'):
    if encoding == 'evt21':
        return b''.join(struct.pack('<Q', word) for word in words)
    return b''.join(struct.pack('<II', word >> 32, word & 0xFFFFFFFF) for word in words)


def vector(base, y, p, mask, low=0):
    return p << 60 | low << 54 | base << 43 | y << 32 | mask


def high(value):
    return 0x8 << 60 | (value & 0xFFFFFFF) << 32


def rows(events):
    """Return events as tuples (x, y, p, t in µs)."""
    assert not np.any(events.t % 1000)
    return list(zip(
        events.x.tolist(), events.y.tolist(), events.p.tolist(), (events.t // 1000).tolist(),
        strict=True))


class Reference:
    """The rules of the format, one word at a time, in plain Python."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.time = None   # unrolled, in steps of 64 µs
        self.events, self.triggers = [], []
        self.counts = dict.fromkeys((
            'out_of_range', 'reserved', 'before_time', 'vector_words', 'vector_events',
            'time_words', 'system_words'), 0)

    def feed(self, words):
        for word in words:
            kind, low = word >> 60, word >> 54 & 63
            if kind == 0x8:
                bits = word >> 32 & 0xFFFFFFF
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
                self.counts['vector_words'] += 1
                for bit in range(32):
                    if word >> bit & 1:
                        x, y = (word >> 43 & 0x7FF) + bit, word >> 32 & 0x7FF
                        self.counts['vector_events'] += 1
                        if x < self.width and y < self.height:
                            self.events.append((x, y, kind, self.time * 64 + low))
                        else:
                            self.counts['out_of_range'] += 1
            elif kind == 0xA:
                self.triggers.append(
                    (word >> 40 & 0x1F, word >> 32 & 1, self.time * 64 + low))
            elif kind in {0xD, 0xE, 0xF}:
                self.counts['system_words'] += 1
            else:
                self.counts['reserved'] += 1


@pytest.mark.parametrize(('encoding', 'word'), [
    ('evt21', '01000080 0900c110'), ('evt21_legacy', '0900c110 01000080')])
def test_worked_example_of_the_sheet(encoding, word):
    # 10c1000980000001 as it lies in a file; its time is 0x14 << 6 | 3.
    time = packet([high(0x14)], encoding)
    events = PacketDecoder(encoding, WIDTH, HEIGHT).decode(time + bytes.fromhex(word))
    assert rows(events) == [(32, 9, 1, 1283), (63, 9, 1, 1283)]


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_triggers_have_their_channel_and_edge(encoding):
    decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
    words = [high(2), 0xA << 60 | 5 << 54 | 17 << 40 | 1 << 32, 0xA << 60 | 6 << 54 | 3 << 40]
    assert len(decoder.decode(packet(words, encoding))) == 0
    triggers = decoder.take_triggers()
    assert (triggers.channel.tolist(), triggers.edge.tolist(), triggers.t.tolist()) == (
        [17, 3], [1, 0], [133_000, 134_000])


def test_words_before_the_first_time_high_are_skipped_and_counted():
    decoder = PacketDecoder('evt21', WIDTH, HEIGHT)
    assert rows(decoder.decode(packet([vector(1, 1, 1, 1), 0xA << 60]))) == []
    assert rows(decoder.decode(packet([high(1), vector(3, 3, 1, 1)]))) == [(3, 3, 1, 64)]
    assert decoder.counters['before_time'] == 2


def test_time_survives_the_packet_and_a_gap():
    decoder = PacketDecoder('evt21', WIDTH, HEIGHT)
    decoder.decode(packet([high(5)]))
    decoder.gap()
    assert rows(decoder.decode(packet([vector(1, 2, 0, 1, 7)]))) == [(1, 2, 0, 5 * 64 + 7)]


def test_wrap_inside_a_packet_goes_on_and_a_step_back_is_no_wrap():
    words = [high(2**28 - 1), vector(0, 0, 1, 1, 63), high(0), vector(0, 0, 1, 1),
             high(2**28 - 1), vector(0, 0, 1, 1, 62)]
    decoder = PacketDecoder('evt21', WIDTH, HEIGHT)
    assert [t for *_, t in rows(decoder.decode(packet(words)))] == [
        2**34 - 1, 2**34, 2**34 - 2]
    assert decoder.counters['wraps'] == 0   # one on, one back
    decoder.decode(packet([high(0)]))
    assert decoder.counters['wraps'] == 1


def test_one_corrupt_time_high_shifts_time_only_until_the_next():
    for bit in range(28):
        words = [high(100), high(101 ^ 1 << bit), high(102), vector(0, 0, 1, 1)]
        decoder = PacketDecoder('evt21', WIDTH, HEIGHT)
        assert rows(decoder.decode(packet(words))) == [(0, 0, 1, 102 * 64)]


def test_vector_that_runs_past_the_right_edge_keeps_what_is_inside():
    decoder = PacketDecoder('evt21', 40, 10)
    words = [high(0), vector(30, 1, 1, 0xFFFFFFFF), vector(2047, 1, 0, 0xFFFFFFFF),
             vector(0, 10, 1, 0b111), vector(39, 9, 0, 1), vector(3, 3, 1, 0)]
    events = rows(decoder.decode(packet(words)))
    assert events == [(x, 1, 1, 0) for x in range(30, 40)] + [(39, 9, 0, 0)]
    assert decoder.counters['out_of_range'] == 22 + 32 + 3
    assert decoder.counters['vector_words'] == 5


@pytest.mark.parametrize('kind', [0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x9, 0xB, 0xC])
def test_reserved_words_cost_nothing_but_themselves(kind):
    decoder = PacketDecoder('evt21', WIDTH, HEIGHT)
    words = [high(1), kind << 60 | 0x123456789, vector(3, 4, 1, 1), kind << 60,
             vector(4, 4, 1, 1)]
    assert rows(decoder.decode(packet(words))) == [(3, 4, 1, 64), (4, 4, 1, 64)]
    assert decoder.counters['reserved'] == 2


def test_monitoring_words_and_stray_bytes_are_counted():
    decoder = PacketDecoder('evt21', WIDTH, HEIGHT)
    words = [high(1), 0xE << 60, 0xF << 60 | 0xFFFF, 0xD << 60, vector(3, 4, 1, 1)]
    assert rows(decoder.decode(packet(words) + b'1234567')) == [(3, 4, 1, 64)]
    assert decoder.counters['system_words'] == 3
    assert decoder.counters['stray_bytes'] == 7


VECTOR = st.tuples(
    st.integers(0, WIDTH - 33), st.integers(0, HEIGHT - 1), st.integers(0, 1),
    st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 63, 64, -2, 10_000_000]))


@pytest.mark.parametrize('encoding', ENCODINGS)
@given(vectors=st.lists(VECTOR, max_size=20), start=st.integers(0, 2**30))
def test_encoded_events_come_back(encoding, vectors, start):
    words, expected, now, last = [], [], start, None
    for base, y, p, mask, step in vectors:
        now = max(now + step, 0)
        if now >> 6 != last:
            last = now >> 6
            words.append(high(last))
        words.append(vector(base, y, p, mask, now & 63))
        expected += [(base + bit, y, p, now) for bit in range(32) if mask >> bit & 1]
    decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
    assert rows(decoder.decode(packet(words, encoding))) == expected


WORD = st.one_of(
    st.integers(0, 2**64 - 1),
    st.builds(lambda kind, payload: kind << 60 | payload << 28,
              st.sampled_from([0x0, 0x1, 0x8, 0xA]), st.integers(0, 2**20)),
    st.builds(high, st.integers(2**28 - 3, 2**28 + 3)))


@pytest.mark.parametrize('encoding', ENCODINGS)
@given(
    words=st.lists(WORD, max_size=40), cuts=st.lists(st.integers(0, 40), max_size=4),
    width=st.integers(1, 2100), height=st.integers(1, 2100))
def test_any_words_in_any_packets_decode_as_the_reference_does(
        encoding, words, cuts, width, height):
    reference = Reference(width, height)
    reference.feed(words)
    decoder = PacketDecoder(encoding, width, height)
    bounds = [0, *sorted(min(cut, len(words)) for cut in cuts), len(words)]
    parts = [decoder.decode(packet(words[a:b], encoding)) for a, b in pairwise(bounds)]
    assert rows(Events.concatenate(parts)) == reference.events
    triggers = decoder.take_triggers()
    assert list(zip(
        triggers.channel.tolist(), triggers.edge.tolist(), (triggers.t // 1000).tolist(),
        strict=True)) == reference.triggers
    assert {name: decoder.counters[name] for name in reference.counts} == reference.counts
