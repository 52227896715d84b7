# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The legacy encoding 'mono', 8 bytes an event with nanoseconds after the time base.

Source: event_camera_codecs.
"""

from __future__ import annotations

import numpy as np

from .encoding import Decoded, whole_units
from .types import Events, Triggers, UInt8


class Mono:
    """One 'mono' stream; packets do not depend on each other."""

    def __init__(self, width: int, height: int) -> None:
        """Start.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        self._width = width
        self._height = height

    def decode(self, data: UInt8, time_base: int) -> Decoded:
        """Decode one packet, whose times count from `time_base` ns."""
        records, stray = whole_units(data, np.dtype('<u8'))
        events = Events(
            x=(records >> 32).astype(np.uint16),
            y=((records >> 48) & 0x7FFF).astype(np.uint16),
            p=(records >> 63).astype(np.uint8),
            t=time_base + (records & 0xFFFFFFFF).astype(np.int64))
        inside = (events.x < self._width) & (events.y < self._height)
        return events[inside], Triggers.empty(), {
            'words': len(records), 'stray_bytes': stray, 'event_words': len(records),
            'out_of_range': len(records) - int(inside.sum()),
        }

    def gap(self) -> None:
        """Nothing to forget."""
