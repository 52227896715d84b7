# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The events of a window as sums over each pixel: all that its pictures are made of.

The three bins of a window are linear in time within each half of it, so a pixel needs three sums
a half: its events, its brighter ones, and where in the half they lay. They share one 32-bit word,
so that an event costs one addition, and the words of a half fit where the processor is fast. A
word holds 63 events; a pixel with more carries it over into 64-bit sums, as one does in adding by
hand. Time is rounded to 1/16384 of a half.
"""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from . import sum_words
from .pixel_events import ON, PixelEvents
from .sum_words import BINS, COUNT_SHIFT, FRACTION, FULL, ON_SHIFT, PLACE_BITS
from .types import Float32, Int32, Int64, UInt8, UInt32, UInt64

_SCALE = 62
"""Bits of the factor from ns to places: as fine as 64 bits allow for each length of window."""
_BLOCK = 512
"""Events that are prepared at once: additions that follow closely overlap their waiting."""
_ROWS = 16
"""Rows and halves that may carry at first."""


@kernel
def _prepare(pixel, t, t_first, span, pixels, at, words):  # type: ignore[no-untyped-def]
    """Write which word each event belongs to, and what it adds to it."""
    factor = np.uint64(np.int64(1 << _SCALE) // span)
    shift = np.uint64(_SCALE - FRACTION - 1)
    half_place = np.uint64(1) << (shift - np.uint64(1))
    unit = np.uint64(1 << FRACTION)
    for i in range(len(t)):
        after = np.uint64(min(max(t[i] - t_first, 0), span))
        place = (after * factor + half_place) >> shift
        later = np.uint64(place >= unit)
        place -= later << np.uint64(FRACTION)
        number = np.uint64(pixel[i])
        on = number >> np.uint64(31)
        at[i] = (number & np.uint64(ON - 1)) + later * pixels
        # Darker events are counted from the other end, so that no sum is negative.
        place = place if on else unit - place
        words[i] = np.uint32((np.uint64(1) << np.uint64(COUNT_SHIFT))
                             + (on << np.uint64(ON_SHIFT)) + place)


@kernel
def _carry(at, word, counts, places):  # type: ignore[no-untyped-def]
    """Add a word to the 64-bit sums: events and brighter ones in one, places in another."""
    counts[at] += (np.uint64(word >> np.uint32(COUNT_SHIFT)) << np.uint64(32)) + np.uint64(
        (word >> np.uint32(ON_SHIFT)) & np.uint32(FULL))
    places[at] += np.uint64(word & np.uint32(PLACE_BITS))


@kernel
def _fold(pixel, t, t_first, span, words, counts, places, slots):  # type: ignore[no-untyped-def]
    """Add events; stop where a word is full and its row has no sums to carry it into.

    Returns:
        Number of events that were added.
    """
    at, more = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint32)
    pixels, width = np.uint64(len(words) // 2), len(words) // len(slots)
    full = np.uint32(FULL << COUNT_SHIFT)
    for start in range(0, len(t), _BLOCK):
        end = min(start + _BLOCK, len(t))
        _prepare(pixel[start:end], t[start:end], t_first, span, pixels, at, more)
        for i in range(end - start):
            k = at[i]
            word = words[k]
            if word >= full:
                row = np.int64(k) // width
                if slots[row] < 0:
                    used = slots.max() + 1
                    if used * width == len(counts):
                        return start + i
                    slots[row] = used
                _carry(slots[row] * width + np.int64(k) % width, word, counts, places)
                word = np.uint32(0)
            words[k] = word + more[i]
    return len(t)


class WindowSums:
    """Sums of the events of one window, 8 bytes a pixel.

    However the events are cut into calls, and whatever the order of the calls, the sums are
    equal bit for bit, and exact up to 2^32 events of a pixel. Rows in which a pixel has more than
    63 events in a half take 16 bytes a pixel and half more; few have.

    Attributes:
        count: Events so far.
    """

    def __init__(self, t_start: int, t_end: int, width: int, height: int) -> None:
        """Start without events.

        Args:
            t_start: Begin of the window, ns; earlier events count there.
            t_end: End of the window, ns; later events count there.
            width: Sensor columns, at least 1; width * height at most 2^31.
            height: Sensor rows, at least 1.

        Raises:
            ValueError: The sensor has no pixels.
        """
        if width < 1 or height < 1:
            raise ValueError(f'sensor size must be at least 1x1, but got {width}x{height}')
        self._first = int(t_start)
        self._span = max(int(t_end) - int(t_start), 1)
        self._shape = (height, width)
        # Words of the first half, then of the second.
        self._words: UInt32 = np.zeros(2 * height * width, np.uint32)
        self._counts: UInt64 = np.empty(0, np.uint64)
        self._places: UInt64 = np.empty(0, np.uint64)
        # Where the carried sums of a row and half are, in rows; -1: nowhere.
        self._slots: Int64 = np.full(2 * height, -1, np.int64)
        self.count = 0

    def add(self, events: PixelEvents) -> None:
        """Add events of the sensor."""
        self.count += len(events)
        done = self._add(events)
        while done < len(events):
            self._make_room()
            done += self._add(events[done:])

    def _add(self, events: PixelEvents) -> int:
        return int(_fold(
            events.pixel, events.t, self._first, self._span, self._words, self._counts,
            self._places, self._slots))

    def _make_room(self) -> None:
        """Let more rows carry, twice as many as before."""
        have = len(self._counts)
        wanted = min(max(2 * have, _ROWS * self._shape[1]), len(self._words))
        for name in ('_counts', '_places'):
            larger = np.zeros(wanted, np.uint64)
            larger[:have] = getattr(self, name)
            setattr(self, name, larger)

    def grid(self, limit: int) -> Float32:
        """Return the sums of polarities (+1, -1) in three bins of time, clipped.

        Each event is split linearly between the nearest two bins, which lie at begin, middle and
        end of the window (Zhu et al., CVPR 2019).

        Args:
            limit: Greatest size of a value, in events, at most 2^9.

        Returns:
            float32 [height, width, 3], in events; multiples of 2^-FRACTION, exactly.
        """
        grid = np.empty((*self._shape, BINS), np.float32)
        sum_words.grid(self._words, self._counts, self._places, self._slots, limit, grid)
        return grid

    def small_grid(self, limit: int, gain: float, out: Float32) -> None:
        """Write the bins of `grid`, averaged over the area of each pixel of a smaller picture.

        Args:
            limit: As for `grid`.
            gain: Factor on the averages.
            out: float32 [rows, columns, 3]; at most the sensor's rows and columns.
        """
        sum_words.small_grid(
            self._words, self._counts, self._places, self._slots, self._shape[1], limit, gain, out)

    def counts(self, most: int, out: UInt8) -> None:
        """Write the number of events of each pixel to uint8 [height, width].

        Args:
            most: Greatest number that is written, at most 63.
            out: Of the sensor's size.
        """
        sum_words.counts(self._words, self._counts, self._slots, most, out)

    def polarities(self) -> Int32:
        """Return the darker and the brighter events of each pixel, int32 [height, width, 2]."""
        counts = np.zeros((self._shape[0] * self._shape[1], 2), np.int32)
        sum_words.polarities(self._words, self._counts, self._places, self._slots, counts)
        return counts.reshape(*self._shape, 2)
