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

from .encoding import Decoded
from .pixel_events import PixelEvents
from .types import Events, Int64, Triggers, UInt8, UInt16, UInt32, UInt64

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
_WORD = np.dtype('<u2')
_NO_TRIGGERS = Triggers.empty()
# A row is kept shifted by 16, as it stands in a packed event; this bit marks an unknown one.
_UNKNOWN = 1 << 12
_UNKNOWN_ROW = _UNKNOWN << 16
_ROW_BITS = _UNKNOWN | 0x7FF

# Positions in the state of a stream.
_SYNC, _TURN, _HIGH, _LOW, _ROW, _BASE, _POLARITY = range(7)
# Behind them what has been counted since the start, by the names of encoding.COUNTERS.
_COUNTED = (
    'words', 'event_words', 'vector_words', 'vector_events', 'address_words', 'time_words',
    'system_words', 'reserved', 'before_time', 'out_of_range', 'address_lost', 'wraps')
(_WORDS, _EVENT_WORDS, _VECTOR_WORDS, _VECTOR_EVENTS, _ADDRESS_WORDS, _TIME_WORDS, _SYSTEM_WORDS,
 _RESERVED, _BEFORE_TIME, _OUT_OF_RANGE, _ADDRESS_LOST, _WRAPS, _STATE_SIZE) = range(7, 20)
# Values of _SYNC: what was seen of the time so far.
_NOTHING, _HIGH_ONLY, _FULL = range(3)

_RARE_KINDS = (
    0x1, VECT_BASE_X, VECT_12, VECT_8, TIME_HIGH, 0x9, EXT_TRIGGER, 0xB, 0xC)
# All ones for the kinds of word that the main loop branches on. A table, because the compiler
# splits a compound condition into two branches, and mispredicted ones double the time.
_RARE = np.array([0xFFFFFFFF if kind in _RARE_KINDS else 0 for kind in range(16)], np.uint32)

# Which bits are set in a byte, and how many.
_BITS = np.array([byte.bit_count() for byte in range(256)], np.uint8)
_PLACES = np.array(
    [([k for k in range(8) if byte >> k & 1] + [0] * 8)[:8] for byte in range(256)], np.uint8)

_BLOCK = 256
"""Words that are looked over at once."""
_ROOM_KEPT = 1 << 17
"""Words of a packet up to which the memory that decoding takes is kept for the next one."""

# Rows of the notes of a packet.
_TURN_ENDS, _TURNS, _TRIGGER_TIMES, _TRIGGER_WORDS = range(4)
# What vectors count: masks, their bits, those beyond 11 bits of x, those without a base.
_MASKS, _HITS, _OVER, _BASELESS = range(4)


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
def _look_over(block, high_word):  # type: ignore[no-untyped-def]
    """See whether any word of a block needs a branch, but for vectors, and whether there are any.

    Counts address and time words, too.

    Apart from the walk, whose time is its branches. 16-bit sums of 16-bit words, over indices and
    not over items, are a vector loop to the compiler; every one is cast, for fear of wider ones.
    """
    rare, vectors, addresses, times = np.uint16(0), np.uint16(0), np.uint16(0), np.uint16(0)
    for i in range(len(block)):
        kind = np.uint16(block[i] >> np.uint16(12))
        addresses = np.uint16(addresses + np.uint16(kind == np.uint16(ADDR_Y))
                              + np.uint16(kind == np.uint16(VECT_BASE_X)))
        times = np.uint16(times + np.uint16(kind == np.uint16(TIME_LOW))
                          + np.uint16(kind == np.uint16(TIME_HIGH)))
        vectors = np.uint16(vectors | (np.uint16(kind >= np.uint16(VECT_BASE_X))
                                       & np.uint16(kind <= np.uint16(VECT_8))))
        rare = np.uint16(rare | np.uint16(kind == np.uint16(0x1)) | (
            np.uint16(kind >= np.uint16(TIME_HIGH)) & np.uint16(kind < np.uint16(IMU))
            & np.uint16(block[i] != high_word)))
    return rare != 0, vectors != 0, np.int64(addresses), np.int64(times)


@numba.njit(nogil=True, cache=True)
def _follow(block, row, now, origin, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block of single events and what goes with them.

    Selects, not branches: the unpredictable kind of word is what decoding costs. Every word is
    written, and kept if it was an event.
    """
    for i in range(len(block)):
        word = np.uint64(block[i])
        kind = word >> np.uint64(12)
        row = word << np.uint64(16) if kind == ADDR_Y else row
        now = origin | (word & np.uint64(0xFFF)) << np.uint64(32) if kind == TIME_LOW else now
        packed[n] = now | row | word
        n += np.uintp(kind == ADDR_X)
    return row, now, n


@numba.njit(nogil=True, cache=True)
def _place(mask, first, packed, n):  # type: ignore[no-untyped-def]
    """Write an event for each bit of a mask of 12, in order; what lies behind them is noise."""
    low, top = mask & 0xFF, mask >> 8
    for k in range(8):
        packed[n + np.uintp(k)] = first + np.uint64(_PLACES[low, k])
    n += np.uintp(_BITS[low])
    first += np.uint64(8)
    for k in range(4):
        packed[n + np.uintp(k)] = first + np.uint64(_PLACES[top, k])


@numba.njit(nogil=True, cache=True)
def _vector(word, at, base, polarity, tally, packed, n):  # type: ignore[no-untyped-def]
    """Take a vector base, or write the events of a mask.

    Returns:
        Vector base, polarity and number of events from here on.
    """
    kind = word >> np.uint32(12)
    if kind == VECT_BASE_X:
        return np.int64(word & np.uint32(0x7FF)), np.int64(word & np.uint32(0x800)), n
    span = np.int64(12) if kind == VECT_12 else np.int64(8)
    mask = np.intp(word & ((np.uint32(1) << np.uint32(span)) - np.uint32(1)))
    count = np.int64(_BITS[mask & 0xFF]) + np.int64(_BITS[mask >> 8])
    tally[_MASKS] += 1
    tally[_HITS] += count
    if base + span <= _BEYOND:
        _place(mask, at | np.uint64(polarity | base), packed, n)
        return base + span, polarity, n + np.uintp(count)
    if base >= UNKNOWN:
        tally[_BASELESS] += count
        return base, polarity, n
    for bit in range(span):
        column = base + bit
        hit = np.int64(word >> np.uint32(bit)) & 1
        packed[n] = at | np.uint64(polarity | (column & (_BEYOND - 1)))
        n += np.uintp(hit & np.int64(column < _BEYOND))
        tally[_OVER] += hit & np.int64(column >= _BEYOND)
    return min(base + span, np.int64(_BEYOND)), polarity, n


@numba.njit(nogil=True, cache=True)
def _follow_vectors(block, row, now, origin, base, polarity, tally, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block of single events, vectors and what goes with them."""
    for i in range(len(block)):
        word = np.uint64(block[i])
        kind = word >> np.uint64(12)
        row = word << np.uint64(16) if kind == ADDR_Y else row
        now = origin | (word & np.uint64(0xFFF)) << np.uint64(32) if kind == TIME_LOW else now
        packed[n] = now | row | word
        n += np.uintp(kind == ADDR_X)
        if VECT_BASE_X <= kind <= VECT_8:
            base, polarity, n = _vector(
                np.uint32(word), now | row, base, polarity, tally, packed, n)
    return row, now, base, polarity, n


@numba.njit(nogil=True, cache=True)
def _walk(words, state, packed, notes):  # type: ignore[no-untyped-def]
    """Follow the words.

    Writes events as time << 32 | row << 16 | polarity << 11 | x (other bits: noise), the time in
    µs without its turns; in the rows of `notes` how many events had come when a turn ended, and
    that turn, and times in ns and words of the triggers.

    Returns:
        Number of events, of turns and of triggers.
    """
    triggers, reserved, addresses, times, turns = 0, 0, 0, 0, 0
    tally = np.zeros(4, np.int64)
    turn, high, base, polarity = state[_TURN], state[_HIGH], state[_BASE], state[_POLARITY]
    n = np.uintp(0)
    row = np.uint64(state[_ROW])
    now = np.uint64((high << 12) + state[_LOW]) << np.uint64(32)
    high_word = np.uint32((TIME_HIGH << 12) | high)
    origin = np.uint64(high << 12) << np.uint64(32)
    for start in range(0, len(words), _BLOCK):
        block = words[start:start + _BLOCK]
        rare, vectors, more_addresses, more_times = _look_over(block, np.uint16(high_word))
        addresses += more_addresses
        times += more_times
        if not rare and not vectors:
            row, now, n = _follow(block, row, now, origin, packed, n)
            continue
        if not rare:
            row, now, base, polarity, n = _follow_vectors(
                block, row, now, origin, base, polarity, tally, packed, n)
            continue
        for i in range(len(block)):
            long_word = np.uint64(block[i])
            word = np.uint32(block[i])
            kind = word >> np.uint32(12)
            row = long_word << np.uint64(16) if kind == ADDR_Y else row
            now = (origin | (long_word & np.uint64(0xFFF)) << np.uint64(32)
                   if kind == TIME_LOW else now)
            packed[n] = now | row | long_word
            n += np.uintp(kind == ADDR_X)
            if not _RARE[kind] & (word ^ high_word):
                continue
            if VECT_BASE_X <= kind <= VECT_8:
                base, polarity, n = _vector(word, now | row, base, polarity, tally, packed, n)
            elif kind == TIME_HIGH:
                step = np.int64(word & np.uint32(0xFFF)) - high
                if not -_HALF_TURN <= step <= _HALF_TURN:
                    notes[_TURN_ENDS, turns], notes[_TURNS, turns] = np.int64(n), turn
                    turns += 1
                    turn += 1 if step < 0 else -1
                high += step
                high_word = word
                now = origin = np.uint64(high << 12) << np.uint64(32)
            elif kind == EXT_TRIGGER:
                notes[_TRIGGER_TIMES, triggers] = (
                    (turn << 24) + np.int64(now >> np.uint64(32))) * 1000
                notes[_TRIGGER_WORDS, triggers] = word
                triggers += 1
            else:
                reserved += 1
    notes[_TURN_ENDS, turns], notes[_TURNS, turns] = np.int64(n), turn
    state[_WRAPS] += turn - state[_TURN]
    state[_TURN], state[_HIGH] = turn, high
    state[_LOW] = np.int64(now >> np.uint64(32)) & 0xFFF
    state[_ROW], state[_BASE], state[_POLARITY] = row, base, polarity
    singles = np.int64(n) + tally[_OVER] + tally[_BASELESS] - tally[_HITS]
    state[_EVENT_WORDS] += singles
    state[_VECTOR_WORDS] += tally[_MASKS]
    state[_VECTOR_EVENTS] += tally[_HITS]
    state[_ADDRESS_WORDS] += addresses
    state[_TIME_WORDS] += times
    state[_RESERVED] += reserved
    state[_SYSTEM_WORDS] += (
        len(words) - singles - tally[_MASKS] - addresses - times - reserved - triggers)
    state[_OUT_OF_RANGE] += tally[_OVER]
    state[_ADDRESS_LOST] += tally[_BASELESS]
    return np.int64(n), turns + 1, triggers


@numba.njit(nogil=True, cache=True)
def _keep_inside(packed, t, width, height, state):  # type: ignore[no-untyped-def]
    """Leave out the events outside the sensor, in place; return how many stay."""
    kept, lost = 0, 0
    for i in range(len(packed)):
        place = np.uint32(packed[i])
        row = (place >> np.uint32(16)) & np.uint32(_ROW_BITS)
        lost += np.int64(row >= _UNKNOWN)
        packed[kept], t[kept] = packed[i], t[i]
        kept += np.int64((place & np.uint32(0x7FF)) < width) & np.int64(row < height)
    state[_ADDRESS_LOST] += lost
    state[_OUT_OF_RANGE] += len(packed) - kept - lost
    return kept


@numba.njit(nogil=True, cache=True)
def _finish(packed, notes, turns, width, height, state, t):  # type: ignore[no-untyped-def]
    """Write the times of packed events in ns; return how many lie inside the sensor."""
    # An unknown row is beyond any sensor.
    height = np.uint32(min(height, _UNKNOWN))
    width = np.uint32(width)
    outside = np.uint32(0)
    start = 0
    for k in range(turns):
        turn = notes[_TURNS, k] << 24
        end = notes[_TURN_ENDS, k]
        part, times = packed[start:end], t[start:end]
        for i in range(len(part)):
            times[i] = (turn + np.int64(part[i] >> np.uint64(32))) * 1000
            place = np.uint32(part[i])
            outside |= np.uint32((place & np.uint32(0x7FF)) >= width) | np.uint32(
                ((place >> np.uint32(16)) & np.uint32(_ROW_BITS)) >= height)
        start = end
    if outside:
        return _keep_inside(packed, t, width, height, state)
    return len(packed)


@numba.njit(nogil=True, cache=True)
def _synchronised(words, state):  # type: ignore[no-untyped-def]
    """Count the words and return those from the first full time on."""
    state[_WORDS] += len(words)
    if state[_SYNC] == _FULL:
        return words
    skipped = _join(words, state)
    state[_BEFORE_TIME] += skipped
    return words[skipped:]


@numba.njit(nogil=True, cache=True)
def _decode(words, state, packed, notes, width, height):  # type: ignore[no-untyped-def]
    """Decode into arrays; return them and the number of triggers."""
    n, turns, triggers = _walk(_synchronised(words, state), state, packed, notes)
    t = np.empty(n, np.int64)
    n = _finish(packed[:n], notes, turns, width, height, state, t)
    x, y, p = np.empty(n, np.uint16), np.empty(n, np.uint16), np.empty(n, np.uint8)
    for i in range(n):
        x[i] = packed[i] & np.uint64(0x7FF)
        y[i] = (packed[i] >> np.uint64(16)) & np.uint64(0x7FF)
        p[i] = (packed[i] >> np.uint64(11)) & np.uint64(1)
    return x, y, p, t[:n], triggers


@numba.njit(nogil=True, cache=True)
def _number(packed, width, pixel):  # type: ignore[no-untyped-def]
    for i in range(len(packed)):
        place = np.uint32(packed[i])
        pixel[i] = (
            ((place >> np.uint32(16)) & np.uint32(0x7FF)) * np.uint32(width)
            + (place & np.uint32(0x7FF)) | (place & np.uint32(0x800)) << np.uint32(20))


@numba.njit(nogil=True, cache=True)
def _decode_pixels(words, state, packed, notes, width, height, pixel, t):  # type: ignore[no-untyped-def]
    """Decode into numbers of pixels and times; return the number of events and of triggers."""
    n, turns, triggers = _walk(_synchronised(words, state), state, packed, notes)
    n = _finish(packed[:n], notes, turns, width, height, state, t)
    _number(packed[:n], width, pixel)
    return n, triggers


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
        self._stray = 0
        self._room = -1
        self._make_room(0)

    def decode(self, data: UInt8, time_base: int) -> Decoded:  # noqa: ARG002
        """Decode one packet; the time base has no meaning here."""
        words = self._words(data)
        x, y, p, t, triggers = _decode(
            words, self._state, self._packed, self._notes, self._width, self._height)
        return Decoded(Events(x, y, p, t), self._triggers(triggers), {})

    def decode_pixels(self, data: UInt8) -> tuple[PixelEvents, Triggers]:
        """Decode one packet.

        Returns:
            Its events, in arrays that the next call writes to; and its trigger edges.
        """
        words = self._words(data)
        count, triggers = _decode_pixels(
            words, self._state, self._packed, self._notes, self._width, self._height,
            self._pixel, self._t)
        return (PixelEvents(self._pixel[:count], self._t[:count], self._width),
                self._triggers(triggers))

    def counts(self) -> dict[str, int]:
        """Return what was counted since the start; names in encoding.COUNTERS."""
        counted = self._state[-len(_COUNTED):].tolist()
        return {**dict(zip(_COUNTED, counted, strict=True)), 'stray_bytes': self._stray}

    def gap(self) -> None:
        """Keep the time; row and vector base are unknown until they are sent again."""
        if self._state[_SYNC] == _FULL:
            self._state[_ROW] = _UNKNOWN_ROW
            self._state[_BASE] = UNKNOWN
        else:
            self._state[_SYNC] = _NOTHING

    def _words(self, data: UInt8) -> UInt16:
        """View a packet as words, aligned and read-only always, and make room for its events."""
        count = len(data) >> 1
        if len(data) & 1:
            self._stray += 1
            data = data[:-1]
        words: UInt16 = data.view(_WORD)
        if not words.flags.aligned:
            words = words.copy()
        words.flags.writeable = False
        if count > self._room or self._room > _ROOM_KEPT:
            self._make_room(count)
        return words

    def _make_room(self, words: int) -> None:
        """Set aside what a packet is decoded into: new memory for each costs more than decoding.

        The system gives what is written to, not what is set aside.
        """
        self._room = words if words > _ROOM_KEPT else min(2 * words, _ROOM_KEPT)
        events = 12 * self._room + 16
        self._packed: UInt64 = np.empty(events, np.uint64)
        self._pixel: UInt32 = np.empty(events, np.uint32)
        self._t: Int64 = np.empty(events, np.int64)
        self._notes: Int64 = np.empty((4, self._room + 1), np.int64)

    def _triggers(self, count: int) -> Triggers:
        if count == 0:
            return _NO_TRIGGERS
        words = self._notes[_TRIGGER_WORDS, :count]
        return Triggers(
            self._notes[_TRIGGER_TIMES, :count].copy(), ((words >> 8) & 0xF).astype(np.uint16),
            (words & 1).astype(np.uint8))
