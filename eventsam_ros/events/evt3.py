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

import numpy as np

from eventsam_ros.kernels import kernel

from .encoding import Decoded
from .evt3_blocks import UNKNOWN
from .evt3_walk import (
    ADDRESS_LOST,
    BASE,
    COUNTED,
    FULL,
    NOTHING,
    OUT_OF_RANGE,
    ROW,
    STATE_SIZE,
    SYNC,
    TRIGGER_TIMES,
    TRIGGER_WORDS,
    TURN_ENDS,
    TURNS,
    synchronised,
    walk,
)
from .pixel_events import PixelEvents
from .types import Events, Int64, Triggers, UInt8, UInt16, UInt32, UInt64

_WORD = np.dtype('<u2')
_NO_TRIGGERS = Triggers.empty()
# A row is kept shifted by 16, as it stands in a packed event; this bit marks an unknown one.
_UNKNOWN = 1 << 12
_UNKNOWN_ROW = _UNKNOWN << 16
_ROW_BITS = _UNKNOWN | 0x7FF
_ROOM_KEPT = 1 << 17
"""Words of a packet up to which the memory that decoding takes is kept for the next one."""


@kernel
def _keep_inside(packed, t, width, height, state):  # type: ignore[no-untyped-def]
    """Leave out the events outside the sensor, in place; return how many stay."""
    kept, lost = 0, 0
    for i in range(len(packed)):
        place = np.uint32(packed[i])
        row = (place >> np.uint32(16)) & np.uint32(_ROW_BITS)
        lost += np.int64(row >= _UNKNOWN)
        packed[kept], t[kept] = packed[i], t[i]
        kept += np.int64((place & np.uint32(0x7FF)) < width) & np.int64(row < height)
    state[ADDRESS_LOST] += lost
    state[OUT_OF_RANGE] += len(packed) - kept - lost
    return kept


@kernel
def _finish(packed, notes, turns, width, height, state, t):  # type: ignore[no-untyped-def]
    """Write the times of packed events in ns; return how many lie inside the sensor."""
    # An unknown row is beyond any sensor.
    height = np.uint32(min(height, _UNKNOWN))
    width = np.uint32(width)
    outside = np.uint32(0)
    start = 0
    for k in range(turns):
        turn = notes[TURNS, k] << 24
        end = notes[TURN_ENDS, k]
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


@kernel
def _decode(words, state, packed, notes, width, height):  # type: ignore[no-untyped-def]
    """Decode into arrays; return them and the number of triggers."""
    n, turns, triggers = walk(synchronised(words, state), state, packed, notes)
    t = np.empty(n, np.int64)
    n = _finish(packed[:n], notes, turns, width, height, state, t)
    x, y, p = np.empty(n, np.uint16), np.empty(n, np.uint16), np.empty(n, np.uint8)
    for i in range(n):
        x[i] = packed[i] & np.uint64(0x7FF)
        y[i] = (packed[i] >> np.uint64(16)) & np.uint64(0x7FF)
        p[i] = (packed[i] >> np.uint64(11)) & np.uint64(1)
    return x, y, p, t[:n], triggers


@kernel
def _number(packed, width, pixel):  # type: ignore[no-untyped-def]
    for i in range(len(packed)):
        place = np.uint32(packed[i])
        pixel[i] = (
            ((place >> np.uint32(16)) & np.uint32(0x7FF)) * np.uint32(width)
            + (place & np.uint32(0x7FF)) | (place & np.uint32(0x800)) << np.uint32(20))


@kernel
def _decode_pixels(words, state, packed, notes, width, height, pixel, t):  # type: ignore[no-untyped-def]
    """Decode into numbers of pixels and times; return the number of events and of triggers."""
    n, turns, triggers = walk(synchronised(words, state), state, packed, notes)
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
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._stray = 0
        self._room = -1
        self._make_room(0)

    def decode(self, data: UInt8, time_base: int) -> Decoded:  # noqa: ARG002
        """Decode one packet; the time base has no meaning here."""
        words = self._words(data)
        x, y, p, t, triggers = _decode(
            words, self._state, self._packed, self._notes, self._width, self._height)
        return Events(x, y, p, t), self._triggers(triggers), {}

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
        counted = self._state[-len(COUNTED):].tolist()
        return {**dict(zip(COUNTED, counted, strict=True)), 'stray_bytes': self._stray}

    def gap(self) -> None:
        """Keep the time; row and vector base are unknown until they are sent again."""
        if self._state[SYNC] == FULL:
            self._state[ROW] = _UNKNOWN_ROW
            self._state[BASE] = UNKNOWN
        else:
            self._state[SYNC] = NOTHING

    def _words(self, data: UInt8) -> UInt16:
        """View a packet as words, aligned and read-only always, and make room for its events."""
        count = len(data) >> 1
        if len(data) & 1:
            self._stray += 1
            data = data[:-1]
        words: UInt16 = data.view(_WORD)
        if not words.flags.aligned:
            words = words.copy()
        words.setflags(write=False)
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
        words = self._notes[TRIGGER_WORDS, :count]
        return Triggers(
            self._notes[TRIGGER_TIMES, :count].copy(), ((words >> 8) & 0xF).astype(np.uint16),
            (words & 1).astype(np.uint8))
