# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 2.0, the 32-bit word stream of older Prophesee sensors (encoding 'evt2').

Every event has its full address and the low 6 bits of its time; a TIME_HIGH has the upper 28 bits.
The 34 bits of µs turn over every 4 h 46 min. As in EVT 3.0 time is always the nearest with these
bits, so that one corrupt TIME_HIGH cannot add a turn for ever.

Source: the Prophesee EVT 2.0 specification.
"""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .encoding import Decoded, whole_units
from .types import Events, Triggers, UInt8

CD_ON, TIME_HIGH, EXT_TRIGGER = 0x1, 0x8, 0xA
SYSTEM = (0xD, 0xE, 0xF)
"""IMU, OTHERS and CONTINUED: monitoring, skipped."""

# Half a turn of TIME_HIGH, and a little more: a flipped top bit in a word that also moves on
# must lead there and back by the same way.
_HALF_TURN = (1 << 27) + (1 << 10)

SYNC, TURN, HIGH, STATE_SIZE = range(4)
"""Positions in the state of a stream; shared with EVT 2.1, whose time is the same."""


@kernel
def step_high(state, high):  # type: ignore[no-untyped-def]
    """Take the 28 bits of a TIME_HIGH and return the time that it stands for, µs."""
    if state[SYNC]:
        step = high - state[HIGH]
        state[TURN] += np.int64(step < -_HALF_TURN) - np.int64(step > _HALF_TURN)
    state[SYNC] = 1
    state[HIGH] = high
    return (state[TURN] << 34) + (high << 6)


@kernel
def _tally(words):  # type: ignore[no-untyped-def]
    """Count words of events, time, triggers and monitoring."""
    events, time, triggers, system = 0, 0, 0, 0
    for word in words:
        kind = word >> np.uint32(28)
        events += kind <= CD_ON
        time += kind == TIME_HIGH
        triggers += kind == EXT_TRIGGER
        system += kind >= SYSTEM[0]
    return events, time, triggers, system


@kernel
def _join(words):  # type: ignore[no-untyped-def]
    """Return how many words come before the first TIME_HIGH."""
    for i in range(len(words)):
        if words[i] >> np.uint32(28) == TIME_HIGH:
            return i
    return len(words)


@kernel
def _decode(words, state, width, height):  # type: ignore[no-untyped-def]
    skipped = 0 if state[SYNC] else _join(words)
    words = words[skipped:]
    event_words, time_words, trigger_words, system_words = _tally(words)
    # Every word is written, and kept if it was an event inside the sensor.
    x = np.empty(event_words + 1, np.uint16)
    y = np.empty(event_words + 1, np.uint16)
    p = np.empty(event_words + 1, np.uint8)
    t = np.empty(event_words + 1, np.int64)
    trigger_t = np.empty(trigger_words, np.int64)
    trigger_word = np.empty(trigger_words, np.uint32)
    n = 0
    triggers = 0
    block = (state[TURN] << 34) + (state[HIGH] << 6)
    for word in words:
        kind = word >> np.uint32(28)
        now = (block + np.int64((word >> np.uint32(22)) & np.uint32(63))) * 1000
        column = (word >> np.uint32(11)) & np.uint32(0x7FF)
        row = word & np.uint32(0x7FF)
        x[n], y[n], p[n], t[n] = column, row, kind & np.uint32(1), now
        n += np.int64((kind <= CD_ON) & (column < width) & (row < height))
        if kind == TIME_HIGH:
            block = step_high(state, np.int64(word & np.uint32(0xFFFFFFF)))
        elif kind == EXT_TRIGGER:
            trigger_t[triggers] = now
            trigger_word[triggers] = word
            triggers += 1
    x, y, p, t = x[:n], y[:n], p[:n], t[:n]
    if event_words > 2 * n:
        # Windows keep these arrays: what is left out must not hold several times their memory.
        x, y, p, t = x.copy(), y.copy(), p.copy(), t.copy()
    return x, y, p, t, trigger_t, trigger_word, event_words, time_words, system_words, skipped


class Evt2:
    """One EVT 2.0 stream; time lives on from packet to packet.

    Words are skipped until the first TIME_HIGH.
    """

    def __init__(self, width: int, height: int) -> None:
        """Start before the first time.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        self._width = width
        self._height = height
        self._state = np.zeros(STATE_SIZE, np.int64)

    def decode(self, data: UInt8, time_base: int) -> Decoded:  # noqa: ARG002
        """Decode one packet; the time base has no meaning here."""
        words, stray = whole_units(data, np.dtype('<u4'))
        turn = int(self._state[TURN])
        x, y, p, t, trigger_t, trigger_word, of_events, of_time, of_system, skipped = _decode(
            words, self._state, self._width, self._height)
        triggers = Triggers(
            trigger_t, ((trigger_word >> 8) & 0x1F).astype(np.uint16),
            (trigger_word & 1).astype(np.uint8))
        return Events(x, y, p, t), triggers, {
            'words': len(words), 'stray_bytes': stray, 'before_time': skipped,
            'event_words': of_events, 'time_words': of_time, 'system_words': of_system,
            'out_of_range': of_events - len(t),
            'reserved': (
                len(words) - skipped - of_events - of_time - of_system - len(trigger_t)),
            'wraps': int(self._state[TURN]) - turn,
        }

    def gap(self) -> None:
        """Nothing to forget: addresses are whole, and time goes on."""
