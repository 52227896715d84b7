# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which events go together: by period, by count, or by the frames of a camera.

An event that steps back in time by a few µs, as sensors do, stays in the window in which it
arrived. A jump back by more than a second starts everything anew. What is given up is counted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Protocol

from .arrivals import EVENT_LIMIT, JUMP_NS, Arrivals
from .types import Events, Window

COUNTERS = (
    'windows', 'windows_skipped', 'jumps_back', 'events_dropped', 'frames_late', 'frames_dropped')
"""Names of the counters:

windows: emitted. windows_skipped: periods without events that a long silence skipped.
jumps_back: time stepped back by more than a second. events_dropped: given up then, or because
too many waited. frames_late: frame times that were not after the one before, or older than the
events that are still known. frames_dropped: frame times given up because no events reached them.
"""

PERIOD_LIMIT_NS = 1_000_000
"""Shortest period, ns."""

FRAME_LIMIT = 64
"""Frame times that may wait for events; the oldest go first."""


class WindowPolicy(Protocol):
    """A way to cut one event stream into windows."""

    @property
    def counters(self) -> dict[str, int]:
        """What was emitted and what was given up; names in COUNTERS."""

    def push(self, events: Events) -> list[Window]:
        """Take the next events of the stream and return the windows that are complete."""

    def reset(self) -> None:
        """Give up what waits and start anew; the counters go on."""


class _Policy(ABC):
    """What the policies share: the sensor, the queue and the counters."""

    def __init__(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise ValueError(f'sensor size must be at least 1x1, but got {width}x{height}')
        self._width = width
        self._height = height
        self._arrivals = Arrivals()
        self._counters = dict.fromkeys(COUNTERS, 0)

    @property
    def counters(self) -> dict[str, int]:
        """What was emitted and what was given up; names in COUNTERS."""
        counters = dict(self._counters)
        counters['events_dropped'] += self._arrivals.dropped
        return counters

    def push(self, events: Events) -> list[Window]:
        """Take the next events of the stream and return the windows that are complete."""
        windows: list[Window] = []
        for jumped in self._arrivals.add(events):
            if jumped:
                self._counters['jumps_back'] += 1
                self._restart()
            windows += self._complete()
        return windows

    def reset(self) -> None:
        """Give up what waits and start anew; the counters go on."""
        self._counters['events_dropped'] += len(self._arrivals)
        self._arrivals.clear()
        self._restart()

    @abstractmethod
    def _restart(self) -> None:
        """Forget what belongs to the time before a jump."""

    @abstractmethod
    def _complete(self) -> list[Window]:
        """Return the windows that the events so far complete."""

    def _window(self, events: Events, start: int, end: int) -> Window:
        self._counters['windows'] += 1
        return Window(events, start, end, self._width, self._height)


class PeriodWindows(_Policy):
    """Windows of a fixed length, one after the other from the first event on."""

    def __init__(self, period_ns: int, width: int, height: int) -> None:
        """Set the period.

        Args:
            period_ns: Length of each window in ns, at least PERIOD_LIMIT_NS.
            width: Sensor columns.
            height: Sensor rows.

        Raises:
            ValueError: A period that is too short, or no sensor.
        """
        super().__init__(width, height)
        if period_ns < PERIOD_LIMIT_NS:
            raise ValueError(
                f'period must be at least {PERIOD_LIMIT_NS} ns, but got {period_ns}')
        self._period = int(period_ns)
        self._start: int | None = None

    def _restart(self) -> None:
        self._start = None

    def _complete(self) -> list[Window]:
        """Return each period that has passed; those of a silence of over a second are skipped."""
        windows = []
        oldest, newest = self._arrivals.oldest, self._arrivals.newest
        while oldest is not None and newest is not None:
            if self._start is None:
                self._start = oldest
            if oldest - self._start > JUMP_NS:
                silent = (oldest - self._start) // self._period
                self._start += silent * self._period
                self._counters['windows_skipped'] += silent
            end = self._start + self._period
            if newest < end:
                break
            windows.append(
                self._window(self._arrivals.between(self._start, end), self._start, end))
            self._arrivals.drop_before(end)
            self._start = end
            oldest = self._arrivals.oldest
        return windows


class CountWindows(_Policy):
    """Windows of a fixed number of events, from the first of them to just after the last."""

    def __init__(self, count: int, width: int, height: int) -> None:
        """Set the number of events.

        Args:
            count: Events in each window, 1 to EVENT_LIMIT.
            width: Sensor columns.
            height: Sensor rows.

        Raises:
            ValueError: An impossible count, or no sensor.
        """
        super().__init__(width, height)
        if not 1 <= count <= EVENT_LIMIT:
            raise ValueError(f'count must be 1 to {EVENT_LIMIT}, but got {count}')
        self._size = int(count)

    def _restart(self) -> None:
        """Do nothing: a count remembers nothing but the events."""

    def _complete(self) -> list[Window]:
        windows = []
        while len(self._arrivals) >= self._size:
            events = self._arrivals.first(self._size)
            self._arrivals.drop_first(self._size)
            windows.append(
                self._window(events, int(events.t.min()), int(events.t.max()) + 1))
        return windows


class FrameWindows(_Policy):
    """Windows that end where the frames of a camera are.

    A window comes out when the events have reached its end, whether the frame or the events
    came first.
    """

    def __init__(self, width: int, height: int, duration_ns: int | None = None) -> None:
        """Set the length.

        Args:
            width: Sensor columns.
            height: Sensor rows.
            duration_ns: Length of each window in ns; None: from the frame before, at most 1 s.

        Raises:
            ValueError: A length that is not positive, or no sensor.
        """
        super().__init__(width, height)
        if duration_ns is not None and duration_ns < 1:
            raise ValueError(f'duration must be at least 1 ns, but got {duration_ns}')
        self._duration = duration_ns
        self._frames: deque[int] = deque()
        self._end: int | None = None
        self._known_from: int | None = None

    def frame(self, t_end_ns: int) -> list[Window]:
        """Take the time of the next frame and return the windows that are complete.

        Args:
            t_end_ns: Where the window ends (exclusive), sensor time in ns.
        """
        waiting = self._frames[-1] if self._frames else None
        if waiting is not None and waiting - t_end_ns > JUMP_NS:
            self._counters['frames_dropped'] += len(self._frames)
            self._frames.clear()
            waiting = None
        before = waiting if waiting is not None else self._end
        if before is not None and t_end_ns <= before:
            self._counters['frames_late'] += 1
            return []
        self._frames.append(int(t_end_ns))
        if len(self._frames) > FRAME_LIMIT:
            self._frames.popleft()
            self._counters['frames_dropped'] += 1
        return self._complete()

    def _restart(self) -> None:
        self._counters['frames_dropped'] += len(self._frames)
        self._frames.clear()
        self._end = None
        self._known_from = None

    def _complete(self) -> list[Window]:
        windows: list[Window] = []
        newest = self._arrivals.newest
        if newest is None:
            return windows
        if self._known_from is None:
            self._known_from = self._arrivals.oldest
        while self._frames and self._frames[0] <= newest:
            windows += self._cut(self._frames.popleft())
        # Where no frames come, events wait for one that is a second late.
        reach = JUMP_NS if self._duration is None else JUMP_NS + self._duration
        if self._end is not None:
            self._forget_before(min(self._end, newest - reach))
        self._counters['events_dropped'] += self._forget_before(newest - reach)
        return windows

    def _cut(self, end: int) -> list[Window]:
        if self._known_from is None or end <= self._known_from:
            self._counters['frames_late'] += 1
            return []
        if self._duration is None:
            start = max(self._known_from, end - JUMP_NS)
            self._counters['events_dropped'] += self._forget_before(start)
        else:
            start = end - self._duration
        window = self._window(self._arrivals.between(start, end), start, end)
        self._end = end
        # The next frame is later, and so is the start of its window.
        self._forget_before(end if self._duration is None else start)
        return [window]

    def _forget_before(self, time: int) -> int:
        if self._known_from is not None:
            self._known_from = max(self._known_from, time)
        return self._arrivals.drop_before(time)
