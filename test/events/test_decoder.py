# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What holds for packets of every encoding."""

from __future__ import annotations

import array

import numpy as np
import pytest

from eventsam_ros.errors import DecodeError
from eventsam_ros.events import ENCODINGS, PacketDecoder
from eventsam_ros.events import decoder as decoder_module

WORDS = np.array([0x8001, 0x6002, 0x0005, 0x2807], '<u2')


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_empty_packet_is_legal_and_has_no_events(encoding):
    decoder = PacketDecoder(encoding, 640, 480)
    events = decoder.decode(b'', 5)
    assert len(events) == 0
    assert [a.dtype for a in (events.x, events.y, events.p, events.t)] == [
        np.uint16, np.uint16, np.uint8, np.int64]
    assert decoder.counters['packets'] == 1


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_random_bytes_decode_to_events_inside_the_sensor(encoding):
    rng = np.random.default_rng(1)
    decoder = PacketDecoder(encoding, 31, 17)
    for size in (1, 7, 8, 1000, 4099):
        events = decoder.decode(rng.integers(0, 256, size, np.uint8), 10**18)
        assert np.all(events.x < 31)
        assert np.all(events.y < 17)
        assert np.all(events.p <= 1)
        assert len(events.x) == len(events.y) == len(events.p) == len(events.t)
        decoder.gap()


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_reset_starts_anew_and_counts_on(encoding):
    rng = np.random.default_rng(2)
    data = [rng.integers(0, 256, 999, np.uint8) for _ in range(3)]
    decoder = PacketDecoder(encoding, 2048, 2048)
    first = [decoder.decode(part) for part in data]
    counted = decoder.counters
    decoder.reset()
    assert len(decoder.take_triggers()) == 0
    for before, part in zip(first, data, strict=True):
        again = decoder.decode(part)
        assert np.array_equal(before.t, again.t)
        assert np.array_equal(before.x, again.x)
    assert decoder.counters == {name: 2 * count for name, count in counted.items()}


@pytest.mark.parametrize('data', [
    WORDS.tobytes(), bytearray(WORDS.tobytes()), memoryview(WORDS.tobytes()),
    array.array('B', WORDS.tobytes()), WORDS.view(np.uint8),
    np.repeat(WORDS.view(np.uint8), 2)[::2], np.frombuffer(b'_' + WORDS.tobytes(), np.uint8)[1:],
], ids=['bytes', 'bytearray', 'memoryview', 'array', 'ndarray', 'strided', 'unaligned'])
def test_every_kind_of_bytes_is_read(data):
    events = PacketDecoder('evt3', 640, 480).decode(data)
    assert (events.x.tolist(), events.y.tolist(), events.t.tolist()) == ([7], [5], [4_098_000])


@pytest.mark.parametrize('data', [[1, 2], 'text', None, WORDS, np.zeros((2, 2), np.uint8)])
def test_what_is_not_bytes_is_refused(data):
    with pytest.raises(DecodeError, match=r'^packet must be '):
        PacketDecoder('evt3', 640, 480).decode(data)


def test_unknown_encoding_is_refused_with_the_known_ones():
    with pytest.raises(DecodeError, match=(
            r'^encoding must be one of evt3, libcaer, libcaer_cmp, mono, trigger, evt2, evt21, '
            r"evt21_legacy, but got 'evt9'$")):
        PacketDecoder('evt9', 640, 480)


@pytest.mark.parametrize('size', [(0, 480), (640, 0), (0, 0), (640, 40_000)])
def test_impossible_sensor_is_refused(size):
    with pytest.raises(DecodeError, match=rf'^sensor size .* but got {size[0]}x{size[1]}$'):
        PacketDecoder('evt3', *size)


@pytest.mark.parametrize('time_base', [-1, 2**63, 2**64 - 1])
def test_time_base_beyond_int64_is_refused(time_base):
    with pytest.raises(DecodeError, match=rf'^time base .* but got {time_base}$'):
        PacketDecoder('mono', 640, 480).decode(b'', time_base)


def test_triggers_that_nobody_takes_are_bounded(monkeypatch):
    monkeypatch.setattr(decoder_module, 'TRIGGER_LIMIT', 5)
    decoder = PacketDecoder('evt3', 640, 480)
    decoder.decode(np.array([0x8000, 0x6000], '<u2').tobytes())
    for channel in range(7):
        decoder.decode(np.array([0xA000 | channel << 8], '<u2').tobytes())
    assert decoder.take_triggers().channel.tolist() == [2, 3, 4, 5, 6]
    assert decoder.counters['triggers'] == 7
    assert decoder.counters['triggers_dropped'] == 2


def test_more_triggers_in_one_packet_than_there_is_room_for_leave_the_newest(monkeypatch):
    monkeypatch.setattr(decoder_module, 'TRIGGER_LIMIT', 5)
    decoder = PacketDecoder('trigger', 640, 480)
    decoder.decode(np.arange(3, dtype='<u8').tobytes())
    decoder.decode(np.arange(3, 10, dtype='<u8').tobytes())
    assert decoder.take_triggers().t.tolist() == [5, 6, 7, 8, 9]
    assert decoder.counters['triggers_dropped'] == 5


# Which counters can be other than 0 is part of what an encoding is.
WORDS_OF = {
    'evt3': ('event_words', 'vector_words', 'address_words', 'time_words', 'triggers',
             'system_words', 'reserved', 'before_time'),
    'libcaer': ('event_words',),
    'libcaer_cmp': ('event_words', 'vector_words', 'address_words', 'time_words', 'reserved'),
    'mono': ('event_words',),
    'trigger': ('triggers',),
    'evt2': ('event_words', 'time_words', 'triggers', 'system_words', 'reserved', 'before_time'),
    'evt21': ('vector_words', 'time_words', 'triggers', 'system_words', 'reserved',
              'before_time'),
}
WORDS_OF['evt21_legacy'] = WORDS_OF['evt21']
ALL_WORDS = WORDS_OF['evt3']


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('size', [(31, 17), (2048, 2048)])
def test_every_word_and_every_event_is_counted_once(encoding, size):
    rng = np.random.default_rng(9)
    decoder = PacketDecoder(encoding, *size)
    for length in (0, 3, 64, 1001, 20_000):
        decoder.decode(rng.integers(0, 256, length, np.uint8), 10**18)
        counted = decoder.counters
        assert counted['words'] == sum(counted[name] for name in ALL_WORDS)
        assert counted['event_words'] + counted['vector_events'] == (
            counted['events'] + counted['out_of_range'] + counted['address_lost'])
        decoder.gap()
    used = {name for name in ALL_WORDS if decoder.counters[name]}
    assert used == set(WORDS_OF[encoding])
    unit = {'evt3': 2, 'libcaer_cmp': 2, 'evt2': 4}.get(encoding, 8)
    lengths = (0, 3, 64, 1001, 20_000)
    assert decoder.counters['words'] == sum(length // unit for length in lengths)
    assert decoder.counters['stray_bytes'] == sum(length % unit for length in lengths)
