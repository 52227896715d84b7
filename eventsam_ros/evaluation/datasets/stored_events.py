# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events that lie on disk in the order of time, and windows cut out of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Events, Window

if TYPE_CHECKING:
    from typing_extensions import Self

WINDOW_LIMIT_MS = 10_000
COUNT_LIMIT = 10_000_000
MOMENT_LIMIT = 10_000_000
"""Most windows in a row that a recording is cut into: six days of 50 ms."""


def window_ends(span_ns: tuple[int, int], duration_ns: int, what: object) -> range:
    """Return the ends of windows in a row, ns.

    Args:
        span_ns: First time and last time of the events, ns.
        duration_ns: Length of a window, ns.
        what: File, for the message.

    Raises:
        DatasetError: They are so many that a time must be damaged.
    """
    start, end = span_ns
    ends = range(start + duration_ns, end + 1, duration_ns)
    if (end - start) // duration_ns > MOMENT_LIMIT:
        raise DatasetError(f'{what} would be {(end - start) // duration_ns} windows, over '
                           f'{(end - start) / 1e9:.0f} s: one of its times is damaged')
    return ends


class StoredEvents(ABC):
    """An open file of events; a context manager.

    Attributes:
        width: Sensor columns.
        height: Sensor rows.
    """

    width: int
    height: int

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of events."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @abstractmethod
    def index(self, t_ns: int) -> int:
        """Return how many events lie before a time of the dataset's clock, ns."""

    @abstractmethod
    def read(self, first: int, last: int) -> Events:
        """Return events first to last - 1; their times in ns of the dataset's clock."""

    def between(self, start_ns: int, end_ns: int) -> Events:
        """Return the events of [start, end); fewer where the file begins later or ends before."""
        first = self.index(start_ns)
        return self.read(first, max(self.index(end_ns), first))

    def last(self, count: int, end_ns: int) -> Events:
        """Return the last `count` events before a time; fewer where the file has no more."""
        end = self.index(end_ns)
        return self.read(max(end - count, 0), end)


@dataclass(frozen=True)
class WindowRule:
    """Which events lead up to a moment.

    Attributes:
        duration_ns: Those of the time before it, ns.
        count: The last so many instead, if not 0.
    """

    duration_ns: int
    count: int = 0

    @classmethod
    def of(cls, window_ms: float, window_events: int) -> WindowRule:
        """Return the rule of the options that all readers of events share.

        Args:
            window_ms: Length of a window, 0.1 to WINDOW_LIMIT_MS.
            window_events: Number of events instead, 1 to COUNT_LIMIT; 0 goes by time.

        Raises:
            ValueError: Outside of these.
        """
        if not 0.1 <= window_ms <= WINDOW_LIMIT_MS:
            raise ValueError(
                f'window_ms must be 0.1 to {WINDOW_LIMIT_MS}, but got {window_ms}')
        if not 0 <= window_events <= COUNT_LIMIT:
            raise ValueError(
                f'window_events must be 0 to {COUNT_LIMIT}, but got {window_events}')
        return cls(round(window_ms * 1e6), window_events)

    def window(self, source: StoredEvents, end_ns: int) -> Window:
        """Cut the window that ends at a time (exclusive), ns of the dataset's clock."""
        if self.count:
            events = source.last(self.count, end_ns)
            start = min(int(events.t.min()), end_ns) if len(events) else end_ns
        else:
            start = end_ns - self.duration_ns
            events = source.between(start, end_ns)
        return Window(events, start, end_ns, source.width, source.height)


WINDOW_OPTIONS = {
    'window_ms': f'length of the event window before each moment, ms, up to {WINDOW_LIMIT_MS}',
    'window_events': 'number of events in each window instead; 0 goes by time',
}


def first_at_or_after(time_at: Callable[[int], int], t: int, low: int, high: int) -> int:
    """Return the first index in [low, high) whose time is t or later, else high.

    Args:
        time_at: Time of an index, not decreasing.
        t: The time.
        low: First index.
        high: End of the indices.
    """
    while low < high:
        middle = (low + high) // 2
        if time_at(middle) < t:
            low = middle + 1
        else:
            high = middle
    return low


def search_near(time_at: Callable[[int], int], t: int, length: int, near: int) -> int:
    """Return the first index in [0, length) whose time is t or later, else `length`.

    Few times are looked at where the answer is close to `near`, as in windows that follow.

    Args:
        time_at: Time of an index, not decreasing.
        t: The time.
        length: End of the indices.
        near: Where to begin, 0 to length.
    """
    low = high = near
    step = 4096
    if near > 0 and time_at(near - 1) >= t:
        while low > 0 and time_at(low - 1) >= t:
            high, low, step = low, max(low - step, 0), 2 * step
    else:
        while high < length and time_at(high) < t:
            low, high, step = high + 1, min(high + step, length), 2 * step
    return first_at_or_after(time_at, t, low, high)
