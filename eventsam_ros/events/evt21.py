# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 2.1, the 64-bit word stream of Prophesee sensors (encodings 'evt21' and 'evt21_legacy').

A word has 32 neighbouring columns of one row, polarity and time. Time is that of EVT 2.0. The
GenX320 sends words in little-endian order; older sensors ("legacy" in Prophesee's files) send the
upper 32 bits first, each half in little-endian order.

Source: the Prophesee EVT 2.1 specification.
"""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .encoding import Decoded, whole_units
from .evt2 import CD_ON, EXT_TRIGGER, HIGH, STATE_SIZE, SYNC, SYSTEM, TIME_HIGH, TURN, step_high
from .types import Events, Triggers, UInt8

# Position of the only bit that is set, by the upper 5 bits of the product with this de Bruijn
# sequence: the compiler has no count of trailing zeros to offer.
_SEQUENCE = 0x077CB531
_POSITION = np.zeros(32, np.int64)
for _bit in range(32):
    _POSITION[(_SEQUENCE << _bit & 0xFFFFFFFF) >> 27] = _bit


@kernel
def _tally(words):  # type: ignore[no-untyped-def]
    """Count words of events and their bits, words of time, triggers and monitoring."""
    events, bits, time, triggers, system = 0, 0, 0, 0, 0
    for word in words:
        kind = word >> np.uint64(60)
        mask = word & np.uint64(0xFFFFFFFF if kind <= CD_ON else 0)
        mask -= (mask >> np.uint64(1)) & np.uint64(0x55555555)
        mask = (mask & np.uint64(0x33333333)) + ((mask >> np.uint64(2)) & np.uint64(0x33333333))
        mask = (mask + (mask >> np.uint64(4))) & np.uint64(0x0F0F0F0F)
        bits += np.int64(((mask * np.uint64(0x01010101)) >> np.uint64(24)) & np.uint64(0xFF))
        events += kind <= CD_ON
        time += kind == TIME_HIGH
        triggers += kind == EXT_TRIGGER
        system += kind >= SYSTEM[0]
    return events, bits, time, triggers, system


@kernel
def _join(words):  # type: ignore[no-untyped-def]
    """Return how many words come before the first TIME_HIGH."""
    for i in range(len(words)):
        if words[i] >> np.uint64(60) == TIME_HIGH:
            return i
    return len(words)


@kernel
def _decode(words, state, width, height):  # type: ignore[no-untyped-def]
    skipped = 0 if state[SYNC] else _join(words)
    words = words[skipped:]
    vector_words, bits, time_words, trigger_words, system_words = _tally(words)
    x = np.empty(bits, np.uint16)
    y = np.empty(bits, np.uint16)
    p = np.empty(bits, np.uint8)
    t = np.empty(bits, np.int64)
    trigger_t = np.empty(trigger_words, np.int64)
    trigger_word = np.empty(trigger_words, np.uint64)
    n = 0
    triggers = 0
    block = (state[TURN] << 34) + (state[HIGH] << 6)
    for word in words:
        kind = word >> np.uint64(60)
        now = (block + np.int64((word >> np.uint64(54)) & np.uint64(63))) * 1000
        if kind <= CD_ON:
            base = np.int64((word >> np.uint64(43)) & np.uint64(0x7FF))
            row = np.int64((word >> np.uint64(32)) & np.uint64(0x7FF))
            mask = np.int64(word & np.uint64(0xFFFFFFFF)) if row < height else 0
            while mask:
                lowest = mask & -mask
                mask ^= lowest
                column = base + _POSITION[(lowest * _SEQUENCE & 0xFFFFFFFF) >> 27]
                if column < width:
                    x[n], y[n], p[n], t[n] = column, row, kind, now
                    n += 1
        elif kind == TIME_HIGH:
            block = step_high(state, np.int64((word >> np.uint64(32)) & np.uint64(0xFFFFFFF)))
        elif kind == EXT_TRIGGER:
            trigger_t[triggers] = now
            trigger_word[triggers] = word
            triggers += 1
    x, y, p, t = x[:n], y[:n], p[:n], t[:n]
    if bits > 2 * n:
        # Windows keep these arrays: what is left out must not hold several times their memory.
        x, y, p, t = x.copy(), y.copy(), p.copy(), t.copy()
    return (
        x, y, p, t, trigger_t, trigger_word,
        vector_words, bits, time_words, system_words, skipped)


class Evt21:
    """One EVT 2.1 stream; time lives on from packet to packet.

    Words are skipped until the first TIME_HIGH.
    """

    legacy = False
    """Whether the upper half of a word comes first."""

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
        words, stray = whole_units(data, np.dtype('<u8'))
        if self.legacy:
            words = words >> 32 | words << 32
            words.flags.writeable = False
        turn = int(self._state[TURN])
        (x, y, p, t, trigger_t, trigger_word, of_vectors, bits, of_time, of_system,
         skipped) = _decode(words, self._state, self._width, self._height)
        triggers = Triggers(
            trigger_t, ((trigger_word >> 40) & 0x1F).astype(np.uint16),
            ((trigger_word >> 32) & 1).astype(np.uint8))
        return Events(x, y, p, t), triggers, {
            'words': len(words), 'stray_bytes': stray, 'before_time': skipped,
            'vector_words': of_vectors, 'vector_events': bits, 'time_words': of_time,
            'system_words': of_system, 'out_of_range': bits - len(t),
            'reserved': (
                len(words) - skipped - of_vectors - of_time - of_system - len(trigger_t)),
            'wraps': int(self._state[TURN]) - turn,
        }

    def gap(self) -> None:
        """Nothing to forget: addresses are whole, and time goes on."""


class Evt21Legacy(Evt21):
    """One EVT 2.1 stream whose words come with their upper half first."""

    legacy = True
