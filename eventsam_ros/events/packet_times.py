# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which times of a packet its stamp can be held against."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

LENGTHS = 64
"""Packets whose lower quartile is the usual length."""


@dataclass(frozen=True)
class PacketTimes:
    """When a packet began, ended and came.

    Attributes:
        first: Its first event, sensor time in ns.
        last: Its last event within the usual length, sensor time in ns.
        stamp: Its header stamp, host time in ns.
    """

    first: int
    last: int
    stamp: int


class UsualLength:
    """The length of packets of one chunk: a quarter of the packets is not longer."""

    def __init__(self) -> None:
        """Start without packets."""
        self._lengths: deque[int] = deque(maxlen=LENGTHS)
        self._sorted: list[int] = []

    def learn(self, length_ns: int) -> None:
        """Take the length of the next packet, ns; one that is negative is corrupt."""
        if len(self._lengths) == LENGTHS:
            self._sorted.pop(bisect_left(self._sorted, self._lengths[0]))
        self._lengths.append(max(length_ns, 0))
        insort(self._sorted, self._lengths[-1])

    def cut(self, first: int, last: int, stamp: int) -> PacketTimes:
        """Return a packet's times without what lies behind the usual length, all in ns."""
        usual = self._sorted[len(self._sorted) // 4]
        return PacketTimes(first, min(last, first + usual), stamp)
