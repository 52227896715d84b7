# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events to 'mono' packets: any event times, exact to the nanosecond.

So events that do not come from words of a sensor (arrays of them in a message or a file) travel as
the packets that every other event does.
"""

from __future__ import annotations

import numpy as np

from .types import Events, UInt8

SPAN_NS = 1 << 32
"""Time that one packet can hold."""


def encode_mono(events: Events, time_base: int) -> UInt8:
    """Encode a packet; PacketDecoder('mono', ...) gives the same events back.

    Args:
        events: At times from `time_base` on, within SPAN_NS; y below 2^15.
        time_base: The packet's time base, ns.

    Returns:
        uint8 [8 N].

    Raises:
        ValueError: A time or row that the format does not have.
    """
    after = events.t - time_base
    if len(events) and not (
            after.min() >= 0 and after.max() < SPAN_NS and events.y.max() < 1 << 15):
        raise ValueError(
            f'events must be within {SPAN_NS} ns from the time base and in rows below 32768')
    words = after.astype(np.uint64)
    words |= events.x.astype(np.uint64) << np.uint64(32)
    words |= events.y.astype(np.uint64) << np.uint64(48)
    words |= (events.p > 0).astype(np.uint64) << np.uint64(63)
    return words.astype('<u8', copy=False).view(np.uint8)
