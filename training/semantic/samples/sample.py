# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A moment: packets of events that lead up to it, what it looks like, and its classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from eventsam_ros.events.types import Events, UInt8, Window


@dataclass(frozen=True)
class EventSample:
    """A moment of a set; what is not known is None.

    Attributes:
        name: The same in every run. What stands before the last / is what samples share that look
            alike.
        packets: Events that lead up to it in consecutive stretches of time, the oldest first.
        frame: What is seen, uint8 [h, w, 3] RGB, of the events' field of view.
        labels: Classes, uint8 [h, w], 255 does not count.
        picture: An event picture that another tool made in place of packets, uint8 [h, w, 3].
    """

    name: str
    packets: tuple[Window, ...]
    frame: UInt8 | None = None
    labels: UInt8 | None = None
    picture: UInt8 | None = None

    def window(self, last: int) -> Window:
        """Return the last so many packets as one window."""
        return joined(self.packets[-last:])


class Samples(Protocol):
    """A set of samples; each is the same whenever and in whichever process it is made."""

    def __len__(self) -> int:
        """Return how many there are."""

    def take(self, first: int, last: int) -> Iterator[EventSample]:
        """Make samples first to last - 1, in this order."""

    def description(self) -> dict[str, Any]:
        """Return what they depend on beyond the recipe, as JSON can hold it."""


def joined(packets: tuple[Window, ...]) -> Window:
    """Return consecutive packets as one window."""
    return Window(
        Events.concatenate([p.events for p in packets]), packets[0].t_start, packets[-1].t_end,
        packets[0].width, packets[0].height)


def packets_of(window: Window, count: int, by_events: bool) -> tuple[Window, ...]:
    """Cut a window into packets.

    Args:
        window: Events in the order of time.
        count: Packets.
        by_events: Of equally many events each, as ESS feeds E2VID; else of equal duration.
    """
    events = window.events
    if by_events:
        cuts = np.linspace(0, len(events), count + 1).round().astype(int)
        times = [window.t_start, *(int(events.t[k]) if k < len(events) else window.t_end
                                   for k in cuts[1:-1]), window.t_end]
    else:
        times = np.linspace(window.t_start, window.t_end, count + 1).round().astype(int).tolist()
        cuts = np.searchsorted(events.t, times)
        cuts[-1] = len(events)
    return tuple(
        Window(events[int(a):int(b)], times[k], times[k + 1], window.width, window.height)
        for k, (a, b) in enumerate(pairwise(cuts)))
