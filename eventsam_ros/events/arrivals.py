# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events that wait for their window, in the order of arrival."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from eventsam_ros.kernels import kernel

from .pixel_events import PixelEvents, joined
from .types import Events, Int64

JUMP_NS = 1_000_000_000
"""A step of time beyond this is a jump (restart, bag loop), not the sensor's small disorder."""

EVENT_LIMIT = 10_000_000
"""Events that may wait; the oldest go first."""


CONFIRM_NS = 1_000_000
"""Time that must pass behind a jump for it to be one.

A corrupt time word puts the events up to the next one, 16 µs later on real sensors, elsewhere.
"""

UNSURE_LIMIT = 100_000
"""Events behind a jump that may wait for its confirmation; with more of them it is one."""

_JUMP, _SPIKE, _UNSURE = range(3)


@kernel
def _judge(t, newest, confirm):  # type: ignore[no-untyped-def]
    """Say what the jump from `newest` to t[0] is, and how many events it lasts if a spike."""
    start = t[0]
    for i in range(1, len(t)):
        if t[i] < start - confirm or start < newest - confirm <= t[i]:
            return _SPIKE, i
        if t[i] >= start + confirm:
            return _JUMP, 0
    return _UNSURE, 0


@kernel
def _steady(t, newest, jump):  # type: ignore[no-untyped-def]
    """Return whether times go on from `newest` without a step back or a jump."""
    if len(t) == 0 or not newest <= t[0] <= newest + jump:
        return False
    odd = 0
    for i in range(1, len(t)):
        step = t[i] - t[i - 1]
        odd |= np.int64(step < 0) | np.int64(step > jump)
    return odd == 0


@kernel
def _progress(t, newest, jump, confirm):  # type: ignore[no-untyped-def]
    """Return the newest time at each event, until one that jumps, and what that one is."""
    times = np.empty(len(t), np.int64)
    for i in range(len(t)):
        if not -jump <= t[i] - newest <= jump:
            verdict, count = _judge(t[i:], newest, confirm)
            return times[:i], verdict, count
        newest = max(newest, t[i])
        times[i] = newest
    return times, _JUMP, 0


class Arrivals:
    """A queue of events by progress: the newest time that was reached when each arrived.

    Progress never steps back, so a few µs of disorder leave an event where it arrived. A jump
    back empties the queue and starts anew. Behind a jump, back or ahead, events wait until a
    millisecond of theirs has passed; if time returns before, they are left out.

    Attributes:
        dropped: Events given up because time jumped back or too many waited.
        mistimed: Events left out because their time was far off and the next ones' was not.
    """

    def __init__(self) -> None:
        """Start empty, at no time."""
        self._parts: deque[tuple[Events, Int64]] = deque()
        self._count = 0
        self._newest: int | None = None
        self._unsure = Events.empty()
        self._fresh = 0
        self.dropped = 0
        self.mistimed = 0

    def __len__(self) -> int:
        """Return the number of events that wait."""
        return self._count + len(self._unsure)

    @property
    def oldest(self) -> int | None:
        """Progress at the first event that waits, ns."""
        return int(self._parts[0][1][0]) if self._parts else None

    @property
    def newest(self) -> int | None:
        """Progress so far, ns."""
        return self._newest

    def add(self, events: Events) -> Iterator[bool]:
        """Append events, in one go for each run without a jump.

        Yields:
            Whether time jumped back before the run that was just appended.
        """
        if len(events) > 0 and len(self._unsure) == 0:
            newest = int(events.t[0]) if self._newest is None else self._newest
            if _steady(events.t, newest, JUMP_NS):
                # As nearly all events come: their own time is the progress.
                self._append(events, events.t)
                yield False
                return
        if len(self._unsure) > 0:
            events = joined([self._unsure, events])
            self._unsure = Events.empty()
        jumped = False
        while len(events) > 0:
            newest = int(events.t[0]) if self._newest is None else self._newest
            times, verdict, count = _progress(events.t, newest, JUMP_NS, CONFIRM_NS)
            if len(times) > 0:
                self._append(events[:len(times)], times)
                newest = int(times[-1])
                yield jumped
                jumped = False
                events = events[len(times):]
            if len(events) == 0:
                return
            if verdict == _UNSURE and len(events) <= UNSURE_LIMIT:
                self._unsure = events
                return
            if verdict == _SPIKE:
                self.mistimed += count
                events = events[count:]
            elif events.t[0] < newest:
                self.dropped += self._count
                self.clear()
                jumped = True
            else:
                self._newest = int(events.t[0])

    def passes(self, events: Events, end: int) -> bool:
        """Note events that need not wait: nothing waits, and their times go on to before `end`.

        Returns:
            Whether that is so; otherwise nothing has changed.
        """
        if self._parts or self._newest is None or len(self._unsure) or not len(events):
            return False
        last = int(events.t[-1])
        if last >= end or not _steady(events.t, self._newest, JUMP_NS):
            return False
        self._newest = last
        return True

    def settle(self) -> None:
        """Copy what was appended since the last call, so that its arrays may be written to."""
        fresh = min(self._fresh, len(self._parts))
        self._fresh = 0
        for k in range(len(self._parts) - fresh, len(self._parts)):
            events, times = self._parts[k]
            if isinstance(events, PixelEvents):
                own = events.copy()
                self._parts[k] = own, own.t if times is events.t else times
        if isinstance(self._unsure, PixelEvents):
            self._unsure = self._unsure.copy()

    def between(self, start: int, end: int) -> list[Events]:
        """Return runs of the events with progress in [start, end), which stay in the queue."""
        found: list[Events] = []
        for events, times in self._parts:
            oldest, newest = int(times[0]), int(times[-1])
            if oldest >= end:
                break
            if start <= oldest and newest < end:
                found.append(events)
            elif newest >= start:
                first, last = np.searchsorted(times, (start, end))
                found.append(events[int(first):int(last)])
        return found

    def first(self, count: int) -> list[Events]:
        """Return runs of the first `count` events, which stay in the queue."""
        found: list[Events] = []
        for events, _ in self._parts:
            if count <= 0:
                break
            found.append(events[:count])
            count -= len(events)
        return found

    def drop_before(self, time: int) -> int:
        """Remove the events with progress before a time; return how many."""
        before = self._count
        while self._parts and self._parts[0][1][-1] < time:
            self._count -= len(self._parts.popleft()[1])
        if self._parts and self._parts[0][1][0] < time:
            self._shorten(int(np.searchsorted(self._parts[0][1], time)))
        return before - self._count

    def drop_first(self, count: int) -> None:
        """Remove the first `count` events."""
        while self._parts and count >= len(self._parts[0][1]):
            count -= len(self._parts[0][1])
            self._count -= len(self._parts.popleft()[1])
        if count > 0 and self._parts:
            self._shorten(count)

    def clear(self) -> None:
        """Remove all events and forget the time."""
        self._parts.clear()
        self._count = 0
        self._newest = None
        self._unsure = Events.empty()

    def _append(self, events: Events, times: Int64) -> None:
        self._parts.append((events, times))
        self._fresh += 1
        self._count += len(times)
        self._newest = int(times[-1])
        # What remains is never fewer, so that a window of so many events comes about.
        while self._count - len(self._parts[0][1]) >= EVENT_LIMIT:
            removed = len(self._parts.popleft()[1])
            self._count -= removed
            self.dropped += removed

    def _shorten(self, count: int) -> None:
        events, times = self._parts[0]
        rest = events[count:]
        self._parts[0] = (rest, rest.t if times is events.t else times[count:])
        self._count -= count
