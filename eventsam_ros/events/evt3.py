# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 3.0, the 16-bit word stream of Prophesee sensors (encoding 'evt3').

Time has 24 bits of µs and turns over every 16.8 s. A TIME_HIGH that is lower by more than half
a turn is the next turn (Metavision HAL's policy; the ROS codec's, any step back of 41 ms, makes
16.8 s of one flipped bit), and one that is higher by more than that is the turn before. So time
is always the nearest with these bits: a late word cannot add a turn, and one corrupt word cannot
shift time for ever, because the next good one leads back. Only silence of more than 8.4 s is
beyond it. A changed TIME_HIGH clears the low bits, as in Metavision HAL; real sensors send
TIME_LOW before the next event, so that every published policy gives the same times.

Source: event_camera_codecs (joining in mid-stream) and the Prophesee EVT 3.0 specification.
"""

from __future__ import annotations

import numba
import numpy as np

from .encoding import Decoded, whole_units
from .types import Events, Triggers, UInt8

ADDR_Y, ADDR_X, VECT_BASE_X, VECT_12, VECT_8 = 0x0, 0x2, 0x3, 0x4, 0x5
TIME_LOW, TIME_HIGH, EXT_TRIGGER = 0x6, 0x8, 0xA
CONTINUED_4, IMU = 0x7, 0xD
"""Monitoring, skipped, as are OTHERS and CONTINUED_12, the kinds above IMU."""

UNKNOWN = 1 << 16
"""Vector base after lost packets: what it would place is left out."""
_BEYOND = 1 << 11
# Half a turn of TIME_HIGH, and a little more: a flipped top bit in a word that also moves on
# must lead there and back by the same way.
_HALF_TURN = 2048 + 16
# A row is kept shifted by 16, as it stands in a packed event; this bit marks an unknown one.
_UNKNOWN_ROW = 1 << 28

# Positions in the state of a stream.
_SYNC, _TURN, _HIGH, _LOW, _ROW, _BASE, _POLARITY, _STATE_SIZE = range(8)
# Values of _SYNC: what was seen of the time so far.
_NOTHING, _HIGH_ONLY, _FULL = range(3)

_RARE_KINDS = (
    0x1, VECT_BASE_X, VECT_12, VECT_8, TIME_HIGH, 0x9, EXT_TRIGGER, 0xB, 0xC)
# All ones for the kinds of word that the main loop branches on. A table, because the compiler
# splits a compound condition into two branches, and mispredicted ones double the time.
_RARE = np.array([0xFFFFFFFF if kind in _RARE_KINDS else 0 for kind in range(16)], np.uint32)


@numba.njit(nogil=True, cache=True)
def _join(words, state):  # type: ignore[no-untyped-def]
    """Skip to the first full time; the address words on the way are lost."""
    for i in range(len(words)):
        kind = words[i] >> 12
        if kind == TIME_HIGH:
            state[_HIGH] = words[i] & 0xFFF
            state[_SYNC] = _HIGH_ONLY
        elif kind == TIME_LOW and state[_SYNC] == _HIGH_ONLY:
            state[_SYNC] = _FULL
            return i
    return len(words)


@numba.njit(nogil=True, cache=True)
def _bits(words):  # type: ignore[no-untyped-def]
    """Return how many bits are set in the masks of at most 4096 words."""
    total = np.uint16(0)
    for i in range(len(words)):
        kind = words[i] >> np.uint16(12)
        mask = words[i] & (
            np.uint16(kind == VECT_12) * np.uint16(0xFFF)
            + np.uint16(kind == VECT_8) * np.uint16(0xFF))
        # The sum of the bits, in pairs, fours, eights and all.
        mask -= (mask >> np.uint16(1)) & np.uint16(0x5555)
        mask = (mask & np.uint16(0x3333)) + ((mask >> np.uint16(2)) & np.uint16(0x3333))
        mask = (mask + (mask >> np.uint16(4))) & np.uint16(0x0F0F)
        total += (mask + (mask >> np.uint16(8))) & np.uint16(0x1F)
    return np.int64(total)


@numba.njit(nogil=True, cache=True)
def _tally(words):  # type: ignore[no-untyped-def]
    """Count words of single events, vectors and their bits, addresses, time and monitoring.

    Apart from the walk, whose time is its branches: 16-bit sums of 16-bit words, over indices and
    not over items, are a vector loop to the compiler.
    """
    singles, vectors, bits, addresses, times, system = 0, 0, 0, 0, 0, 0
    zero = np.uint16(0)
    for start in range(0, len(words), 4096):
        block = words[start:start + 4096]
        s, v, a, t, m = zero, zero, zero, zero, zero
        for i in range(len(block)):
            kind = block[i] >> np.uint16(12)
            s += np.uint16(kind == ADDR_X)
            v += np.uint16(kind == VECT_12) + np.uint16(kind == VECT_8)
            a += np.uint16(kind == ADDR_Y) + np.uint16(kind == VECT_BASE_X)
            t += np.uint16(kind == TIME_LOW) + np.uint16(kind == TIME_HIGH)
            m += np.uint16(kind >= IMU) + np.uint16(kind == CONTINUED_4)
        singles += np.int64(s)
        vectors += np.int64(v)
        bits += _bits(block) if v > 0 else 0
        addresses += np.int64(a)
        times += np.int64(t)
        system += np.int64(m)
    return singles, vectors, bits, addresses, times, system


@numba.njit(nogil=True, cache=True)
def _walk(words, state, packed, t):  # type: ignore[no-untyped-def]
    """Follow the words.

    Writes events as row << 16 | polarity << 11 | x (other bits: noise) with their times.

    Returns:
        Number of events; trigger times and words; vector bits beyond 11 bits of x, those with
        an unknown base, and reserved words.
    """
    trigger_t = np.empty(8, np.int64)
    trigger_word = np.empty(8, np.uint16)
    triggers = 0
    beyond = 0
    lost = 0
    reserved = 0
    turn, high, base, polarity = state[_TURN], state[_HIGH], state[_BASE], state[_POLARITY]
    n = np.uintp(0)
    row = np.uint32(state[_ROW])
    block = (turn << 24) + (high << 12)
    now = (block + state[_LOW]) * 1000
    block -= TIME_LOW << 12
    high_word = np.uint32((TIME_HIGH << 12) | high)
    for i in range(len(words)):
        word = np.uint32(words[i])
        kind = word >> np.uint32(12)
        # Selects, not branches: the unpredictable kind of word is what decoding costs. Every
        # word is written, and kept if it was an event.
        row = word << np.uint32(16) if kind == ADDR_Y else row
        now = (block + np.int64(word)) * 1000 if kind == TIME_LOW else now
        packed[n] = row | word
        t[n] = now
        n += np.uintp(kind == ADDR_X)
        if _RARE[kind] & (word ^ high_word):
            if kind in (VECT_12, VECT_8):
                span = 12 if kind == VECT_12 else 8
                for bit in range(span):
                    hit = (word >> np.uint32(bit)) & np.uint32(1)
                    column = base + bit
                    packed[n] = row | np.uint32(polarity | column)
                    t[n] = now
                    n += np.uintp(hit & np.uint32(column < _BEYOND))
                    beyond += np.int64(hit & np.uint32(_BEYOND <= column < UNKNOWN))
                    lost += np.int64(hit & np.uint32(column >= UNKNOWN))
                base = min(base + span, _BEYOND) if base < UNKNOWN else base
            elif kind == VECT_BASE_X:
                base = np.int64(word & np.uint32(0x7FF))
                polarity = np.int64(word & np.uint32(0x800))
            elif kind == TIME_HIGH:
                step = np.int64(word & np.uint32(0xFFF)) - high
                turn += np.int64(step < -_HALF_TURN) - np.int64(step > _HALF_TURN)
                high += step
                high_word = word
                block = (turn << 24) + (high << 12)
                now = block * 1000
                block -= TIME_LOW << 12
            elif kind == EXT_TRIGGER:
                if triggers == len(trigger_t):
                    trigger_t = np.concatenate((trigger_t, np.empty_like(trigger_t)))
                    trigger_word = np.concatenate((trigger_word, np.empty_like(trigger_word)))
                trigger_t[triggers] = now
                trigger_word[triggers] = word
                triggers += 1
            else:
                reserved += 1
    state[_TURN], state[_HIGH], state[_LOW] = turn, high, now // 1000 & 0xFFF
    state[_ROW], state[_BASE], state[_POLARITY] = row, base, polarity
    return n, trigger_t[:triggers], trigger_word[:triggers], beyond, lost, reserved


@numba.njit(nogil=True, cache=True)
def _unpack(packed, t, width, height):  # type: ignore[no-untyped-def]
    """Split packed events into arrays and leave out those outside the sensor."""
    n = len(packed)
    x = np.empty(n, np.uint16)
    y = np.empty(n, np.uint16)
    p = np.empty(n, np.uint8)
    outside = 0
    for i in range(n):
        column = packed[i] & np.uint32(0x7FF)
        row = (packed[i] >> np.uint32(16)) & np.uint32(0x7FF)
        x[i] = column
        y[i] = row
        p[i] = (packed[i] >> np.uint32(11)) & np.uint32(1)
        unknown = packed[i] & np.uint32(_UNKNOWN_ROW)
        outside += np.int64((column >= width) | (row >= height) | (unknown != 0))
    if outside == 0:
        return x, y, p, t, 0, 0
    kept = 0
    lost = 0
    for i in range(n):
        if packed[i] & np.uint32(_UNKNOWN_ROW):
            lost += 1
        elif x[i] < width and y[i] < height:
            x[kept], y[kept], p[kept], t[kept] = x[i], y[i], p[i], t[i]
            kept += 1
    return x[:kept], y[:kept], p[:kept], t[:kept], outside - lost, lost


@numba.njit(nogil=True, cache=True)
def _decode(words, state, width, height):  # type: ignore[no-untyped-def]
    skipped = 0
    if state[_SYNC] != _FULL:
        skipped = _join(words, state)
        words = words[skipped:]
    tally = _tally(words)
    room = tally[0] + tally[2] + 1
    packed = np.empty(room, np.uint32)
    t = np.empty(room, np.int64)
    n, trigger_t, trigger_word, beyond, no_base, reserved = _walk(words, state, packed, t)
    # Windows keep these arrays: sparse vectors must not hold several times their memory.
    t = t[:n].copy() if room > 2 * n else t[:n]
    x, y, p, t, outside, no_row = _unpack(
        packed[:n], t, np.uint32(width), np.uint32(height))
    return (
        x, y, p, t, trigger_t, trigger_word,
        outside + beyond, no_base + no_row, reserved, skipped, tally)


class Evt3:
    """One EVT 3.0 stream; time, row and vector base live on from packet to packet.

    As in the ROS codec, words are skipped until a TIME_HIGH and then a TIME_LOW were seen, and
    the row is 0 until the next ADDR_Y. Unlike there, a TIME_HIGH that ends a packet is
    remembered, so that where a stream is cut into packets never matters.
    """

    def __init__(self, width: int, height: int) -> None:
        """Start before the first full time.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        self._width = width
        self._height = height
        self._state = np.zeros(_STATE_SIZE, np.int64)

    def decode(self, data: UInt8, time_base: int) -> Decoded:  # noqa: ARG002
        """Decode one packet; the time base has no meaning here."""
        words, stray = whole_units(data, np.dtype('<u2'))
        turn = int(self._state[_TURN])
        x, y, p, t, trigger_t, trigger_word, outside, lost, reserved, skipped, tally = _decode(
            words, self._state, self._width, self._height)
        singles, vectors, bits, addresses, times, system = tally
        triggers = Triggers(
            trigger_t, (trigger_word >> 8) & 0xF, (trigger_word & 1).astype(np.uint8))
        return Decoded(Events(x, y, p, t), triggers, {
            'words': len(words), 'stray_bytes': stray, 'event_words': singles,
            'vector_words': vectors, 'vector_events': bits,
            'address_words': addresses, 'time_words': times, 'system_words': system,
            'out_of_range': outside, 'address_lost': lost, 'reserved': reserved,
            'before_time': skipped,
            'wraps': int(self._state[_TURN]) - turn,
        })

    def gap(self) -> None:
        """Keep the time; row and vector base are unknown until they are sent again."""
        if self._state[_SYNC] == _FULL:
            self._state[_ROW] = _UNKNOWN_ROW
            self._state[_BASE] = UNKNOWN
        else:
            self._state[_SYNC] = _NOTHING
