# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 3.0: the sheet's worked examples, and every rule against a word-by-word reference."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.errors import DecodeError
from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.decoder import PIECE_BYTES

WIDTH, HEIGHT = 1280, 720
RESERVED = (0x1, 0x9, 0xB, 0xC)
KINDS = dict.fromkeys(RESERVED, 'reserved') | {
    0x0: 'address_words', 0x3: 'address_words', 0x2: 'event_words', 0x4: 'vector_words',
    0x5: 'vector_words', 0x6: 'time_words', 0x8: 'time_words', 0x7: 'system_words',
    0xD: 'system_words', 0xE: 'system_words', 0xF: 'system_words'}


def packet(words):
    if isinstance(words, str):
        words = [int(word, 16) for word in words.split()]
    return np.asarray(words, '<u2').tobytes()


def rows(events):
    """Return events as tuples (x, y, p, t in µs)."""
    assert not np.any(events.t % 1000)
    return list(zip(
        events.x.tolist(), events.y.tolist(), events.p.tolist(), (events.t // 1000).tolist(),
        strict=True))


def decode(words, width=WIDTH, height=HEIGHT):
    return rows(PacketDecoder('evt3', width, height).decode(packet(words)))


class Reference:
    """The rules of the format, one word at a time, in plain Python."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.time = None   # unrolled µs
        self.high = None
        self.y = 0
        self.base = 0
        self.polarity = 0
        self.events = []
        self.triggers = []
        self.counts = dict.fromkeys((
            'out_of_range', 'reserved', 'before_time', 'event_words', 'vector_words',
            'vector_events', 'address_words', 'time_words', 'system_words'), 0)

    def put(self, x, p):
        if x < self.width and self.y < self.height:
            self.events.append((x, self.y, p, self.time))
        else:
            self.counts['out_of_range'] += 1

    def feed(self, words):
        for word in words:
            kind, payload = word >> 12, word & 0xFFF
            if self.time is None:
                if kind == 0x6 and self.high is not None:
                    self.time = self.high * 4096 + payload
                    self.counts['time_words'] += 1
                else:
                    self.counts['before_time'] += 1
                    self.high = payload if kind == 0x8 else self.high
                continue
            if name := KINDS.get(kind):
                self.counts[name] += 1
            if kind == 0x0:
                self.y = payload & 0x7FF
            elif kind == 0x2:
                self.put(payload & 0x7FF, payload >> 11)
            elif kind == 0x3:
                self.base, self.polarity = payload & 0x7FF, payload >> 11
            elif kind in (0x4, 0x5):
                span = 12 if kind == 0x4 else 8
                for bit in range(span):
                    if word >> bit & 1:
                        self.counts['vector_events'] += 1
                        self.put(self.base + bit, self.polarity)
                self.base += span
            elif kind == 0x6:
                self.time = self.time // 4096 * 4096 + payload
            elif kind == 0x8:
                now = self.time // 4096
                step = payload - now % 4096
                turn = 1 if step < -2064 else -1 if step > 2064 else 0
                nearest = now + step + 4096 * turn
                if nearest != now:
                    self.time = nearest * 4096
            elif kind == 0xA:
                self.triggers.append((payload >> 8, payload & 1, self.time))


@pytest.mark.parametrize(('words', 'expected'), [
    ('8001 6002 0005 2807', [(7, 5, 1, 4098)]),
    ('8000 6064 000a 3814 4005 4800 5081 2003 4001', [
        (20, 10, 1, 100), (22, 10, 1, 100), (43, 10, 1, 100), (44, 10, 1, 100),
        (51, 10, 1, 100), (3, 10, 0, 100), (52, 10, 1, 100)]),
    ('8fff 6fff 0001 2001 8000 6000 2001', [(1, 1, 0, 16777215), (1, 1, 0, 16777216)]),
    ('8010 6000 0001 2001 800f 6ff0 2802', [(1, 1, 0, 65536), (2, 1, 1, 65520)]),
])
def test_worked_examples_of_the_sheet(words, expected):
    assert decode(words) == expected


def test_worked_example_of_triggers():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    assert len(decoder.decode(packet('8001 6003 a601 a600'))) == 0
    triggers = decoder.take_triggers()
    assert triggers.channel.tolist() == [6, 6]
    assert triggers.edge.tolist() == [1, 0]
    assert triggers.t.tolist() == [4_099_000, 4_099_000]
    assert len(decoder.take_triggers()) == 0


def test_row_sent_before_the_first_full_time_is_lost():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    assert len(decoder.decode(packet('0005 2807'))) == 0
    assert rows(decoder.decode(packet('8001 6002 2807'))) == [(7, 0, 1, 4098)]
    assert decoder.counters['before_time'] == 3


def test_time_low_that_steps_back_is_no_wrap():
    assert decode(f'8000 6{811:03x} 0001 2001 6{800:03x} 2002') == [
        (1, 1, 0, 811), (2, 1, 0, 800)]


def test_time_high_that_steps_back_over_the_wrap_takes_the_turn_back():
    words = '8000 6001 8fff 6fff 0001 2001 8000 6000 2001'
    assert decode(words) == [(1, 1, 0, -1), (1, 1, 0, 0)]


def test_one_corrupt_time_high_shifts_time_only_until_the_next():
    for corrupt in range(4096):
        words = [0x8064, 0x6000, 1, 0x8000 | corrupt, 0x6000, 0x8064, 0x6000, 0x2001]
        assert decode(words) == [(1, 1, 0, 0x64 * 4096)]
    for bit in range(12):
        words = [0x8064, 0x6000, 1, 0x8065 ^ 1 << bit, 0x6000, 0x8065, 0x6000, 0x2001]
        assert decode(words) == [(1, 1, 0, 0x65 * 4096)]


def test_changed_time_high_clears_the_low_bits():
    assert decode('8001 6fff 0001 8002 2001') == [(1, 1, 0, 8192)]
    assert decode('8001 6fff 0001 8001 2001') == [(1, 1, 0, 8191)]


def test_thirty_turns_are_unrolled():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    words = [0x8000 | high for _ in range(30) for high in range(0, 4096, 16)]
    decoder.decode(packet([0x8000, 0x6000, 0x0001, *words, 0x8000, 0x6005]))
    assert decoder.decode(packet('2001')).t.tolist() == [(30 * (1 << 24) + 5) * 1000]
    assert decoder.counters['wraps'] == 30


def test_origin_bit_of_the_row_is_masked_off():
    assert decode('8000 6000 0805 2001') == [(1, 5, 0, 0)]


def test_vector_base_and_polarity_survive_the_packet_and_single_events():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    assert rows(decoder.decode(packet('8000 6000 0003 3864 4000'))) == []
    assert rows(decoder.decode(packet('2001 5001'))) == [(1, 3, 0, 0), (112, 3, 1, 0)]


def test_vector_that_runs_past_the_right_edge_keeps_what_is_inside():
    decoder = PacketDecoder('evt3', 20, 10)
    events = decoder.decode(packet('8000 6000 0001 3010 4fff 2013 2014 000a 2001'))
    assert rows(events) == [(16 + i, 1, 0, 0) for i in range(4)] + [(19, 1, 0, 0)]
    assert decoder.counters['out_of_range'] == 8 + 1 + 1


def test_vectors_without_end_stay_outside_and_never_come_back():
    decoder = PacketDecoder('evt3', 2048, 2048)
    events = decoder.decode(packet([0x8000, 0x6000, 0x37FF] + [0x4FFF] * 20_000))
    assert rows(events) == [(2047, 0, 0, 0)]
    assert decoder.counters['out_of_range'] == 12 * 20_000 - 1
    assert decoder.counters['address_lost'] == 0


def test_monitoring_words_emit_nothing_and_padding_is_counted():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    events = decoder.decode(packet('8000 6000 0001 e014 f123 f456 7001 9999 9999 d000 2001'))
    assert rows(events) == [(1, 1, 0, 0)]
    assert decoder.counters['reserved'] == 2


def test_corrupt_words_cost_nothing_but_themselves():
    clean = [0x8001, 0x6002, 0x0005, 0x2807, 0x3814, 0x4005, 0x5081, 0x6003, 0x2008]
    for position in range(2, len(clean) + 1):
        for kind in RESERVED:
            decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
            words = [*clean[:position], kind << 12 | 0x123, *clean[position:]]
            assert rows(decoder.decode(packet(words))) == decode(clean)
            assert decoder.counters['reserved'] == 1


def test_stray_byte_is_ignored_and_counted():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    assert len(decoder.decode(packet('8001 6002 0005 2807') + b'\x28')) == 1
    assert decoder.counters['stray_bytes'] == 1


def test_after_a_gap_time_goes_on_and_events_wait_for_their_row_and_base():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    decoder.decode(packet('8fff 6fff 0005 2807 3814'))
    decoder.gap()
    assert rows(decoder.decode(packet('2001 4003 8000 6001 2002 4001'))) == []
    assert decoder.counters['address_lost'] == 5
    assert rows(decoder.decode(packet('0006 2003 5003 3004 5003'))) == [
        (3, 6, 0, 16777217), (4, 6, 0, 16777217), (5, 6, 0, 16777217)]
    assert decoder.counters['address_lost'] == 7
    assert decoder.counters['out_of_range'] == 0


def test_gap_before_the_first_full_time_forgets_half_a_time():
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    decoder.decode(packet('8001'))
    decoder.gap()
    assert len(decoder.decode(packet('6002 0005 2807'))) == 0
    assert rows(decoder.decode(packet('8001 6002 0005 2807'))) == [(7, 5, 1, 4098)]


def test_more_triggers_than_a_packet_usually_has():
    words = [0x8000]
    for i in range(1000):
        words += [0x6000 | i, 0xA000 | (i % 16) << 8 | i % 2]
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    decoder.decode(packet(words))
    triggers = decoder.take_triggers()
    assert triggers.t.tolist() == [1000 * i for i in range(1000)]
    assert triggers.channel.tolist() == [i % 16 for i in range(1000)]
    assert triggers.edge.tolist() == [i % 2 for i in range(1000)]


# Valid streams are rare among random words: often take words of kinds that matter.
WORD = st.one_of(
    st.integers(0, 0xFFFF),
    st.builds(
        lambda kind, payload: kind << 12 | payload,
        st.sampled_from([0x0, 0x2, 0x3, 0x4, 0x5, 0x6, 0x8]), st.integers(0, 127)))


@settings(deadline=None, max_examples=300)
@given(
    words=st.lists(WORD, max_size=60), cuts=st.lists(st.integers(0, 60), max_size=4),
    width=st.integers(1, 2048), height=st.integers(1, 2048))
@example(words=[0x8001, 0x6002, 0x2003], cuts=[1], width=8, height=8)
def test_any_words_in_any_packets_decode_as_the_reference_does(words, cuts, width, height):
    reference = Reference(width, height)
    reference.feed(words)
    decoder = PacketDecoder('evt3', width, height)
    bounds = [0, *sorted(min(cut, len(words)) for cut in cuts), len(words)]
    events = []
    for start, end in pairwise(bounds):
        events += rows(decoder.decode(packet(words[start:end])))
    triggers = decoder.take_triggers()
    assert events == reference.events
    assert list(zip(
        triggers.channel.tolist(), triggers.edge.tolist(), (triggers.t // 1000).tolist(),
        strict=True)) == reference.triggers
    assert {name: decoder.counters[name] for name in reference.counts} == reference.counts
    assert decoder.counters['words'] == len(words)


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=120), max_size=8), st.integers(0, 8))
def test_events_by_pixel_are_those_of_the_arrays(packets, lost):
    """Whatever the words are: the same events, triggers and counters by either way."""
    arrays, pixels = PacketDecoder('evt3', 700, 500), PacketDecoder('evt3', 700, 500)
    for k, data in enumerate([bytes.fromhex('00800060'), *packets]):
        if k == lost:
            arrays.gap()
            pixels.gap()
        events, found = arrays.decode(data), pixels.decode_pixels(data)
        for name in 'xypt':
            np.testing.assert_array_equal(getattr(events, name), getattr(found, name))
        edges, others = arrays.take_triggers(), pixels.take_triggers()
        np.testing.assert_array_equal(edges.t, others.t)
        np.testing.assert_array_equal(edges.channel, others.channel)
    assert arrays.counters == pixels.counters


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=120), max_size=8), st.integers(1, 30))
def test_packets_in_pieces_hold_the_same_events(monkeypatch, packets, words):
    monkeypatch.setattr('eventsam_ros.events.decoder.PIECE_BYTES', 2 * words)
    whole, pieces = PacketDecoder('evt3', 700, 500), PacketDecoder('evt3', 700, 500)
    for data in [bytes.fromhex('00800060'), *packets]:
        events = whole.decode(data)
        # A run may be written to by the next one.
        found = Events.concatenate([
            Events(run.x, run.y, run.p, run.t.copy()) for run in pieces.decode_pieces(data)])
        for name in 'xypt':
            np.testing.assert_array_equal(getattr(events, name), getattr(found, name))
        np.testing.assert_array_equal(
            whole.take_triggers().t, pieces.take_triggers().t)
    assert whole.counters == pieces.counters


def test_what_is_no_packet_is_refused_before_its_pieces_are_taken():
    decoder = PacketDecoder('evt3', 64, 64)
    with pytest.raises(DecodeError, match='time base'):
        decoder.decode_pieces(bytes(2 * PIECE_BYTES), -1)
    assert decoder.counters['packets'] == 0


def test_a_packet_of_masks_alone_finds_room_for_all_of_its_events():
    words = [0x8000, 0x6000, 0x0003, 0x3000, *[0x4FFF, 0x4FFF, 0x3800] * 5000]
    decoder = PacketDecoder('evt3', 64, 64)
    for _ in range(2):  # the room is kept
        events = decoder.decode_pixels(np.array(words, '<u2').view(np.uint8))
        assert len(events) == 10_000 * 12
        assert events.x.reshape(-1, 24).tolist() == [list(range(24))] * 5000
