# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The events of a window as sums over each pixel: all that its pictures are made of.

The three bins of a window are linear in time within each half of it, so a pixel needs three sums
a half: its events, its brighter ones, and where in the half they lay. They share one 64-bit word,
so that an event costs one addition. Time is rounded to 1/8192 of a half.
"""

from __future__ import annotations

import numba
import numpy as np

from .pixel_events import ON, PixelEvents
from .types import Float32, Int32, Int64, UInt8, UInt64

BINS = 3
FRACTION = 13
"""Bits of the place in a half."""
UNIT = 1 << FRACTION
_COUNT_BITS = 17
_FULL = (1 << _COUNT_BITS) - 1
"""Events of a pixel and half that a word can hold."""
_ON_SHIFT = _COUNT_BITS + FRACTION
_COUNT_SHIFT = _ON_SHIFT + _COUNT_BITS
_PLACES = (1 << _ON_SHIFT) - 1
_SCALE = 62
"""Bits of the factor from ns to places: as fine as 64 bits allow for each length of window."""


@numba.njit(nogil=True, cache=True)
def _fold(pixel, t, t_first, span, words, full_at, full_words, full):  # type: ignore[no-untyped-def]
    """Add events; a word that is full is put aside. Returns how many have been."""
    pixels = words.shape[1]
    flat = words.reshape(-1)
    factor = np.int64(1 << _SCALE) // span
    shift = _SCALE - FRACTION - 1
    half_place = np.int64(1) << (shift - 1)
    for i in range(len(t)):
        after = min(max(t[i] - t_first, 0), span)
        place = (after * factor + half_place) >> shift
        later = min(place >> FRACTION, 1)
        place -= later << FRACTION
        number = pixel[i]
        on = np.int64(number >> np.uint32(31))
        k = np.int64(number & np.uint32(ON - 1)) + later * pixels
        before = flat[k]
        # Darker events are counted from the other end, so that no sum is negative.
        event = np.uint64(
            (1 << _COUNT_SHIFT) + (on << _ON_SHIFT) + (place if on else UNIT - place))
        if before >> np.uint64(_COUNT_SHIFT) == _FULL:
            full_at[full] = k
            full_words[full] = before
            full += 1
            before = np.uint64(0)
        flat[k] = before + event
    return full


@numba.njit(nogil=True, cache=True)
def _parts(word):  # type: ignore[no-untyped-def]
    """Return events, sum of polarities, and sum of polarity times place, of a word."""
    count = np.int64(word >> np.uint64(_COUNT_SHIFT))
    on = np.int64((word >> np.uint64(_ON_SHIFT)) & np.uint64(_FULL))
    places = np.int64(word & np.uint64(_PLACES))
    return count, 2 * on - count, places - ((count - on) << FRACTION)


@numba.njit(nogil=True, cache=True)
def _grid(words, limit, grid):  # type: ignore[no-untyped-def]
    flat = grid.reshape(-1, BINS)
    most = np.int64(limit) << FRACTION
    scale = np.float32(1.0 / UNIT)
    for k in range(words.shape[1]):
        a, b = words[0, k], words[1, k]
        if a | b == 0:
            flat[k, 0] = flat[k, 1] = flat[k, 2] = np.float32(0.0)
            continue
        _, early, early_places = _parts(a)
        _, late, late_places = _parts(b)
        first = (early << FRACTION) - early_places
        middle = early_places + (late << FRACTION) - late_places
        flat[k, 0] = np.float32(min(max(first, -most), most)) * scale
        flat[k, 1] = np.float32(min(max(middle, -most), most)) * scale
        flat[k, 2] = np.float32(min(max(late_places, -most), most)) * scale


@numba.njit(nogil=True, cache=True)
def _grid_of_full(words, full_at, full_words, limit, grid):  # type: ignore[no-untyped-def]
    """Write the bins of the pixels of which words were put aside."""
    pixels = words.shape[1]
    flat = grid.reshape(-1, BINS)
    most = np.int64(limit) << FRACTION
    for i in range(len(full_at)):
        k = full_at[i] % pixels
        sums = np.zeros((2, 2), np.int64)
        for half in range(2):
            _, polarity, places = _parts(words[half, k])
            sums[half, 0] += polarity
            sums[half, 1] += places
        for j in range(len(full_at)):
            if full_at[j] % pixels == k:
                half = full_at[j] // pixels
                _, polarity, places = _parts(full_words[j])
                sums[half, 0] += polarity
                sums[half, 1] += places
        bins = (
            (sums[0, 0] << FRACTION) - sums[0, 1],
            sums[0, 1] + (sums[1, 0] << FRACTION) - sums[1, 1], sums[1, 1])
        for channel in range(BINS):
            flat[k, channel] = np.float32(min(max(bins[channel], -most), most)) / UNIT


@numba.njit(nogil=True, cache=True)
def _counts(words, most, counts):  # type: ignore[no-untyped-def]
    height, width = counts.shape
    for row in range(height):
        for column in range(width):
            k = row * width + column
            count = (words[0, k] >> np.uint64(_COUNT_SHIFT)) + (
                words[1, k] >> np.uint64(_COUNT_SHIFT))
            counts[row, column] = min(count, np.uint64(most))


@numba.njit(nogil=True, cache=True)
def _polarities(words, full_at, full_words, counts):  # type: ignore[no-untyped-def]
    pixels = words.shape[1]
    for k in range(pixels):
        for half in range(2):
            count, polarity, _ = _parts(words[half, k])
            counts[k, 0] += (count - polarity) // 2
            counts[k, 1] += (count + polarity) // 2
    for i in range(len(full_at)):
        count, polarity, _ = _parts(full_words[i])
        counts[full_at[i] % pixels, 0] += (count - polarity) // 2
        counts[full_at[i] % pixels, 1] += (count + polarity) // 2


class WindowSums:
    """Sums of the events of one window, 16 bytes a pixel.

    However the events are cut into calls, and whatever the order of the calls, the sums are
    equal bit for bit. A pixel with more than 131,071 events in a half is summed exactly, too: its
    full word is put aside (16 bytes for each).

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
        self._words: UInt64 = np.zeros((2, height * width), np.uint64)
        self._full_at: Int64 = np.empty(0, np.int64)
        self._full_words: UInt64 = np.empty(0, np.uint64)
        self._full = 0
        self.count = 0

    def add(self, events: PixelEvents) -> None:
        """Add events of the sensor."""
        self.count += len(events)
        room = self.count // _FULL + 1
        if room > len(self._full_at):
            self._full_at = np.concatenate([self._full_at, np.empty(2 * room, np.int64)])
            self._full_words = np.concatenate([self._full_words, np.empty(2 * room, np.uint64)])
        self._full = _fold(
            events.pixel, events.t, self._first, self._span, self._words, self._full_at,
            self._full_words, self._full)

    def grid(self, limit: int) -> Float32:
        """Return the sums of polarities (+1, -1) in three bins of time, clipped.

        Each event is split linearly between the nearest two bins, which lie at begin, middle and
        end of the window (Zhu et al., CVPR 2019).

        Args:
            limit: Greatest size of a value, in events, at most 2^10.

        Returns:
            float32 [height, width, 3], in events; multiples of 2^-FRACTION, exactly.
        """
        grid = np.empty((*self._shape, BINS), np.float32)
        _grid(self._words, limit, grid)
        if self._full:
            _grid_of_full(
                self._words, self._full_at[:self._full], self._full_words[:self._full], limit,
                grid)
        return grid

    def counts(self, most: int, out: UInt8) -> None:
        """Write the number of events of each pixel, at most `most`, to uint8 [height, width]."""
        _counts(self._words, most, out)
        rows, columns = np.divmod(
            self._full_at[:self._full] % (self._shape[0] * self._shape[1]), self._shape[1])
        out[rows, columns] = most

    def polarities(self) -> Int32:
        """Return the darker and the brighter events of each pixel, int32 [height, width, 2]."""
        counts = np.zeros((self._shape[0] * self._shape[1], 2), np.int32)
        _polarities(
            self._words, self._full_at[:self._full], self._full_words[:self._full], counts)
        return counts.reshape(*self._shape, 2)
