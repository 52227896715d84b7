# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which events go together: by period, by count, by camera frames or by hardware triggers."""

from __future__ import annotations

from .arrivals import EVENT_LIMIT, JUMP_NS
from .ended_windows import EDGES, FrameWindows, TriggerWindows
from .policy import COUNTERS, Policy, WindowPolicy
from .types import Window

__all__ = [
    'COUNTERS', 'EDGES', 'PERIOD_LIMIT_NS', 'CountWindows', 'FrameWindows', 'PeriodWindows',
    'TriggerWindows', 'WindowPolicy',
]

PERIOD_LIMIT_NS = 1_000_000
"""Shortest period, ns."""


class PeriodWindows(Policy):
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
        windows = []
        while len(self._arrivals) >= self._size:
            events = self._arrivals.first(self._size)
            self._arrivals.drop_first(self._size)
            windows.append(
                self._window(events, int(events.t.min()), int(events.t.max()) + 1))
        return windows
