# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events to EVT 3.0 packets, as a Prophesee sensor would send them (for simulated recordings)."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .evt3_words import ADDR_X, ADDR_Y, TIME_HIGH, TIME_LOW, VECT_8, VECT_12, VECT_BASE_X
from .types import Events

# Readers differ in how far back a TIME_HIGH must step to be a wrap, from 41 ms to 16.7 s. Time
# moves in steps of at most 33 ms, so that all of them read the same.
_STEP = 8
_SPAN = 32
_PAYS = 5
"""Events in a span of 32 columns from which a vector (4 words) is shorter than single events."""
JUMP_LIMIT_US = 3_600_000_000
"""Longest jump of time between two events, µs: a turn of the counter costs a kilobyte."""

# Positions in the state of a stream.
_STARTED, _HIGH, _STATE_SIZE = range(3)


@kernel
def _fault(x, y, t, state, width, height):  # type: ignore[no-untyped-def]
    """Return the index of the first event that cannot be encoded, or -1; and the time steps."""
    steps = 0
    high = state[_HIGH] if state[_STARTED] or len(t) == 0 else t[0] // 1000 >> 12
    for i in range(len(t)):
        next_high = t[i] // 1000 >> 12
        jump = abs(next_high - high)
        if x[i] >= width or y[i] >= height or t[i] < 0 or jump > JUMP_LIMIT_US >> 12:
            return i, steps
        steps += jump // _STEP
        high = next_high
    return -1, steps


@kernel
def _encode(x, y, p, t, state, width, words):  # type: ignore[no-untyped-def]
    n = 0
    i = 0
    row = -1
    low = -1
    high = state[_HIGH] if state[_STARTED] else t[0] // 1000 >> 12
    # Every packet starts with the full time, for readers that join there.
    words[n] = (TIME_HIGH << 12) | (high & 0xFFF)
    n += 1
    while i < len(t):
        micros = t[i] // 1000
        target = micros >> 12
        while high != target:
            high += min(max(target - high, -_STEP), _STEP)
            words[n] = (TIME_HIGH << 12) | (high & 0xFFF)
            n += 1
            low = -1
        if (micros & 0xFFF) != low:
            low = micros & 0xFFF
            words[n] = (TIME_LOW << 12) | low
            n += 1
        if y[i] != row:
            row = np.int64(y[i])
            words[n] = (ADDR_Y << 12) | row
            n += 1
        polarity = 0x800 if p[i] else 0
        first = np.int64(x[i])
        mask = 1
        end = i + 1
        if first + _SPAN <= width:
            last = first
            while (
                end < len(t) and y[end] == row and (p[end] != 0) == (polarity != 0)
                and last < x[end] < first + _SPAN and t[end] // 1000 == micros
            ):
                last = np.int64(x[end])
                mask |= 1 << (last - first)
                end += 1
        if end - i >= _PAYS:
            words[n] = (VECT_BASE_X << 12) | polarity | first
            words[n + 1] = (VECT_12 << 12) | (mask & 0xFFF)
            words[n + 2] = (VECT_12 << 12) | ((mask >> 12) & 0xFFF)
            words[n + 3] = (VECT_8 << 12) | (mask >> 24)
            n += 4
        else:
            for k in range(i, end):
                words[n] = (ADDR_X << 12) | polarity | x[k]
                n += 1
        i = end
    state[_STARTED] = 1
    state[_HIGH] = high
    return n


class Evt3Encoder:
    """Encoder of one stream; time goes on from packet to packet.

    A decoder gives back every event in order, its time rounded down to µs and without whole
    turns of 16.777216 s before the first event, which the format cannot carry.
    """

    def __init__(self, width: int, height: int) -> None:
        """Start a stream.

        Args:
            width: Sensor columns, 1 to 2048.
            height: Sensor rows, 1 to 2048.

        Raises:
            ValueError: The format has no such addresses.
        """
        if not (1 <= width <= 2048 and 1 <= height <= 2048):
            raise ValueError(f'sensor size must be 1x1 to 2048x2048, but got {width}x{height}')
        self._width = width
        self._height = height
        self._state = np.zeros(_STATE_SIZE, np.int64)

    def reset(self) -> None:
        """Start a new stream."""
        self._state[:] = 0

    def encode(self, events: Events) -> bytes:
        """Encode one packet.

        Args:
            events: Events inside the sensor, at times of 0 or later; no events make no words.

        Returns:
            16-bit little-endian words: the full time first, then row by row as the events come,
            with vectors where they are shorter.

        Raises:
            ValueError: An event outside the sensor, before 0, or an hour away from the last.
        """
        if len(events) == 0:
            return b''
        x, y, p, t = (np.ascontiguousarray(a) for a in (events.x, events.y, events.p, events.t))
        fault, steps = _fault(x, y, t, self._state, self._width, self._height)
        if fault >= 0:
            raise ValueError(
                f'event {fault} must be inside {self._width}x{self._height}, at 0 ns or later '
                f'and within an hour of the one before, but is x {x[fault]}, y {y[fault]}, '
                f't {t[fault]}')
        # At most TIME_HIGH, TIME_LOW, ADDR_Y and ADDR_X an event, and the steps between them.
        words = np.empty(1 + 4 * len(t) + steps, np.uint16)
        used = _encode(x, y, p, t, self._state, self._width, words)
        return words[:used].astype('<u2', copy=False).tobytes()
