# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the numbers of packets say: which are lost, come twice, come late, or begin anew."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from .stamps import SECOND_NS

REMEMBERED = 64
"""Packets among which one may come twice or late; farther back is a stream that begins anew."""
REPEATS = 4
"""Packets that come twice in a row: a short recording that loops, from there on."""
_BITS = (1 << REMEMBERED) - 1
_LEAP = 1 << 32
"""A number so far ahead is of another publisher: it would take weeks to lose as many."""


class Verdict(Enum):
    """What a packet is to the stream."""

    NEXT = 'follows the one before'
    GAP = 'follows after some that were lost'
    DUPLICATE = 'came before'
    LATE = 'came after its successors'
    RESTART = 'begins a stream anew'


class Sequence:
    """Follows the numbers of one publisher.

    Publishers that do not count send one number for ever: each of their packets is the next.

    Attributes:
        counters: packets_lost, packets_duplicate, packets_late.
    """

    def __init__(self) -> None:
        """Wait for the first packet."""
        self.counters: Counter[str] = Counter(
            packets_lost=0, packets_duplicate=0, packets_late=0)
        self.reset()

    def reset(self) -> None:
        """Take any number as the first; the counters go on."""
        self._first = 0
        self._newest: int | None = None
        self._stamp_ns = 0
        self._data = memoryview(b'')
        self._seen = 1  # bit k: the packet k before the newest has come
        self._repeated = (0, 0, 0)  # the last one, the newest then, and how many in a row

    def take(self, seq: int, stamp_ns: int, data: memoryview) -> Verdict:
        """Judge the next packet and count what is wrong with it.

        Args:
            seq: Its number.
            stamp_ns: Its header stamp.
            data: Its bytes.
        """
        verdict = self._judge(seq, stamp_ns, data)
        if verdict is Verdict.DUPLICATE or verdict is Verdict.LATE:
            return verdict
        if verdict is Verdict.RESTART or self._newest is None:
            self._first, self._seen = seq, 1
        self._newest, self._stamp_ns, self._data = seq, stamp_ns, data
        return verdict

    def _judge(self, seq: int, stamp_ns: int, data: memoryview) -> Verdict:
        if self._newest is None:
            return Verdict.NEXT
        step = seq - self._newest
        if step == 1:
            self._seen = (self._seen << 1 | 1) & _BITS
            return Verdict.NEXT
        aged = self._stamp_ns - stamp_ns
        if step > 1:
            if step >= _LEAP or aged > SECOND_NS:
                return Verdict.RESTART
            self._seen = (self._seen << min(step, REMEMBERED) | 1) & _BITS
            self.counters['packets_lost'] += step - 1
            return Verdict.GAP
        if step == 0 and (aged != 0 or data != self._data):
            return Verdict.NEXT
        if -step >= REMEMBERED or not 0 <= aged <= SECOND_NS:
            return Verdict.RESTART
        return self._again(-step, seq)

    def _again(self, back: int, seq: int) -> Verdict:
        if not self._seen >> back & 1:
            self._seen |= 1 << back
            self.counters['packets_lost'] -= seq > self._first
            self.counters['packets_late'] += 1
            return Verdict.LATE
        # In a row means with nothing new between them.
        before, newest, length = self._repeated
        length = length + 1 if (before + 1, newest) == (seq, self._newest) else 1
        self._repeated = (seq, seq + back, length)
        if length >= REPEATS:
            return Verdict.RESTART
        self.counters['packets_duplicate'] += 1
        return Verdict.DUPLICATE
