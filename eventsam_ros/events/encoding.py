# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every packet encoding offers to the decoder, and the names of what is counted."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .types import Events, Triggers, UInt8

SIDE_LIMIT = 1 << 15
"""Most columns or rows of a sensor: addresses have 15 bits at most."""

COUNTERS = (
    'packets', 'words', 'events', 'triggers', 'event_words', 'vector_words', 'vector_events',
    'address_words', 'time_words', 'system_words', 'reserved', 'before_time', 'out_of_range',
    'address_lost', 'stray_bytes', 'wraps', 'gaps', 'triggers_dropped',
)
"""Names of the counters:

packets, words (or records), events, triggers: what was read and what came out of it.
event_words, vector_words, address_words, time_words: words that hold one event, a mask of them,
an address for later words, or time. vector_events: bits that are set in the masks.
system_words: words of the sensor about itself, skipped.
reserved: words of a type without a meaning, skipped.
before_time: words before the first full time, skipped.
out_of_range: events outside the sensor, left out.
address_lost: events left out after lost packets, until their row and vector base are sent again.
stray_bytes: bytes at the end of a packet that make no whole word.
wraps: turns of the sensor's time counter (those backwards subtract).
gaps: calls of gap(). triggers_dropped: edges that nobody took and for which there was no room.

They add up, for every encoding and however corrupt the words:
words = event_words + vector_words + address_words + time_words + triggers + system_words
+ reserved + before_time, and
event_words + vector_events = events + out_of_range + address_lost.
"""


Decoded = tuple[Events, Triggers, dict[str, int]]
"""What one packet held: events, trigger edges, and additions to the counters of the same names.

A bare tuple, because one with names takes as long to make as 40 events to decode.
"""


class Encoding(Protocol):
    """State and rules of one encoding for one stream."""

    def decode(self, data: UInt8, time_base: int) -> Decoded:
        """Decode the bytes of one packet, uint8 [N]."""

    def gap(self) -> None:
        """Forget what lost packets may have changed; time goes on."""


def whole_units(data: UInt8, unit: np.dtype[Any]) -> tuple[NDArray[Any], int]:
    """View bytes as little-endian units.

    Returns:
        The units, aligned and read-only always, so that a kernel is compiled for one kind of
        array only; and the number of bytes left over at the end.
    """
    stray = len(data) % unit.itemsize
    units = np.require(data[:len(data) - stray].view(unit), requirements='A')
    units.flags.writeable = False
    return units, stray
