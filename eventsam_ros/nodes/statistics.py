# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Counts, rates and percentiles of a running node."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
import threading

import numpy as np

_KEPT = 1000


class Series:
    """The newest values of something measured; safe to use from several threads."""

    def __init__(self, kept: int = _KEPT) -> None:
        """Begin with none.

        Args:
            kept: How many values, the newest.
        """
        self._values: deque[float] = deque(maxlen=kept)
        self._lock = threading.Lock()

    def add(self, value: float) -> None:
        """Add a value."""
        with self._lock:
            self._values.append(value)

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()

    def greatest(self) -> float:
        """Return the greatest value, 0 where there is none."""
        with self._lock:
            return max(self._values, default=0.0)

    def mean(self) -> float:
        """Return the mean, 0 where there is no value."""
        with self._lock:
            return sum(self._values) / max(len(self._values), 1)

    def percentiles(self) -> dict[str, float]:
        """Return p50, p95 and p99 of the newest 1000 values, or nothing where there is none."""
        with self._lock:
            values = np.array(self._values)
        if len(values) == 0:
            return {}
        shares = np.percentile(values, (50, 95, 99))
        return {f'p{p}': float(v) for p, v in zip((50, 95, 99), shares, strict=True)}


class Rates:
    """How fast counters grow between two looks."""

    def __init__(self) -> None:
        """Begin at the first look."""
        self._before: Counter[str] = Counter()
        self._time_s: float | None = None

    def look(self, counters: Mapping[str, int], now_s: float) -> dict[str, float]:
        """Return the growth per second of each counter since the last look.

        Args:
            counters: Values now.
            now_s: Steady time in seconds.
        """
        passed = 0.0 if self._time_s is None else now_s - self._time_s
        before, self._before, self._time_s = self._before, Counter(counters), now_s
        if passed <= 0:
            return dict.fromkeys(counters, 0.0)
        return {name: (value - before[name]) / passed for name, value in counters.items()}
