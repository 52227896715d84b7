# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The inner loops of EVT 3.0: a block of words at a time, as few branches as can be."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .evt3_words import (
    ADDR_X,
    ADDR_Y,
    EXT_TRIGGER,
    IMU,
    TIME_HIGH,
    TIME_LOW,
    VECT_8,
    VECT_12,
    VECT_BASE_X,
)

BLOCK = 256
"""Words that are looked over at once."""
UNKNOWN = 1 << 16
"""Vector base after lost packets: what it would place is left out."""
_BEYOND = 1 << 11

# Which bits are set in a mask of 12, and how many.
_PLACES = np.array(
    [([k for k in range(12) if mask >> k & 1] + [0] * 12)[:12] for mask in range(1 << 12)],
    np.uint8)
_BITS = np.array([mask.bit_count() for mask in range(1 << 12)], np.uint8)

# A packed event but for its x: time << 32 | row << 16. What each kind of word leaves of that, and
# what it adds, as a factor on its 12 bits. Tables, because they take fewer steps than selects.
_KEEPS = np.full(16, 0xFFFF_FFFF_FFFF_FFFF, np.uint64)
_KEEPS[ADDR_Y] = 0xFFFF_FFFF_0000_FFFF
_KEEPS[TIME_LOW] = 0xFFFF_F000_FFFF_FFFF
_ADDS = np.zeros(16, np.uint64)
_ADDS[ADDR_Y], _ADDS[TIME_LOW] = 1 << 16, 1 << 32
_EVENTS = np.zeros(16, np.uint64)
_EVENTS[ADDR_X] = 1

_RARE_KINDS = (
    0x1, VECT_BASE_X, VECT_12, VECT_8, TIME_HIGH, 0x9, EXT_TRIGGER, 0xB, 0xC)
# All ones for the kinds of word that need a branch. A table, because the compiler splits a
# compound condition into two branches, and mispredicted ones double the time.
RARE = np.array([0xFFFFFFFF if kind in _RARE_KINDS else 0 for kind in range(16)], np.uint32)

OVER, BASELESS = range(2)
"""Events of vectors that are left out: those beyond 11 bits of x, those without a base."""


@kernel
def look_over(block, high_word):  # type: ignore[no-untyped-def]
    """See what a block holds.

    Apart from the walk, whose time is its branches. 16-bit sums of 16-bit words, over indices and
    not over items, are a vector loop to the compiler; every one is cast, for fear of wider ones.

    Returns:
        Whether any word needs a branch, but for vectors; whether there are vectors; and how many
        words are addresses and times.
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


@kernel
def count_events(block):  # type: ignore[no-untyped-def]
    """Return how many words of a block are single events, and masks of vectors."""
    singles, masks = np.uint16(0), np.uint16(0)
    for i in range(len(block)):
        kind = np.uint16(block[i] >> np.uint16(12))
        singles = np.uint16(singles + np.uint16(kind == np.uint16(ADDR_X)))
        masks = np.uint16(masks + (np.uint16(kind == np.uint16(VECT_12))
                                   | np.uint16(kind == np.uint16(VECT_8))))
    return np.int64(singles), np.int64(masks)


@kernel
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


@kernel
def follow(block, at, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block of single events and what goes with them."""
    for i in range(len(block)):
        at, n = take(block[i], at, packed, n)
    return at, n


@kernel
def follow_to_rare(block, high_word, at, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block without vectors up to a word that needs a branch.

    Apart from what that branch does: with it in the loop a word takes three times as long.

    Returns:
        Number of words that were followed, time and row, and number of events from here on.
    """
    for i in range(len(block)):
        word = np.uint32(block[i])
        if RARE[word >> np.uint32(12)] & (word ^ high_word):
            return i, at, n
        at, n = take(word, at, packed, n)
    return len(block), at, n


@kernel
def _span_and_mask(word):  # type: ignore[no-untyped-def]
    """Return how many columns a mask is for, and its bits."""
    span = np.uint64(12) if word >> np.uint32(12) == VECT_12 else np.uint64(8)
    return span, np.uintp(word) & ((np.uintp(1) << span) - np.uintp(1))


@kernel
def follow_vectors(block, at, base, polarity, packed, n):  # type: ignore[no-untyped-def]
    """Follow a block of single events, vectors and what goes with them.

    Returns:
        Number of words that were followed: up to a mask that has no base or leaves 11 bits of x,
        of which `vector` takes care; the loop is half as fast with that in it. Then time and row,
        vector base and polarity, and number of events from here on.
    """
    for i in range(len(block)):
        word = np.uint32(block[i])
        kind = word >> np.uint32(12)
        at, n = take(word, at, packed, n)
        if not VECT_BASE_X <= kind <= VECT_8:
            continue
        if kind == VECT_BASE_X:
            base, polarity = np.uint64(word & np.uint32(0x7FF)), np.uint64(word & np.uint32(0x800))
            continue
        span, mask = _span_and_mask(word)
        if base + span > np.uint64(_BEYOND):
            return i, at, base, polarity, n
        # What lies behind the events of the mask is noise.
        first = at | polarity | base
        for k in range(12):
            packed[n + np.uintp(k)] = first + np.uint64(_PLACES[mask, k])
        n += np.uintp(_BITS[mask])
        base += span
    return len(block), at, base, polarity, n


@kernel
def vector(word, at, base, polarity, lost, packed, n):  # type: ignore[no-untyped-def]
    """Take a vector base, or write the events of a mask, wherever they are.

    Returns:
        Vector base, polarity and number of events from here on.
    """
    if word >> np.uint32(12) == VECT_BASE_X:
        return np.uint64(word & np.uint32(0x7FF)), np.uint64(word & np.uint32(0x800)), n
    span, mask = _span_and_mask(word)
    if base >= np.uint64(UNKNOWN):
        lost[BASELESS] += np.int64(_BITS[mask])
        return base, polarity, n
    for bit in range(span):
        column = np.int64(base) + bit
        hit = np.int64(mask >> np.uintp(bit)) & 1
        packed[n] = at | polarity | np.uint64(column & (_BEYOND - 1))
        n += np.uintp(hit & np.int64(column < _BEYOND))
        lost[OVER] += hit & np.int64(column >= _BEYOND)
    return min(base + span, np.uint64(_BEYOND)), polarity, n
