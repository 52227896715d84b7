# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the words of a window's sums say: bins, counts and polarities of its pixels.

A word holds, from its low bits on: where the events lie in their half of the window (darker ones
counted from the other end), how many of them were brighter, and how many there were.
"""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

BINS = 3
FRACTION = 14
"""Bits of the place in a half."""
COUNT_BITS = 6
FULL = (1 << COUNT_BITS) - 1
"""Events of a pixel and half that a word can hold."""
ON_SHIFT = COUNT_BITS + FRACTION
COUNT_SHIFT = ON_SHIFT + COUNT_BITS
PLACE_BITS = (1 << ON_SHIFT) - 1


@kernel
def _parts(word, counts, places, at):  # type: ignore[no-untyped-def]
    """Return events, sum of polarities, and sum of polarity times place.

    Of a word and of what it was carried into, which is at `at`, or nowhere where that is below 0.
    """
    count = np.int64(word >> np.uint32(COUNT_SHIFT))
    on = np.int64((word >> np.uint32(ON_SHIFT)) & np.uint32(FULL))
    place = np.int64(word & np.uint32(PLACE_BITS))
    if at >= 0:
        count += np.int64(counts[at] >> np.uint64(32))
        on += np.int64(counts[at] & np.uint64(0xFFFFFFFF))
        place += np.int64(places[at])
    return count, 2 * on - count, place - ((count - on) << FRACTION)


@kernel(fastmath=True)
def _row_of_bins(y, words, counts, places, slots, limit, row):  # type: ignore[no-untyped-def]
    """Write the bins of row y of the pixels: float32 [BINS, width]; arguments as small_grid's."""
    most = np.int32(limit << FRACTION)
    scale = np.float32(1.0 / (1 << FRACTION))
    width, height = row.shape[1], len(slots) // 2
    first, middle, last = row[0], row[1], row[2]
    early_words, late_words = words[y * width:(y + 1) * width], words[(y + height) * width:]
    for k in range(width):
        a, b = early_words[k], late_words[k]
        on, count = np.int32((a >> ON_SHIFT) & FULL), np.int32(a >> COUNT_SHIFT)
        early = (np.int32(2) * on - count) << FRACTION
        early_places = np.int32(a & PLACE_BITS) - ((count - on) << FRACTION)
        on, count = np.int32((b >> ON_SHIFT) & FULL), np.int32(b >> COUNT_SHIFT)
        late = (np.int32(2) * on - count) << FRACTION
        late_places = np.int32(b & PLACE_BITS) - ((count - on) << FRACTION)
        first[k] = np.float32(min(max(np.int32(early - early_places), -most), most)) * scale
        middle[k] = np.float32(min(max(np.int32(
            early_places + late - late_places), -most), most)) * scale
        last[k] = np.float32(min(max(np.int32(late_places), -most), most)) * scale
    if max(slots[y], slots[y + height]) >= 0:
        wide = np.int64(limit) << FRACTION
        for k in range(width):
            a, b = _carried(y, k, width, slots), _carried(y + height, k, width, slots)
            if (a >= 0 and counts[a]) or (b >= 0 and counts[b]):
                _, early, early_places = _parts(early_words[k], counts, places, a)
                _, late, late_places = _parts(late_words[k], counts, places, b)
                one = (early << FRACTION) - early_places
                two = early_places + (late << FRACTION) - late_places
                first[k] = np.float32(min(max(one, -wide), wide)) * scale
                middle[k] = np.float32(min(max(two, -wide), wide)) * scale
                last[k] = np.float32(min(max(late_places, -wide), wide)) * scale


@kernel
def _carried(line, column, width, slots):  # type: ignore[no-untyped-def]
    """Return where the carried sums of a row and half are for a column, or a negative number."""
    return slots[line] * width + column if slots[line] >= 0 else np.int64(-1)


@kernel
def grid(words, counts, places, slots, limit, out):  # type: ignore[no-untyped-def]
    """Write the bins of all pixels: float32 [height, width, BINS]; arguments as small_grid's."""
    height, width, _ = out.shape
    row = np.empty((BINS, width), np.float32)
    for y in range(height):
        _row_of_bins(y, words, counts, places, slots, limit, row)
        for x in range(width):
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = row[0, x], row[1, x], row[2, x]


@kernel
def _overlaps(size, parts):  # type: ignore[no-untyped-def]
    """Return where each of `parts` equal parts of `size` pixels begins, and its share of pixels.

    The shares are of the pixels from there on, float32 [taps, parts], an even number of taps; of
    those that lie behind the part, or behind the last pixel, it has none.
    """
    wide = size / parts
    first, most = np.empty(parts, np.uint32), 0
    for k in range(parts):
        first[k] = int(k * wide)
        # Rounding must not add a tap that no part needs.
        most = max(most, int(np.ceil((k + 1) * wide - 1e-9)) - int(first[k]))
    shares = np.empty((most + most % 2, parts), np.float32)
    for k in range(parts):
        left, right = k * wide, min((k + 1) * wide, float(size))
        for tap in range(len(shares)):
            x = float(first[k]) + tap
            shares[tap, k] = max(min(x + 1.0, right) - max(x, left), 0.0)
    return first, shares


@kernel(fastmath=True)
def _weigh(strip, first, shares, out):  # type: ignore[no-untyped-def]
    """Write the weighted sums of the pixels of a strip: float32 [columns, BINS].

    Two taps at a time: with a loop over all of them within, it takes three times as long.
    """
    out[:] = 0
    for tap in range(0, len(shares), 2):
        one, two, three = strip[0, tap:], strip[1, tap:], strip[2, tap:]
        some, others = shares[tap], shares[tap + 1]
        for k in range(len(out)):
            x, a, b = first[k], some[k], others[k]
            out[k, 0] += a * one[x] + b * one[x + 1]
            out[k, 1] += a * two[x] + b * two[x + 1]
            out[k, 2] += a * three[x] + b * three[x + 1]


@kernel(fastmath=True)
def small_grid(words, counts, places, slots, width, limit, gain, out):  # type: ignore[no-untyped-def]
    """Average the bins over the area of each pixel of `out`, which is smaller both ways.

    A row at a time, so that the grid of the sensor's size is never written.

    Args:
        words: Of the sums.
        counts: Events and brighter ones that were carried, row after row.
        places: Places that were carried, the same.
        slots: Number of the carried row of each row of the first half, then of the second;
            -1 where none was.
        width: Columns of the sensor.
        limit: Greatest size of a value of a bin, in events.
        gain: Factor on the averages.
        out: float32 [rows, columns, BINS].
    """
    height = len(slots) // 2
    columns = out.shape[1]
    high = height / len(out)
    first, shares = _overlaps(width, columns)
    shares *= np.float32(gain * columns / (high * width))
    row = np.empty((BINS, width), np.float32)
    strip = np.zeros((BINS, width + len(shares)), np.float32)
    at = -1
    for k in range(len(out)):
        top, bottom = k * high, (k + 1) * high
        strip[:] = 0
        # The last row of a strip that ends between rows counts by its share; rounding must not
        # add an empty one.
        for y in range(int(top), min(int(np.ceil(bottom - 1e-9)), height)):
            if y != at:
                _row_of_bins(y, words, counts, places, slots, limit, row)
                at = y
            share = np.float32(min(y + 1.0, bottom) - max(float(y), top))
            for b in range(BINS):
                line, source = strip[b], row[b]
                for x in range(width):
                    line[x] += share * source[x]
        _weigh(strip, first, shares, out[k])


@kernel
def counts(words, counts, slots, most, out):  # type: ignore[no-untyped-def]
    """Write the events of each pixel, uint8 [height, width], at most `most`."""
    height, width = out.shape
    limit = np.uint32(most)
    for y in range(height):
        line = out[y]
        early, late = words[y * width:(y + 1) * width], words[(y + height) * width:]
        for k in range(width):
            line[k] = min((early[k] >> np.uint32(COUNT_SHIFT))
                          + (late[k] >> np.uint32(COUNT_SHIFT)), limit)
        for half in range(2):
            if slots[y + half * height] >= 0:
                for k in range(width):
                    if counts[_carried(y + half * height, k, width, slots)]:
                        line[k] = limit


@kernel
def polarities(words, counts, places, slots, out):  # type: ignore[no-untyped-def]
    """Add the darker and the brighter events of each pixel to int32 [pixels, 2]."""
    pixels, width = len(out), len(words) // len(slots)
    for k in range(len(words)):
        at = _carried(k // width, k % width, width, slots)
        count, polarity, _ = _parts(words[k], counts, places, at)
        out[k % pixels, 0] += (count - polarity) // 2
        out[k % pixels, 1] += (count + polarity) // 2
