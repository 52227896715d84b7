# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events and frames of MVSEC.

Columns of an event row are x, y, t, p; the source is not sure, so a file whose third column does
not rise is refused. Polarity is +1 and -1 or 1 and 0: what is above 0 is ON. Times are whole
microseconds in float64, which holds them since the epoch to a quarter of one, and are rounded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Events, Int64

from .hdf5 import column, open_hdf5
from .stored_events import StoredEvents, search_near

WIDTH, HEIGHT = 346, 260


class MvsecEvents(StoredEvents):
    """An open <sequence>_data.hdf5; one of its two cameras.

    Attributes:
        frames: Grey frames, an HDF5 dataset of uint8 [M, 260, 346]; None where there are none.
    """

    def __init__(self, path: Path, camera: str) -> None:
        """Open the file and look at its datasets.

        Args:
            path: The file.
            camera: 'left' or 'right'.

        Raises:
            DatasetError: Missing, damaged, or of another form.
        """
        self.width, self.height = WIDTH, HEIGHT
        self._path, self._group = path, f'davis/{camera}'
        self._file = open_hdf5(path)
        self._near = 0
        try:
            self._rows = column(self._file, f'{self._group}/events', 'f', (None, 4))
            self.frames = None
            if f'{self._group}/image_raw' in self._file:
                self.frames = column(
                    self._file, f'{self._group}/image_raw', 'u', (None, HEIGHT, WIDTH))
            # Columns in another order would make windows empty without a word.
            self.read(0, min(len(self), 1000))
        except DatasetError:
            self._file.close()
            raise

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def index(self, t_ns: int) -> int:
        """Return how many events lie before a time; near the time asked for before, it is fast.

        Raises:
            DatasetError: The file is damaged.
        """
        low = search_near(self._time, t_ns, len(self), self._near)
        self._near = low
        return low

    def read(self, first: int, last: int) -> Events:
        """Return events first to last - 1.

        Raises:
            DatasetError: The file is damaged, or an event is impossible.
        """
        try:
            rows = self._rows[first:last]
        except OSError as error:
            raise self._damaged() from error
        x, y, p = rows[:, 0], rows[:, 1], rows[:, 3]
        t = self._ns(rows[:, 2])
        if len(rows) and not (x.min() >= 0 and x.max() < WIDTH and y.min() >= 0
                              and y.max() < HEIGHT and t[0] <= t[-1]):
            raise DatasetError(
                f'events {first} to {last - 1} of {self._path} must be x, y within {WIDTH} x '
                f'{HEIGHT}, t that rises, p, but are not')
        return Events(x.astype(np.uint16), y.astype(np.uint16), (p > 0).view(np.uint8), t)

    def frame_times(self) -> Int64:
        """Return the times of the frames, int64 [M] ns.

        Raises:
            DatasetError: Not as many as the frames.
        """
        if self.frames is None:
            return np.empty(0, np.int64)
        name = f'{self._group}/image_raw_ts'
        times = column(self._file, name, 'f')
        if len(times) != len(self.frames):
            raise DatasetError(
                f'{name} in {self._path} must be as many as the frames, but are {len(times)} '
                f'for {len(self.frames)}')
        try:
            return self._ns(times[()])
        except OSError as error:
            raise self._damaged() from error

    def frame(self, number: int) -> NDArray[np.uint8]:
        """Return a frame, uint8 [260, 346].

        Raises:
            DatasetError: The file is damaged.
        """
        assert self.frames is not None
        try:
            return np.asarray(self.frames[number], np.uint8)
        except OSError as error:
            raise self._damaged() from error

    def span_ns(self) -> tuple[int, int]:
        """Return the time of the first event and just after the last, ns."""
        if len(self) == 0:
            return 0, 0
        return self._time(0), self._time(len(self) - 1) + 1

    def _time(self, k: int) -> int:
        try:
            return int(self._ns(self._rows[k:k + 1, 2])[0])
        except OSError as error:
            raise self._damaged() from error

    def _ns(self, seconds: NDArray[np.float64]) -> Int64:
        if not np.isfinite(seconds).all():
            raise DatasetError(f'times in {self._path} must be finite numbers of seconds')
        return np.rint(seconds * 1e6).astype(np.int64) * 1000

    def _damaged(self) -> DatasetError:
        return DatasetError(f'{self._path} is damaged: a part of it cannot be read')
