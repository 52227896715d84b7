# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The arrays that every part of the package hands around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
UInt8 = NDArray[np.uint8]
UInt16 = NDArray[np.uint16]
UInt32 = NDArray[np.uint32]
UInt64 = NDArray[np.uint64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, init=False)
class Events:
    """A run of events in arrival order; all arrays have the same length N.

    Attributes:
        x: Column in pixels, uint16 [N], 0 at the left.
        y: Row in pixels, uint16 [N], 0 at the top.
        p: Polarity, uint8 [N]: 1 brighter (ON), 0 darker (OFF).
        t: Sensor time in nanoseconds, int64 [N]. May step back a few µs, as the sensors do.
    """

    x: UInt16
    y: UInt16
    p: UInt8
    t: Int64

    def __init__(self, x: UInt16, y: UInt16, p: UInt8, t: Int64) -> None:
        """Take the arrays as they are."""
        # Past the frozen dataclass: packets come by the thousand.
        fields = self.__dict__
        fields['x'] = x
        fields['y'] = y
        fields['p'] = p
        fields['t'] = t

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.t)

    def __getitem__(self, index: slice | Bool | Int64) -> Events:
        """Return the selected events; a slice is a view, no copy."""
        return Events(self.x[index], self.y[index], self.p[index], self.t[index])

    @classmethod
    def empty(cls) -> Events:
        """Return no events."""
        return cls(
            np.empty(0, np.uint16), np.empty(0, np.uint16),
            np.empty(0, np.uint8), np.empty(0, np.int64),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Events]) -> Events:
        """Join runs in the order given."""
        if not parts:
            return cls.empty()
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([e.x for e in parts]), np.concatenate([e.y for e in parts]),
            np.concatenate([e.p for e in parts]), np.concatenate([e.t for e in parts]),
        )


@dataclass(frozen=True)
class Triggers:
    """External trigger edges in arrival order; all arrays have the same length N.

    Attributes:
        t: Sensor time in nanoseconds, int64 [N].
        channel: Trigger input, uint16 [N].
        edge: uint8 [N]: 1 rising, 0 falling (Prophesee's naming).
    """

    t: Int64
    channel: UInt16
    edge: UInt8

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.t)

    def __getitem__(self, index: slice) -> Triggers:
        """Return the selected edges, a view."""
        return Triggers(self.t[index], self.channel[index], self.edge[index])

    @classmethod
    def empty(cls) -> Triggers:
        """Return no edges."""
        return cls(np.empty(0, np.int64), np.empty(0, np.uint16), np.empty(0, np.uint8))

    @classmethod
    def concatenate(cls, parts: Sequence[Triggers]) -> Triggers:
        """Join runs in the order given."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([e.t for e in parts]), np.concatenate([e.channel for e in parts]),
            np.concatenate([e.edge for e in parts]))


@dataclass(frozen=True)
class Window:
    """The events of one time interval [t_start, t_end) of one sensor.

    Attributes:
        events: What fell into the interval.
        t_start: Begin, sensor time in nanoseconds.
        t_end: End (exclusive), sensor time in nanoseconds.
        width: Sensor columns.
        height: Sensor rows.
    """

    events: Events
    t_start: int
    t_end: int
    width: int
    height: int

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.events)

    def __bool__(self) -> bool:
        """Return True: a window without events is a window."""
        return True
