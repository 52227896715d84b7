# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compressed iniVation events (encoding 'libcaer_cmp').

16-bit words that look like EVT 3.0, with other type numbers and x and y in each other's place:
x is the state, the word with y makes the event. Times are relative to the packet's time base
and start at 0 in every packet.

Source: event_camera_codecs.
"""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .encoding import Decoded, whole_units
from .types import Events, Triggers, UInt8

TIME_HIGH, TIME_LOW, ADDR_X, ADDR_Y, VECT_BASE_Y, VECT_8 = range(6)

UNKNOWN = 1 << 16
"""Address after lost packets: events that need it are left out."""

# Positions in the state of a stream.
_X, _BASE, _POLARITY, _STATE_SIZE = range(4)


@kernel
def _tally(words):  # type: ignore[no-untyped-def]
    """Count words of single events, vectors and their bits, addresses and time."""
    singles, vectors, bits, addresses, times = 0, 0, 0, 0, 0
    for word in words:
        kind = word >> 12
        singles += kind == ADDR_Y
        vectors += kind == VECT_8
        mask = np.int64(word & (0xFF if kind == VECT_8 else 0))
        mask -= (mask >> 1) & 0x55
        mask = (mask & 0x33) + ((mask >> 2) & 0x33)
        bits += (mask + (mask >> 4)) & 0xF
        addresses += (kind == ADDR_X) | (kind == VECT_BASE_Y)
        times += kind <= TIME_LOW
    return singles, vectors, bits, addresses, times


@kernel
def _decode(words, state, time_base, width, height):  # type: ignore[no-untyped-def]
    tally = _tally(words)
    room = tally[0] + tally[2]
    x = np.empty(room, np.uint16)
    y = np.empty(room, np.uint16)
    p = np.empty(room, np.uint8)
    t = np.empty(room, np.int64)
    n = 0
    outside = 0
    lost = 0
    reserved = 0
    high = 0
    now = time_base
    column, base, polarity = state[_X], state[_BASE], state[_POLARITY]
    for i in range(len(words)):
        word = np.int64(words[i])
        kind = word >> 12
        if kind == ADDR_X:
            column = word & 0x7FF
        elif kind == ADDR_Y:
            row = word & 0x7FF
            if column < width and row < height:
                x[n], y[n], p[n], t[n] = column, row, (word >> 11) & 1, now
                n += 1
            elif column == UNKNOWN:
                lost += 1
            else:
                outside += 1
        elif kind == VECT_8:
            for bit in range(8):
                if not (word >> bit) & 1:
                    continue
                if column < width and base + bit < height:
                    x[n], y[n], p[n], t[n] = column, base + bit, polarity, now
                    n += 1
                elif column == UNKNOWN or base >= UNKNOWN:
                    lost += 1
                else:
                    outside += 1
            # A base past every sensor stays there; it must not grow to mean "unknown".
            base = min(base + 8, 0x800) if base < UNKNOWN else base
        elif kind == TIME_LOW:
            now = time_base + (high | (word & 0xFFF)) * 1000
        elif kind == TIME_HIGH:
            # The low bits stay until the next TIME_LOW, which the driver always sends.
            now += ((word & 0xFFF) << 12) * 1000 - high * 1000
            high = (word & 0xFFF) << 12
        elif kind == VECT_BASE_Y:
            base = word & 0x7FF
            polarity = (word >> 11) & 1
        else:
            reserved += 1
    state[_X], state[_BASE], state[_POLARITY] = column, base, polarity
    if room > 2 * n:
        # Windows keep these arrays: sparse vectors must not hold several times their memory.
        return (
            x[:n].copy(), y[:n].copy(), p[:n].copy(), t[:n].copy(), outside, lost, reserved,
            tally)
    return x[:n], y[:n], p[:n], t[:n], outside, lost, reserved, tally


class LibcaerCmp:
    """One compressed iniVation stream; column and vector base live on from packet to packet."""

    def __init__(self, width: int, height: int) -> None:
        """Start at column 0.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        self._width = width
        self._height = height
        self._state = np.zeros(_STATE_SIZE, np.int64)

    def decode(self, data: UInt8, time_base: int) -> Decoded:
        """Decode one packet whose first event was at `time_base` ns."""
        words, stray = whole_units(data, np.dtype('<u2'))
        x, y, p, t, outside, lost, reserved, tally = _decode(
            words, self._state, time_base, self._width, self._height)
        singles, vectors, bits, addresses, times = tally
        return Events(x, y, p, t), Triggers.empty(), {
            'words': len(words), 'stray_bytes': stray, 'event_words': singles,
            'vector_words': vectors, 'vector_events': bits,
            'address_words': addresses, 'time_words': times, 'out_of_range': outside,
            'address_lost': lost, 'reserved': reserved,
        }

    def gap(self) -> None:
        """Column and vector base are unknown until they are sent again."""
        self._state[[_X, _BASE]] = UNKNOWN
