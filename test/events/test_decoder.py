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
            r"^encoding must be one of evt3, libcaer, libcaer_cmp, mono, but got 'evt9'$")):
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
