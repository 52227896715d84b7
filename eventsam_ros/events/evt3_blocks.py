# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The inner loops of EVT 3.0: a block of words at a time, as few branches as can be."""

from __future__ import annotations

import numba
import numpy as np

from .evt3_words import ADDR_X, ADDR_Y, IMU, TIME_HIGH, TIME_LOW, VECT_8, VECT_12, VECT_BASE_X

BLOCK = 256
"""Words that are looked over at once."""
UNKNOWN = 1 << 16
"""Vector base after lost packets: what it would place is left out."""
_BEYOND = 1 << 11

# Which bits are set in a byte, and how many.
_BITS = np.array([byte.bit_count() for byte in range(256)], np.uint8)
_PLACES = np.array(
    [([k for k in range(8) if byte >> k & 1] + [0] * 8)[:8] for byte in range(256)], np.uint8)

# A packed event but for its x: time << 32 | row << 16. What each kind of word leaves of that, and
# what it adds, as a factor on its 12 bits. Tables, because they take fewer steps than selects.
_KEEPS = np.full(16, 0xFFFF_FFFF_FFFF_FFFF, np.uint64)
_KEEPS[ADDR_Y] = 0xFFFF_FFFF_0000_FFFF
_KEEPS[TIME_LOW] = 0xFFFF_F000_FFFF_FFFF
_ADDS = np.zeros(16, np.uint64)
_ADDS[ADDR_Y], _ADDS[TIME_LOW] = 1 << 16, 1 << 32
_EVENTS = np.zeros(16, np.uint64)
_EVENTS[ADDR_X] = 1

MASKS, HITS, OVER, BASELESS = range(4)
"""What vectors count: masks, their bits, those beyond 11 bits of x, those without a base."""


@numba.njit(nogil=True, cache=True)
def look_over(block, high_word):  # type: ignore[no-untyped-def]
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
def take(word, at, packed, n):  # type: ignore[no-untyped-def]
    """Follow a word that needs no branch: none but the rare ones and vectors do.

    The unpredictable kind of word is what decoding costs. Every word is written, and kept if it
    was an event.

    Returns:
        Time and row, and the number of events from here on.
    """
    word = np.uint64(word)
    kind = word >> np.uint64(12)
    at = (at & _KEEPS[kind]) | (word & np.uint64(0xFFF)) * _ADDS[kind]
    packed[n] = at | word
    return at, n + np.uintp(_EVENTS[kind])


@numba.njit(nogil=True, cache=True)
def follow(block, at, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block of single events and what goes with them."""
    for i in range(len(block)):
        at, n = take(block[i], at, packed, n)
    return at, n


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
def vector(word, at, base, polarity, tally, packed, n):  # type: ignore[no-untyped-def]
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
    tally[MASKS] += 1
    tally[HITS] += count
    if base + span <= _BEYOND:
        _place(mask, at | np.uint64(polarity | base), packed, n)
        return base + span, polarity, n + np.uintp(count)
    if base >= UNKNOWN:
        tally[BASELESS] += count
        return base, polarity, n
    for bit in range(span):
        column = base + bit
        hit = np.int64(word >> np.uint32(bit)) & 1
        packed[n] = at | np.uint64(polarity | (column & (_BEYOND - 1)))
        n += np.uintp(hit & np.int64(column < _BEYOND))
        tally[OVER] += hit & np.int64(column >= _BEYOND)
    return min(base + span, np.int64(_BEYOND)), polarity, n


@numba.njit(nogil=True, cache=True)
def follow_vectors(block, at, base, polarity, tally, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block of single events, vectors and what goes with them."""
    for i in range(len(block)):
        word = np.uint32(block[i])
        at, n = take(word, at, packed, n)
        if VECT_BASE_X <= word >> np.uint32(12) <= VECT_8:
            base, polarity, n = vector(word, at, base, polarity, tally, packed, n)
    return at, base, polarity, n
