# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events by number of pixel: 12 bytes each, and as they are summed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventsam_ros.kernels import kernel

from .types import Bool, Events, Int64, UInt8, UInt16, UInt32

ON = 1 << 31
"""Bit of a brighter event; the bits below are the number of the pixel."""
_GOLDEN = 0x9E3779B1


@kernel
def _pack(x, y, p, width, height, pixel):  # type: ignore[no-untyped-def]
    """Number the pixels; return how many events lie outside the sensor."""
    outside = 0
    for i in range(len(x)):
        outside += np.int64((x[i] >= width) | (y[i] >= height))
        number = np.uint32(y[i]) * np.uint32(width) + np.uint32(x[i])
        pixel[i] = number | (np.uint32(ON) if p[i] else np.uint32(0))
    return outside


class PixelEvents(Events):
    """A run of events in arrival order, by pixel; x, y and p are worked out when asked for.

    Attributes:
        pixel: row * width + column, uint32 [N], with ON set for the brighter ones.
        t: Sensor time in nanoseconds, int64 [N].
        width: Sensor columns.
    """

    pixel: UInt32
    width: int

    def __init__(self, pixel: UInt32, t: Int64, width: int) -> None:
        """Take the arrays as they are."""
        # Past the frozen dataclass: packets come by the thousand.
        fields = self.__dict__
        fields['pixel'] = pixel
        fields['t'] = t
        fields['width'] = width

    @classmethod
    def of(cls, events: Events, width: int, height: int) -> PixelEvents:
        """Number the pixels of events; those outside the sensor are left out.

        Args:
            events: Events.
            width: Sensor columns, at least 1; width * height at most 2^31.
            height: Sensor rows, at least 1.
        """
        if isinstance(events, PixelEvents) and events.width == width:
            return events
        x, y, t = events.x, events.y, events.t
        pixel = np.empty(len(t), np.uint32)
        if _pack(x, y, events.p, width, height, pixel):
            inside = (x < width) & (y < height)
            pixel, t = pixel[inside], t[inside]
        return cls(pixel, t, width)

    @property
    def x(self) -> UInt16:
        """Return the columns."""
        return ((self.pixel & (ON - 1)) % self.width).astype(np.uint16)

    @property
    def y(self) -> UInt16:
        """Return the rows."""
        return ((self.pixel & (ON - 1)) // self.width).astype(np.uint16)

    @property
    def p(self) -> UInt8:
        """Return the polarities: 1 brighter, 0 darker."""
        return (self.pixel >> 31).astype(np.uint8)

    def __getitem__(self, index: slice | Bool | Int64) -> PixelEvents:
        """Return the selected events; a slice is a view, no copy."""
        return PixelEvents(self.pixel[index], self.t[index], self.width)

    def copy(self) -> PixelEvents:
        """Return the same events in arrays of their own."""
        return PixelEvents(self.pixel.copy(), self.t.copy(), self.width)


def joined(runs: Sequence[Events]) -> Events:
    """Join runs of one sensor and one kind in the order given; runs without events may differ."""
    runs = [run for run in runs if len(run)]
    first = runs[0] if runs else None
    if len(runs) > 1 and isinstance(first, PixelEvents):
        pixels = [PixelEvents.of(run, first.width, ON // first.width) for run in runs]
        return PixelEvents(
            np.concatenate([run.pixel for run in pixels]), np.concatenate([run.t for run in runs]),
            first.width)
    return Events.concatenate(runs)


@kernel
def _thin(first, length, threshold):  # type: ignore[no-untyped-def]
    kept = np.empty(length, np.bool_)
    for i in range(length):
        kept[i] = (np.uint64(first + i) * np.uint64(_GOLDEN)) & np.uint64(0xFFFFFFFF) < threshold
    return kept


def thinned(run: Events, first: int, keep: int, of: int) -> Events:
    """Return `keep` of every `of` events, evenly over the order in which they came.

    Sensors send events row by row, so what is even there is even in space. The golden ratio
    leaves no pattern of columns, which every n-th event would.

    Args:
        run: Events.
        first: Number of the first of them in its window.
        keep: Events to keep, of...
        of: ...so many; a few more or less are kept.
    """
    return run[_thin(first, len(run), np.uint64((keep << 32) // of))]
