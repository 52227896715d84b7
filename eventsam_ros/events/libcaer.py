# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Uncompressed iniVation events, 8 bytes each (encoding 'libcaer').

Source: libcaer's polarity event and event_camera_codecs.
"""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .encoding import Decoded, whole_units
from .types import Events, Triggers, UInt8

TURN_NS = (1 << 31) * 1000
"""A turn of the 31-bit µs counter, 35 min 47 s."""

# Half a turn and a little more, so that a flipped top bit leads there and back by the same way.
_HALF_TURN = (1 << 30) + (1 << 20)


@kernel
def _decode(records, time_base, width, height):  # type: ignore[no-untyped-def]
    x = np.empty(len(records), np.uint16)
    y = np.empty(len(records), np.uint16)
    p = np.empty(len(records), np.uint8)
    t = np.empty(len(records), np.int64)
    n = 0
    wraps = 0
    previous = np.int64((records[0] >> np.uint64(32)) & np.uint64(0x7FFFFFFF)) if len(
        records) else 0
    for record in records:
        word = np.int64(record & np.uint64(0xFFFFFFFF))
        stamp = np.int64((record >> np.uint64(32)) & np.uint64(0x7FFFFFFF))
        step = stamp - previous
        wraps += np.int64(step < -_HALF_TURN) - np.int64(step > _HALF_TURN)
        previous = stamp
        column = word >> 17
        row = (word >> 2) & 0x7FFF
        x[n], y[n], p[n] = column, row, (word >> 1) & 1
        t[n] = time_base + stamp * 1000 + wraps * TURN_NS
        n += (column < width) & (row < height)
    return x[:n], y[:n], p[:n], t[:n], wraps


class Libcaer:
    """One uncompressed iniVation stream; packets do not depend on each other."""

    def __init__(self, width: int, height: int) -> None:
        """Start.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        self._width = width
        self._height = height

    def decode(self, data: UInt8, time_base: int) -> Decoded:
        """Decode one packet.

        The counter turns over where a time is smaller than the one before it in the packet by
        half a turn or more; the next packet's time base has the turn in it. (The reference takes
        any smaller time for a turn, so that two records in the wrong order, or one with a flipped
        bit, move all that follow by 35 minutes.)
        """
        records, stray = whole_units(data, np.dtype('<u8'))
        x, y, p, t, wraps = _decode(records, time_base, self._width, self._height)
        return Events(x, y, p, t), Triggers.empty(), {
            'words': len(records), 'stray_bytes': stray, 'event_words': len(records),
            'out_of_range': len(records) - len(t), 'wraps': wraps,
        }

    def gap(self) -> None:
        """Nothing to forget."""
