# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of a run: a video in real time and a sheet of moments spread over it."""

from __future__ import annotations

from pathlib import Path

import cv2

from eventsam_ros.errors import EventsamError
from eventsam_ros.events.types import UInt8

_SHEET = 12
_KEPT = 2 * _SHEET


class Film:
    """Writes stamped pictures into a video of constant frame rate.

    A picture stays until the next one's stamp, so the video runs as time did. The first picture
    sets the size; others are brought to it.

    Attributes:
        pictures: How many pictures were added.
        frames: How many frames the video has.
    """

    def __init__(self, path: Path, fps: int = 20) -> None:
        """Name the video; it is created with the first picture.

        Args:
            path: The mp4 file.
            fps: Frames per second.
        """
        self._path = path
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._start_ns = 0
        self._last: UInt8 | None = None
        self._stride = 1
        self._moments: list[tuple[float, UInt8]] = []
        self.pictures = 0
        self.frames = 0

    def add(self, time_ns: int, picture: UInt8) -> None:
        """Add a picture.

        Args:
            time_ns: Its stamp; one that goes back shows the picture at once.
            picture: uint8 [H, W, 3], blue green red.

        Raises:
            EventsamError: The video cannot be written.
        """
        if self._writer is None:
            self._open(picture, time_ns)
        assert self._writer is not None
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        if self._last is not None:
            due = round((time_ns - self._start_ns) / 1e9 * self._fps)
            self._write(self._last, min(due - self.frames, 60 * self._fps))
        self._last = picture
        if self.pictures % self._stride == 0:
            self._moments.append(((time_ns - self._start_ns) / 1e9, picture.copy()))
            if len(self._moments) > _KEPT:
                self._moments = self._moments[::2]
                self._stride *= 2
        self.pictures += 1

    def close(self) -> None:
        """Write the last picture and finish the file."""
        if self._writer is None or self._last is None:
            return
        self._write(self._last, 1)
        self._writer.release()
        self._writer = None

    def moments(self) -> list[tuple[float, UInt8]]:
        """Return at most 12 pictures spread over the run, with their time in seconds."""
        count = len(self._moments)
        chosen = sorted({round(k * (count - 1) / (_SHEET - 1)) for k in range(_SHEET)})
        return [self._moments[k] for k in chosen] if count > 1 else list(self._moments)

    def _open(self, picture: UInt8, time_ns: int) -> None:
        self._size = (picture.shape[1], picture.shape[0])
        self._start_ns = time_ns
        writer = cv2.VideoWriter(
            str(self._path), cv2.VideoWriter.fourcc(*'mp4v'), self._fps, self._size)
        if not writer.isOpened():
            raise EventsamError(f'{self._path} cannot be written')
        self._writer = writer

    def _write(self, picture: UInt8, times: int) -> None:
        assert self._writer is not None
        for _ in range(times):
            self._writer.write(picture)
            self.frames += 1
