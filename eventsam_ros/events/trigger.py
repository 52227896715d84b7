# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The legacy encoding 'trigger', 8 bytes an edge with nanoseconds after the time base.

Source: event_camera_codecs.
"""

from __future__ import annotations

import numpy as np

from .encoding import Decoded, whole_units
from .types import Events, Triggers, UInt8


class Trigger:
    """One 'trigger' stream: edges and no events; packets do not depend on each other."""

    def __init__(self, width: int, height: int) -> None:
        """Start.

        Args:
            width: Sensor columns, of no meaning here.
            height: Sensor rows, of no meaning here.
        """

    def decode(self, data: UInt8, time_base: int) -> Decoded:
        """Decode one packet, whose times count from `time_base` ns."""
        records, stray = whole_units(data, np.dtype('<u8'))
        triggers = Triggers(
            t=time_base + (records & 0xFFFFFFFF).astype(np.int64),
            channel=((records >> 48) & 0x7FFF).astype(np.uint16),
            edge=(records >> 63).astype(np.uint8))
        return Events.empty(), triggers, {'words': len(records), 'stray_bytes': stray}

    def gap(self) -> None:
        """Nothing to forget."""
