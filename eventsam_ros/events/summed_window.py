# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows that hold sums over each pixel in place of their events."""

from __future__ import annotations

from collections.abc import Sequence
import threading

from .pixel_events import PixelEvents
from .sums import WindowSums
from .types import Events, Window

WAITING_SHARE = 1 / 16
"""Events to a pixel up to which a window keeps them: they take a tenth of the room of sums, and
of the time to clear it."""


class SummedWindow(Window):
    """A window of which sums over each pixel are known, as its pictures need.

    A window with few events keeps them until someone asks for the sums, which most windows of a
    node under load are never asked for. Every other one takes 8 bytes a pixel, however many
    events it has. May be used from several threads.
    """

    def __init__(
        self, t_start: int, t_end: int, width: int, height: int,
        waiting: Sequence[PixelEvents] = (), sums: WindowSums | None = None,
    ) -> None:
        """Take what fell into the interval.

        Args:
            t_start: Begin, sensor time in ns.
            t_end: End (exclusive), sensor time in ns.
            width: Sensor columns.
            height: Sensor rows.
            waiting: Events that are not in the sums, in arrays that nobody writes to.
            sums: Sums with the same bounds and size; None: no sums yet.
        """
        fields = self.__dict__
        fields.update(t_start=t_start, t_end=t_end, width=width, height=height)
        fields['_count'] = sum(map(len, waiting)) + (0 if sums is None else sums.count)
        fields['_waiting'] = list(waiting)
        fields['_sums'] = sums
        fields['_lock'] = threading.Lock()
        if sums is not None or self._count > WAITING_SHARE * width * height:
            self.sums()

    _count: int
    _waiting: list[PixelEvents]
    _sums: WindowSums | None
    _lock: threading.Lock

    def __len__(self) -> int:
        """Return the number of events."""
        return self._count

    @property
    def events(self) -> Events:
        """Refuse: the events were summed.

        Raises:
            ValueError: Always.
        """
        raise ValueError('the events of this window were summed and are not kept')

    def sums(self) -> WindowSums:
        """Return the sums, which must not be added to."""
        with self._lock:
            if self._sums is None or self._waiting:
                sums = self._sums or WindowSums(
                    self.t_start, self.t_end, self.width, self.height)
                for part in self._waiting:
                    sums.add(part)
                self.__dict__.update(_sums=sums, _waiting=[])
                return sums
            return self._sums


class OpenWindow:
    """The window that events go into while they come: few are kept, many are summed at once.

    Attributes:
        count: Events so far.
    """

    def __init__(self, t_start: int, t_end: int, width: int, height: int) -> None:
        """Start without events; arguments as for SummedWindow."""
        self._bounds = (t_start, t_end, width, height)
        self._most = WAITING_SHARE * width * height
        self._waiting: list[PixelEvents] = []
        self._sums: WindowSums | None = None
        self.count = 0

    def add(self, events: PixelEvents) -> None:
        """Take events, of which the arrays may be written to afterwards."""
        self.count += len(events)
        if self._sums is None:
            if self.count <= self._most:
                self._waiting.append(events.copy())
                return
            self._sums = WindowSums(*self._bounds)
            for part in self._waiting:
                self._sums.add(part)
            self._waiting = []
        self._sums.add(events)

    def close(self) -> SummedWindow:
        """Return the window; nothing may be added any more."""
        return SummedWindow(*self._bounds, self._waiting, self._sums)


def window_sums(window: Window) -> WindowSums:
    """Return the sums of a window of either kind; equal events make equal sums."""
    if isinstance(window, SummedWindow):
        return window.sums()
    sums = WindowSums(window.t_start, window.t_end, window.width, window.height)
    sums.add(PixelEvents.of(window.events, window.width, window.height))
    return sums
