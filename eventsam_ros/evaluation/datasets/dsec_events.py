# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events of DSEC: four columns in HDF5 with an index by the millisecond."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Events

from .hdf5 import column, open_hdf5
from .stored_events import StoredEvents, first_at_or_after

WIDTH, HEIGHT = 640, 480
_SEARCH_LIMIT = 1_000_000
"""Events within a millisecond that are looked at in one piece."""


class DsecEvents(StoredEvents):
    """An open events.h5: t in µs, t_offset to add to it, ms_to_idx[k] = first t >= 1000 k."""

    def __init__(self, path: Path) -> None:
        """Open the file and look at its columns.

        Raises:
            DatasetError: Missing, damaged, or other columns than those of DSEC.
        """
        self.width, self.height = WIDTH, HEIGHT
        self._path = path
        self._file = open_hdf5(path)
        try:
            self._columns = [column(self._file, f'events/{n}', 'iu') for n in 'xyp']
            self._t = column(self._file, 'events/t', 'iu')
            self._ms = column(self._file, 'ms_to_idx', 'iu')
            offset = column(self._file, 't_offset', 'iu', ())
            lengths = {len(c) for c in (*self._columns, self._t)}
            if len(lengths) > 1:
                raise DatasetError(
                    f'columns events/x, y, p and t of {path} must be equally long, but are '
                    f'{" and ".join(map(str, sorted(lengths)))}')
            self._offset_us = int(offset[()])
        except DatasetError:
            self._file.close()
            raise

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._t)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def span_ns(self) -> tuple[int, int]:
        """Time of the first event and just after the last, ns; equal where there are none."""
        if len(self) == 0:
            return self._offset_us * 1000, self._offset_us * 1000
        try:
            first, last = int(self._t[0]), int(self._t[-1])
        except OSError as error:
            raise self._damaged() from error
        return (first + self._offset_us) * 1000, (last + 1 + self._offset_us) * 1000

    def index(self, t_ns: int) -> int:
        """Return how many events lie before a time: between two entries of ms_to_idx by search.

        Raises:
            DatasetError: The file is damaged, or ms_to_idx is not of these events.
        """
        t_us = -(-t_ns // 1000) - self._offset_us
        if t_us <= 0:
            return 0
        k, entries = t_us // 1000, len(self._ms)
        try:
            low = int(self._ms[min(k, entries - 1)]) if entries else 0
            high = int(self._ms[k + 1]) if k + 1 < entries else len(self)
            if not 0 <= low <= high <= len(self):
                raise DatasetError(
                    f'ms_to_idx of {self._path} must rise from 0 to {len(self)}, but has '
                    f'{low} and {high} in a row')
            if high - low <= _SEARCH_LIMIT:
                return low + int(np.searchsorted(self._t[low:high], t_us))
            return first_at_or_after(lambda i: int(self._t[i]), t_us, low, high)
        except OSError as error:
            raise self._damaged() from error

    def read(self, first: int, last: int) -> Events:
        """Return events first to last - 1.

        Raises:
            DatasetError: The file is damaged, or an event lies outside of the sensor.
        """
        try:
            x, y, p = (c[first:last] for c in self._columns)
            t = self._t[first:last].astype(np.int64)
        except OSError as error:
            raise self._damaged() from error
        if len(t) and not (x.min() >= 0 and x.max() < WIDTH and y.min() >= 0
                           and y.max() < HEIGHT):
            raise DatasetError(
                f'events {first} to {last - 1} of {self._path} must lie within {WIDTH} x '
                f'{HEIGHT} pixels, but reach to column {x.max()} and row {y.max()}')
        t += self._offset_us
        t *= 1000
        return Events(x.astype(np.uint16, copy=False), y.astype(np.uint16, copy=False),
                      (p > 0).view(np.uint8), t)

    def _damaged(self) -> DatasetError:
        return DatasetError(f'{self._path} is damaged: a part of its events cannot be unpacked')
