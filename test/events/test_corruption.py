# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One flipped bit anywhere: what it costs, and when a decoder is in step again."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from eventsam_ros.events import PacketDecoder

WIDTH, HEIGHT = 2048, 2048

# Words before, and words that say time and addresses in full, each with events.
EVT3 = ([0x8064, 0x6000, 0x0005, 0x2807, 0x3814, 0x4005, 0x5081, 0x6003, 0x2008, 0xA601, 0x2009],
        [0x8065, 0x6010, 0x0006, 0x2801, 0x3864, 0x4003, 0x5001])
EVT2 = ([0x8 << 28 | 100, 1 << 28 | 5 << 22 | 7 << 11 | 9, 0xA0400201, 3 << 22 | 8 << 11 | 9],
        [0x8 << 28 | 101, 1 << 28 | 6 << 22 | 17 << 11 | 19, 7 << 22 | 18 << 11 | 19])
EVT21 = ([0x8 << 60 | 100 << 32, 1 << 60 | 5 << 54 | 7 << 43 | 9 << 32 | 0x80000005,
          0xA << 60 | 3 << 40],
         [0x8 << 60 | 101 << 32, 1 << 60 | 6 << 54 | 17 << 43 | 19 << 32 | 5])
CMP = ([0x0001, 0x1003, 0x2007, 0x3805, 0x4808, 0x5081, 0x3009],
       [0x0002, 0x1004, 0x2008, 0x3806, 0x4809, 0x5003])
STREAMS = {'evt3': (EVT3, '<u2'), 'evt2': (EVT2, '<u4'), 'evt21': (EVT21, '<u8'),
           'libcaer_cmp': (CMP, '<u2')}


def tuples(events):
    return list(zip(*(getattr(events, name).tolist() for name in 'xypt'), strict=True))


@pytest.mark.parametrize('encoding', STREAMS)
@pytest.mark.parametrize('packets', [1, 2])
def test_after_any_flipped_bit_the_decoder_is_in_step_by_the_next_full_time(encoding, packets):
    (first, second), dtype = STREAMS[encoding]
    clean = PacketDecoder(encoding, WIDTH, HEIGHT)
    clean.decode(np.array(first, dtype).tobytes())
    expected = tuples(clean.decode(np.array(second, dtype).tobytes()))
    assert len(expected) >= 2
    bits = 8 * np.dtype(dtype).itemsize
    # Not in the words that start a stream: before the first full time there is no step to keep.
    for place in range(2 if encoding == 'evt3' else 1, len(first)):
        for bit in range(bits):
            words = list(first)
            words[place] ^= 1 << bit
            decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
            if packets == 1:
                found = decoder.decode(np.array(words + second, dtype).tobytes())
            else:
                decoder.decode(np.array(words, dtype).tobytes())
                found = decoder.decode(np.array(second, dtype).tobytes())
            assert tuples(found)[-len(expected):] == expected, f'word {place} bit {bit}'


@pytest.mark.parametrize('encoding', ['libcaer', 'mono', 'evt2', 'evt21', 'evt21_legacy'])
def test_where_events_are_whole_words_a_flipped_bit_costs_no_more_than_its_own(encoding):
    if encoding == 'evt2':
        words = [struct.pack('<I', w) for w in [
            0x8 << 28 | 100, *(1 << 28 | k << 22 | k << 11 | k for k in range(20))]]
    elif encoding.startswith('evt21'):
        plain = [0x8 << 60 | 100 << 32, *(k << 54 | k << 43 | k << 32 | 1 for k in range(20))]
        words = [struct.pack('<Q', w if encoding == 'evt21' else w >> 32 | (w & 0xFFFFFFFF) << 32)
                 for w in plain]
    else:
        words = [struct.pack('<Q', k << (32 if encoding == 'libcaer' else 0) | k << (
            17 if encoding == 'libcaer' else 32)) for k in range(21)]
    clean = tuples(PacketDecoder(encoding, WIDTH, HEIGHT).decode(b''.join(words)))
    for bit in range(8 * len(words[0])):
        data = bytearray(b''.join(words))
        data[10 * len(words[0]) + bit // 8] ^= 1 << bit % 8
        found = tuples(PacketDecoder(encoding, WIDTH, HEIGHT).decode(data))
        if len(words) == len(clean):
            assert found[:10] == clean[:10]
            assert found[-10:] == clean[-10:]
        elif not is_time(data, 10, len(words[0]), encoding):
            assert found[:9] == clean[:9]
            assert found[-10:] == clean[-10:]


def is_time(data, place, size, encoding):
    """Say whether a word of EVT 2 became one of time, which moves what follows up to the next."""
    word = int.from_bytes(data[place * size:(place + 1) * size], 'little')
    return word >> (28 if encoding == 'evt21_legacy' or size == 4 else 60) & 0xF == 0x8
