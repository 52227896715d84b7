# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which events go together: by period, by count, by camera frames or by hardware triggers."""

from __future__ import annotations

from .arrivals import EVENT_LIMIT, JUMP_NS
from .ended_windows import EDGES, FrameWindows, TriggerWindows
from .pixel_events import PixelEvents, thinned
from .policy import COUNTERS, Policy, WindowPolicy
from .summed_window import OpenWindow
from .types import Events, Window

__all__ = [
    'COUNTERS', 'EDGES', 'PERIOD_LIMIT_NS', 'CountWindows', 'FrameWindows', 'PeriodWindows',
    'TriggerWindows', 'WindowPolicy',
]

PERIOD_LIMIT_NS = 1_000_000
"""Shortest period, ns."""


class PeriodWindows(Policy):
    """Windows of a fixed length, one after the other from the first event on.

    Their bounds are known before their events: events by pixel go into the window's sums as they
    come, and none waits.
    """

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
        self._open: OpenWindow | None = None
        self._seen = 0
        self._before = 0

    @property
    def waiting(self) -> int:
        """Events whose window is not complete yet."""
        return super().waiting + (0 if self._open is None else self._seen)

    def push(self, events: Events) -> list[Window]:
        """Take the next events of the stream and return the windows that are complete."""
        if self._open is not None and self._start is not None and isinstance(events, PixelEvents):
            end = self._start + self._period
            if self._arrivals.passes(events, end):
                self._add([events], end)
                return []
        return super().push(events)

    def _restart(self) -> None:
        self._start = None
        if self._open is not None:
            self._counters['events_dropped'] += self._seen
        self._open = None

    def _complete(self) -> list[Window]:
        """Return each period that has passed; those of a silence of over a second are skipped."""
        windows: list[Window] = []
        while True:
            oldest, newest = self._arrivals.oldest, self._arrivals.newest
            if self._open is not None:
                oldest = self._start
            if oldest is None or newest is None:
                break
            if self._start is None:
                self._start = oldest
            if oldest - self._start > JUMP_NS:
                silent = (oldest - self._start) // self._period
                self._start += silent * self._period
                self._counters['windows_skipped'] += silent
            end = self._start + self._period
            if newest < end and not self._by_pixel:
                break
            runs = self._arrivals.between(self._start, end)
            if self._by_pixel:
                self._add(runs, end)
            self._arrivals.drop_before(end)
            if newest < end:
                break
            windows.append(self._close() if self._by_pixel
                           else self._window(runs, self._start, end))
            self._start = end
        return windows

    def _add(self, runs: list[Events], end: int) -> None:
        """Add events to the open window, all or as many as the window before lets expect."""
        assert self._start is not None
        if self._open is None:
            self._open = OpenWindow(self._start, end, self._width, self._height)
            self._seen = 0
        for run in runs:
            kept = run
            if self._most is not None and self._before > self._most:
                kept = thinned(run, self._seen, self._most, self._before)
            self._seen += len(run)
            if isinstance(kept, PixelEvents):
                self._open.add(kept)

    def _close(self) -> Window:
        assert self._open is not None
        window, self._open = self._open.close(), None
        self._counters['windows'] += 1
        self._counters['events_thinned'] += self._seen - len(window)
        self._before = self._seen
        return window


class CountWindows(Policy):
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
        self._arrivals.settle()
        windows = []
        while len(self._arrivals) >= self._size:
            runs = self._arrivals.first(self._size)
            self._arrivals.drop_first(self._size)
            start, end = (min(int(run.t.min()) for run in runs),
                          max(int(run.t.max()) for run in runs) + 1)
            windows.append(self._window(runs, start, end))
        return windows
