# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From EVT 3.0 words to packed events: the state of a stream, and the walk along its words."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .evt3_blocks import (
    BASELESS,
    BLOCK,
    OVER,
    RARE,
    count_events,
    follow,
    follow_to_rare,
    follow_vectors,
    look_over,
    take,
    vector,
)
from .evt3_words import EXT_TRIGGER, TIME_HIGH, TIME_LOW, VECT_8, VECT_BASE_X

# Half a turn of TIME_HIGH, and a little more: a flipped top bit in a word that also moves on
# must lead there and back by the same way.
_HALF_TURN = 2048 + 16

SYNC, TURN, HIGH, LOW, ROW, BASE, POLARITY = range(7)
"""Positions in the state of a stream."""
COUNTED = (
    'words', 'event_words', 'vector_words', 'vector_events', 'address_words', 'time_words',
    'system_words', 'reserved', 'before_time', 'out_of_range', 'address_lost', 'wraps')
"""Behind them what has been counted since the start, by the names of encoding.COUNTERS."""
(WORDS, EVENT_WORDS, VECTOR_WORDS, VECTOR_EVENTS, ADDRESS_WORDS, TIME_WORDS, SYSTEM_WORDS,
 RESERVED, BEFORE_TIME, OUT_OF_RANGE, ADDRESS_LOST, WRAPS, STATE_SIZE) = range(7, 20)
NOTHING, HIGH_ONLY, FULL = range(3)
"""Values of SYNC: what was seen of the time so far."""
TURN_ENDS, TURNS, TRIGGER_TIMES, TRIGGER_WORDS = range(4)
"""Rows of the notes of a packet."""

_ROW_BITS = np.uint64(0xFFFF_FFFF)


@kernel
def _join(words, state):  # type: ignore[no-untyped-def]
    """Skip to the first full time; the address words on the way are lost."""
    for i in range(len(words)):
        kind = words[i] >> 12
        if kind == TIME_HIGH:
            state[HIGH] = words[i] & 0xFFF
            state[SYNC] = HIGH_ONLY
        elif kind == TIME_LOW and state[SYNC] == HIGH_ONLY:
            state[SYNC] = FULL
            return i
    return len(words)


@kernel
def walk(words, state, packed, notes):  # type: ignore[no-untyped-def]
    """Follow the words.

    Writes events as time << 32 | row << 16 | polarity << 11 | x (other bits: noise), the time in
    µs without its turns; in the rows of `notes` how many events had come when a turn ended, and
    that turn, and times in ns and words of the triggers.

    Returns:
        Number of events, of turns and of triggers.
    """
    triggers, reserved, turns = 0, 0, 0
    masks, hits, addresses, times = 0, 0, 0, 0
    lost = np.zeros(2, np.int64)
    turn, high = state[TURN], state[HIGH]
    base, polarity = np.uint64(state[BASE]), np.uint64(state[POLARITY])
    n = np.uintp(0)
    at = np.uint64((high << 12) + state[LOW]) << np.uint64(32) | np.uint64(state[ROW])
    high_word = np.uint32((TIME_HIGH << 12) | high)
    for start in range(0, len(words), BLOCK):
        block = words[start:start + BLOCK]
        rare, vectors, addresses_here, times_here = look_over(block, np.uint16(high_word))
        addresses += addresses_here
        times += times_here
        if not rare and not vectors:
            at, n = follow(block, at, packed, n)
            continue
        done, before = 0, n
        if not rare:
            done, at, base, polarity, n = follow_vectors(block, at, base, polarity, packed, n)
        while done < len(block):
            if not vectors:
                step, at, n = follow_to_rare(block[done:], high_word, at, packed, n)
                done += step
                if done == len(block):
                    break
            word = np.uint32(block[done])
            kind = word >> np.uint32(12)
            done += 1
            at, n = take(word, at, packed, n)
            if not RARE[kind] & (word ^ high_word):
                continue
            if VECT_BASE_X <= kind <= VECT_8:
                base, polarity, n = vector(word, at, base, polarity, lost, packed, n)
            elif kind == TIME_HIGH:
                step = np.int64(word & np.uint32(0xFFF)) - high
                if not -_HALF_TURN <= step <= _HALF_TURN:
                    notes[TURN_ENDS, turns], notes[TURNS, turns] = np.int64(n), turn
                    turns += 1
                    turn += 1 if step < 0 else -1
                high += step
                high_word = word
                at = np.uint64(high << 12) << np.uint64(32) | (at & _ROW_BITS)
            elif kind == EXT_TRIGGER:
                notes[TRIGGER_TIMES, triggers] = (
                    (turn << 24) + np.int64(at >> np.uint64(32))) * 1000
                notes[TRIGGER_WORDS, triggers] = word
                triggers += 1
            else:
                reserved += 1
        if vectors:
            singles, masks_here = count_events(block)
            masks += masks_here
            hits += np.int64(n - before) - singles
    notes[TURN_ENDS, turns], notes[TURNS, turns] = np.int64(n), turn
    state[WRAPS] += turn - state[TURN]
    state[TURN], state[HIGH] = turn, high
    state[LOW] = np.int64(at >> np.uint64(32)) & 0xFFF
    state[ROW] = np.int64(at & _ROW_BITS)
    state[BASE], state[POLARITY] = np.int64(base), np.int64(polarity)
    singles = np.int64(n) - hits
    state[EVENT_WORDS] += singles
    state[VECTOR_WORDS] += masks
    state[VECTOR_EVENTS] += hits + lost[OVER] + lost[BASELESS]
    state[ADDRESS_WORDS] += addresses
    state[TIME_WORDS] += times
    state[RESERVED] += reserved
    state[SYSTEM_WORDS] += (
        len(words) - singles - masks - addresses - times - reserved - triggers)
    state[OUT_OF_RANGE] += lost[OVER]
    state[ADDRESS_LOST] += lost[BASELESS]
    return np.int64(n), turns + 1, triggers


@kernel
def synchronised(words, state):  # type: ignore[no-untyped-def]
    """Count the words and return those from the first full time on."""
    state[WORDS] += len(words)
    if state[SYNC] == FULL:
        return words
    skipped = _join(words, state)
    state[BEFORE_TIME] += skipped
    return words[skipped:]
