# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every way to cut a stream into windows shares.

An event that steps back in time by a few µs, as sensors do, stays in the window in which it
arrived. A jump back by more than a second starts everything anew, unless time returns at once.
What is given up is counted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from .arrivals import Arrivals
from .pixel_events import PixelEvents, joined, thinned
from .summed_window import SummedWindow
from .types import Events, Window

COUNTERS = (
    'windows', 'windows_skipped', 'jumps_back', 'events_dropped', 'events_mistimed',
    'events_thinned', 'frames_late', 'frames_dropped', 'edges_ignored')
"""Names of the counters:

windows: emitted. windows_skipped: periods without events that a long silence skipped.
jumps_back: time stepped back by more than a second. events_dropped: given up then, or because
too many waited, or because no window of frames or triggers could take them. events_mistimed: more
than a second off while those around them were not, left out. events_thinned: left out by
thin_to() of windows that were emitted. frames_late: frame times or trigger
edges that were not after the one before, or older than the events that are still known.
frames_dropped: those given up because no events reached them. edges_ignored: of another trigger
channel or direction.
"""


class WindowPolicy(Protocol):
    """A way to cut one event stream into windows."""

    @property
    def counters(self) -> dict[str, int]:
        """What was emitted and what was given up; names in COUNTERS."""

    def push(self, events: Events) -> list[Window]:
        """Take the next events of the stream and return the windows that are complete."""

    def reset(self) -> None:
        """Give up what waits and start anew; the counters go on."""


class Policy(ABC):
    """What the policies share: the sensor, the queue and the counters."""

    def __init__(self, width: int, height: int) -> None:
        """Start without events.

        Raises:
            ValueError: No sensor.
        """
        if width < 1 or height < 1:
            raise ValueError(f'sensor size must be at least 1x1, but got {width}x{height}')
        self._width = width
        self._height = height
        self._arrivals = Arrivals()
        self._by_pixel = False
        self._most: int | None = None
        self._counters = dict.fromkeys(COUNTERS, 0)

    @property
    def counters(self) -> dict[str, int]:
        """What was emitted and what was given up; names in COUNTERS."""
        counters = dict(self._counters)
        counters['events_dropped'] += self._arrivals.dropped
        counters['events_mistimed'] = self._arrivals.mistimed
        return counters

    @property
    def waiting(self) -> int:
        """Events whose window is not complete yet."""
        return len(self._arrivals)

    def push(self, events: Events) -> list[Window]:
        """Take the next events of the stream and return the windows that are complete.

        Args:
            events: Events by pixel make windows that are summed, and their arrays may be
                written to afterwards; all others make windows that keep their events. A stream
                has one kind only.
        """
        self._by_pixel = isinstance(events, PixelEvents)
        windows: list[Window] = []
        for jumped in self._arrivals.add(events):
            if jumped:
                self._counters['jumps_back'] += 1
                self._restart()
            windows += self._complete()
        self._arrivals.settle()
        return windows

    def thin_to(self, events: int | None) -> None:
        """Set how many events of a window are kept, evenly in space; None keeps all.

        Args:
            events: At least 1.

        Raises:
            ValueError: Fewer than 1.
        """
        if events is not None and events < 1:
            raise ValueError(f'events of a window must be at least 1, but got {events}')
        self._most = events

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

    def _window(self, runs: Sequence[Events], start: int, end: int) -> Window:
        self._counters['windows'] += 1
        runs = self._thinned(runs)
        if not self._by_pixel:
            return Window(joined(runs), start, end, self._width, self._height)
        return SummedWindow(
            start, end, self._width, self._height,
            [run for run in runs if isinstance(run, PixelEvents)])

    def _thinned(self, runs: Sequence[Events]) -> Sequence[Events]:
        total = sum(map(len, runs))
        if self._most is None or total <= self._most:
            return runs
        kept, seen = [], 0
        for run in runs:
            kept.append(thinned(run, seen, self._most, total))
            seen += len(run)
        self._counters['events_thinned'] += total - sum(map(len, kept))
        return kept
