# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Repeated measurements and how far they lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import time

import numpy as np

MOST_TURNS = 2000


@dataclass(frozen=True)
class Effort:
    """How long something is measured.

    Attributes:
        seconds: Least time, s.
        turns: Least number of turns.
    """

    seconds: float
    turns: int


FULL = Effort(4.0, 20)
QUICK = Effort(0.2, 3)


@dataclass(frozen=True)
class Sample:
    """One turn.

    Attributes:
        wall_ms: Time on the clock, ms.
        cpu_ms: Processor time of all threads of this process, ms.
    """

    wall_ms: float
    cpu_ms: float


def repeat(act: Callable[[], object], effort: Effort) -> list[Sample]:
    """Call once without looking, then until time and turns are reached."""
    act()
    samples: list[Sample] = []
    begun = time.perf_counter()
    while len(samples) < MOST_TURNS and (
            len(samples) < effort.turns or time.perf_counter() - begun < effort.seconds):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        samples.append(Sample((time.perf_counter() - wall) * 1e3,
                              (time.process_time() - cpu) * 1e3))
    return samples


def spread(samples: Sequence[Sample]) -> dict[str, float]:
    """Return turns, least, percentiles, most and mean of wall time, median of processor time.

    All but the number of turns are milliseconds.

    Raises:
        ValueError: No sample.
    """
    if not samples:
        raise ValueError('a spread needs at least one sample')
    walls = np.asarray([s.wall_ms for s in samples], np.float64)
    p50, p95, p99 = np.percentile(walls, (50, 95, 99))
    figures = {'min': walls.min(), 'p50': p50, 'p95': p95, 'p99': p99, 'max': walls.max(),
               'mean': walls.mean(), 'cpu_p50': np.median([s.cpu_ms for s in samples])}
    return {'turns': len(samples), **{k: round(float(v), 4) for k, v in figures.items()}}
