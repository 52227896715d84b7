# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Time stamps of messages as whole nanoseconds."""

from __future__ import annotations

from builtin_interfaces.msg import Time

SECOND_NS = 1_000_000_000


def nanoseconds(stamp: Time) -> int:
    """Return a stamp in ns since the epoch."""
    return int(stamp.sec) * SECOND_NS + int(stamp.nanosec)


def stamp(time_ns: int) -> Time:
    """Return ns since the epoch as a stamp; what a stamp cannot hold is cut to its range."""
    seconds, rest = divmod(min(max(time_ns, 0), (2**31 - 1) * SECOND_NS), SECOND_NS)
    return Time(sec=seconds, nanosec=rest)
