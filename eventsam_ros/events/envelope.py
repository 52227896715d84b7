# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The line under a cloud of delays: offset and drift between two clocks, seen through jitter.

Messages are late by what the system takes at least, which is constant, and by something that is
never negative. So of all lines that no sample lies under, the one that is closest to the samples
in the sum is that of the promptest: it is the edge of their lower convex hull over the middle of
their time. Source: Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999; Zhang, Liu, Xia, "Clock synchronization algorithms for network
measurements", INFOCOM 2002 (the hull).
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

_PARTS = 64
"""Parts of the span of which only the promptest sample is kept: the fit takes no longer."""

_SLOPE_LIMITS = (200e-6, 700e-6)
"""Drift at most: of two quartz clocks, 100 ppm each, as long as there are few samples; and on a
host that is slewed by NTP, 500 ppm more, when there are many."""

_SLOPE_CHANGE = 50e-6
"""How far the drift of before is left while there are few samples after a restart."""

_PLAYED = 0.1
"""Drift that no two clocks have: a recording that is played faster or slower."""

_PACES = (-0.99, 99.0)
"""Slopes of recordings that are played a hundred times faster and slower."""


class Envelope:
    """Lower line through (time, difference) samples of the last seconds; all in ns."""

    def __init__(self, span_ns: int) -> None:
        """Start without samples.

        Args:
            span_ns: Time over which samples count, at least 1.
        """
        self._span = span_ns
        self._part = max(span_ns // _PARTS, 1)
        self._samples: deque[tuple[int, int]] = deque()
        self._line: tuple[int, int, float] | None = None
        self._drift: float | None = None

    @property
    def long(self) -> bool:
        """Whether the samples span enough for a drift of their own."""
        return self._spans(self._span // 5)

    @property
    def slope(self) -> float:
        """Growth of the difference in ns per ns; 0 without samples."""
        return self._fitted()[2] if self._samples else 0.0

    def at(self, time: int) -> int:
        """Return the least difference at a time, extrapolated beyond the samples.

        Raises:
            IndexError: No samples.
        """
        start, difference, slope = self._fitted()
        return difference + round(slope * (time - start))

    def before(self, host: int) -> int:
        """Return the time whose time and least difference make up a host time.

        Raises:
            IndexError: No samples.
        """
        start, difference, slope = self._fitted()
        return start + round((host - start - difference) / (1 + slope))

    def add(self, time: int, difference: int) -> None:
        """Take a sample; times may step back a little."""
        samples = self._samples
        if samples and time // self._part <= samples[-1][0] // self._part:
            trend = self._line[2] if self._line else 0.0
            if difference - samples[-1][1] >= trend * (time - samples[-1][0]):
                return
            # What comes late in time counts as of now: samples stay in order.
            time = max(time, samples.pop()[0])
        samples.append((time, difference))
        while samples[0][0] < time - self._span:
            samples.popleft()
        self._line = None

    def restart(self) -> None:
        """Forget the samples and keep the drift, which a step of a clock does not change."""
        if self.long:
            self._drift = _within(_SLOPE_LIMITS[0], self.slope)
        self._samples.clear()
        self._line = None

    def _spans(self, time: int) -> bool:
        """Say whether the samples span more than a time on either clock."""
        if not self._samples:
            return False
        (start, low), (end, high) = self._samples[0], self._samples[-1]
        return max(end - start, end + high - start - low) > time

    def _fitted(self) -> tuple[int, int, float]:
        if self._line is None:
            hull = _lower_hull(self._samples)
            slope = _slope_over_the_middle(hull)
            if slope is None:
                slope = self._drift or 0.0
            elif abs(slope) > _PLAYED and self._spans(self._span // 20):
                slope = min(max(slope, _PACES[0]), _PACES[1])
            elif self._drift is not None and not self._spans(self._span // 2):
                slope = self._drift + _within(_SLOPE_CHANGE, slope - self._drift)
            else:
                slope = _within(_SLOPE_LIMITS[self.long], slope)
            start = hull[0][0]
            # The line touches the hull where it is lowest above a line of that slope.
            time, difference = min(hull, key=lambda s: s[1] - slope * (s[0] - start))
            self._line = time, difference, slope
        return self._line


def _within(limit: float, slope: float) -> float:
    return min(max(slope, -limit), limit)


def _lower_hull(samples: deque[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the lower convex hull of samples in the order of time."""
    hull: list[tuple[int, int]] = []
    for time, difference in samples:
        while len(hull) > 1 and (
            (hull[-1][0] - hull[-2][0]) * (difference - hull[-2][1])
            <= (hull[-1][1] - hull[-2][1]) * (time - hull[-2][0])
        ):
            hull.pop()
        hull.append((time, difference))
    return hull


def _slope_over_the_middle(hull: list[tuple[int, int]]) -> float | None:
    if len(hull) < 2:
        return None
    # In whole numbers: a float of today's time is 256 ns coarse.
    middle_twice = hull[0][0] + hull[-1][0]
    (left, low), (right, high) = next(
        edge for edge in pairwise(hull) if 2 * edge[1][0] >= middle_twice)
    return (high - low) / (right - left)
