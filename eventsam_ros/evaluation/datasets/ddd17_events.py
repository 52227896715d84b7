# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events of DDD17 as ESS exports them: two memory maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Events

from .stored_events import StoredEvents

WIDTH, ROWS, SENSOR_ROWS = 346, 200, 260
TIMES, PIXELS = 'events.dat.t', 'events.dat.xyp'


class Ddd17Events(StoredEvents):
    """Open memory maps: times in ns, int64 [N]; x, y, p, int16 [N, 3]."""

    def __init__(self, folder: Path) -> None:
        """Map the files.

        Raises:
            DatasetError: Missing, cut off, or of different lengths.
        """
        self.width, self.height = WIDTH, ROWS
        self._path = folder / PIXELS
        self._t = _mapped(folder / TIMES, '<i8', 8)
        self._xyp = _mapped(folder / PIXELS, '<i2', 6).reshape(-1, 3)
        if len(self._t) != len(self._xyp):
            raise DatasetError(
                f'{self._path} must have as many events as {TIMES}, but has {len(self._xyp)} '
                f'for {len(self._t)}')

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._t)

    def close(self) -> None:
        """Let go of the maps."""
        self._t, self._xyp = self._t[:0].copy(), self._xyp[:0].copy()

    def index(self, t_ns: int) -> int:
        """Return how many events lie before a time."""
        return int(np.searchsorted(self._t, t_ns))

    def read(self, first: int, last: int) -> Events:
        """Return those of events first to last - 1 that lie in the upper 200 rows.

        Raises:
            DatasetError: An event outside of the sensor, or of no polarity.
        """
        x, y, p = (np.ascontiguousarray(self._xyp[first:last, k]) for k in range(3))
        if len(x) and not (x.min() >= 0 and x.max() < WIDTH and y.min() >= 0
                           and y.max() < SENSOR_ROWS and p.min() >= -1 and p.max() <= 1):
            raise DatasetError(
                f'events {first} to {last - 1} of {self._path} must be x, y within {WIDTH} x '
                f'{SENSOR_ROWS} and p, but are not')
        kept = y < ROWS
        return Events(x[kept].astype(np.uint16), y[kept].astype(np.uint16),
                      (p[kept] > 0).view(np.uint8), self._t[first:last][kept].astype(np.int64))


def _mapped(path: Path, dtype: str, size: int) -> NDArray[Any]:
    if not path.is_file():
        raise DatasetError(f'file {path} is missing')
    length = path.stat().st_size
    if length % size:
        raise DatasetError(
            f'{path} must be a multiple of {size} bytes, but has {length}: it is cut off')
    if length == 0:
        return np.empty(0, dtype)
    return np.memmap(path, dtype, mode='r')
