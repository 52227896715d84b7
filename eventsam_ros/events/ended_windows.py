# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows that end at given times: where a camera's frames are, or hardware trigger edges."""

from __future__ import annotations

from collections import deque

from .arrivals import JUMP_NS
from .policy import Policy
from .types import Triggers, Window

FRAME_LIMIT = 64
"""Frame times or trigger edges that may wait for events; the oldest go first."""

EDGES = {'rising': (1,), 'falling': (0,), 'both': (0, 1)}
"""Directions of a trigger edge by name, as Prophesee names them."""


class _EndedWindows(Policy):
    """Windows whose ends are told, before or after their events."""

    def __init__(self, width: int, height: int, duration_ns: int | None = None) -> None:
        """Set the length.

        Args:
            width: Sensor columns.
            height: Sensor rows.
            duration_ns: Length of each window in ns; None: from the end before, at most 1 s.

        Raises:
            ValueError: A length that is not positive, or no sensor.
        """
        super().__init__(width, height)
        if duration_ns is not None and duration_ns < 1:
            raise ValueError(f'duration must be at least 1 ns, but got {duration_ns}')
        self._duration = duration_ns
        self._ends: deque[int] = deque()
        self._after_jump: deque[int] = deque()
        self._end: int | None = None
        self._known_from: int | None = None

    def _end_at(self, end: int) -> list[Window]:
        """Take an end (exclusive), sensor time in ns; return the windows that are complete."""
        if self._end is not None and self._end - end > JUMP_NS:
            return self._end_after_jump(end)
        waiting = self._ends[-1] if self._ends else None
        if waiting is not None and waiting - end > JUMP_NS:
            self._drop(self._ends)
            waiting = None
        before = waiting if waiting is not None else self._end
        if before is not None and end <= before:
            self._counters['frames_late'] += 1
            return []
        # Time goes on, so the jump that these came behind was none.
        self._drop(self._after_jump)
        self._keep(self._ends, end)
        return self._complete()

    def _end_after_jump(self, end: int) -> list[Window]:
        """Keep an end that jumped back before the events did, as at the loop of a recording."""
        if self._after_jump and self._after_jump[-1] - end > JUMP_NS:
            self._drop(self._after_jump)
        if self._after_jump and end <= self._after_jump[-1]:
            self._counters['frames_late'] += 1
        else:
            self._keep(self._after_jump, end)
        return []

    def _keep(self, ends: deque[int], end: int) -> None:
        ends.append(int(end))
        if len(ends) > FRAME_LIMIT:
            ends.popleft()
            self._counters['frames_dropped'] += 1

    def _drop(self, ends: deque[int]) -> None:
        self._counters['frames_dropped'] += len(ends)
        ends.clear()

    def reset(self) -> None:
        """Give up what waits and start anew; the counters go on."""
        self._drop(self._after_jump)
        super().reset()

    def _restart(self) -> None:
        self._drop(self._ends)
        self._ends, self._after_jump = self._after_jump, self._ends
        self._end = None
        self._known_from = None

    def _complete(self) -> list[Window]:
        self._arrivals.settle()
        windows: list[Window] = []
        newest = self._arrivals.newest
        if newest is None:
            return windows
        if self._known_from is None:
            self._known_from = self._arrivals.oldest
        while self._ends and self._ends[0] <= newest:
            windows += self._cut(self._ends.popleft())
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


class FrameWindows(_EndedWindows):
    """Windows that end where the frames of a camera are.

    A window comes out when the events have reached its end, whether the frame or the events
    came first.
    """

    def frame(self, t_end_ns: int) -> list[Window]:
        """Take the time of the next frame and return the windows that are complete.

        Args:
            t_end_ns: Where the window ends (exclusive), sensor time in ns.
        """
        return self._end_at(t_end_ns)


class TriggerWindows(_EndedWindows):
    """Windows that end at hardware trigger edges, in the sensor's own time: no clock between."""

    def __init__(
        self, width: int, height: int, channel: int, edge: str, duration_ns: int | None = None,
    ) -> None:
        """Choose the edges.

        Args:
            width: Sensor columns.
            height: Sensor rows.
            channel: Trigger input, at least 0.
            edge: One of EDGES: 'rising', 'falling' or 'both'.
            duration_ns: Length of each window in ns; None: from the edge before, at most 1 s.

        Raises:
            ValueError: No such edge or channel, a length that is not positive, or no sensor.
        """
        super().__init__(width, height, duration_ns)
        if edge not in EDGES:
            raise ValueError(f'edge must be one of {", ".join(EDGES)}, but got {edge!r}')
        if channel < 0:
            raise ValueError(f'channel must be at least 0, but got {channel}')
        self._channel = channel
        self._edges = EDGES[edge]

    def triggers(self, triggers: Triggers) -> list[Window]:
        """Take the next trigger edges and return the windows that are complete.

        Args:
            triggers: From PacketDecoder.take_triggers(); edges of other channels or directions
                are counted and have no effect.
        """
        windows: list[Window] = []
        for time, channel, edge in zip(
                triggers.t.tolist(), triggers.channel.tolist(), triggers.edge.tolist(),
                strict=True):
            if channel == self._channel and edge in self._edges:
                windows += self._end_at(time)
            else:
                self._counters['edges_ignored'] += 1
        return windows
