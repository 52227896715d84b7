# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What waits to be decoded, in the order of arrival and within a bound of memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
import threading
import time
from typing import Any

MOST_ENTRIES = 4096
"""Messages that may wait, those without their bytes among them."""
_OLDEST_NS = 60_000_000_000
"""Longest time between reception and taking that is believed; a clock was set beyond it."""


class Kind(Enum):
    """What waits."""

    PACKET = 'an EventPacket'
    ARRAY = 'a serialised EventArray'
    FRAME = 'stamp of an image and the time that it shows, ns'
    RESET = 'forget the stream'


@dataclass
class Arrival:
    """A message that waits.

    Attributes:
        kind: What it is.
        message: Its content.
        arrived_ns: When it reached this machine's middleware, steady clock.
        size: Bytes of events.
        emptied: Whether its events have been let go of.
    """

    kind: Kind
    message: Any
    arrived_ns: int
    size: int = 0
    emptied: bool = False


def arrived_ns(received_ns: int | None) -> int:
    """Return a time of reception on the steady clock.

    Args:
        received_ns: On the system's clock, as the middleware says; None or 0 where it does not.
    """
    waited_ns = time.time_ns() - received_ns if received_ns else 0
    return time.monotonic_ns() - (waited_ns if 0 < waited_ns < _OLDEST_NS else 0)


class PacketQueue:
    """A queue from the thread of messages to that of the decoder; neither waits for the other.

    Beyond its bytes the oldest messages are emptied: their numbers still tell the decoder what
    it misses, and their events are gone.
    """

    def __init__(self, most_bytes: int) -> None:
        """Begin empty.

        Args:
            most_bytes: Bytes of events that may wait; a single message may have more.
        """
        self._most_bytes = most_bytes
        self._condition = threading.Condition()
        self._waiting: deque[Arrival] = deque()
        self._full: deque[Arrival] = deque()  # those of them with their events
        self._bytes = 0
        self._closed = False

    def __len__(self) -> int:
        """Return how many messages wait."""
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """Bytes of events that wait."""
        return self._bytes

    def age_ms(self) -> float:
        """Return how long the oldest message has waited, ms."""
        with self._condition:
            oldest = self._waiting[0].arrived_ns if self._waiting else None
        return 0.0 if oldest is None else (time.monotonic_ns() - oldest) / 1e6

    def put(self, arrivals: Iterable[Arrival]) -> int:
        """Append messages.

        Returns:
            How many there was no place for at all, although they may be emptied.
        """
        refused = 0
        with self._condition:
            for arrival in arrivals:
                if len(self._waiting) >= MOST_ENTRIES and arrival.kind is not Kind.RESET:
                    refused += 1
                    continue
                self._waiting.append(arrival)
                if arrival.size:
                    self._full.append(arrival)
                    self._bytes += arrival.size
                while self._bytes > self._most_bytes and len(self._full) > 1:
                    self._empty(self._full.popleft())
            self._condition.notify()
        return refused

    def take(self, timeout_s: float | None) -> Arrival | None:
        """Return the oldest message, or None after a while without one or when it is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._waiting, timeout_s)
            if self._closed or not self._waiting:
                return None
            arrival = self._waiting.popleft()
            if self._full and self._full[0] is arrival:
                self._full.popleft()
                self._bytes -= arrival.size
            return arrival

    def close(self) -> None:
        """Let go of all that waits and wake the one who takes."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._full.clear()
            self._bytes = 0
            self._condition.notify()

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def _empty(self, arrival: Arrival) -> None:
        self._bytes -= arrival.size
        arrival.emptied = True
        if arrival.kind is Kind.PACKET:
            arrival.message.events = type(arrival.message.events)('B')
        else:
            arrival.message = b''
