# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Camera pictures that wait for the masks of their moment."""

from __future__ import annotations

from collections import deque
import threading
from typing import NamedTuple

from eventsam_ros.events.types import UInt8

KEPT = 16
"""Pictures kept: half a second of a 30 Hz camera, longer than a window's latency."""
TOLERANCE_NS = 50_000_000
"""Most time between a window's end and the picture that it is drawn over."""


class Seen(NamedTuple):
    """A camera picture.

    Attributes:
        stamp_ns: The time that it shows.
        frame_id: Frame of the camera.
        picture: bgr uint8 [H, W, 3].
    """

    stamp_ns: int
    frame_id: str
    picture: UInt8


class Backgrounds:
    """The newest camera pictures by their stamps; written by one thread and read by another."""

    def __init__(self) -> None:
        """Begin without a picture."""
        self._pictures: deque[Seen] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, stamp_ns: int, picture: UInt8, frame_id: str = '') -> None:
        """Take a picture, bgr uint8 [H, W, 3]; the oldest one goes."""
        with self._lock:
            self._pictures.append(Seen(stamp_ns, frame_id, picture))

    def clear(self) -> None:
        """Forget all pictures, as after a jump in time."""
        with self._lock:
            self._pictures.clear()

    def at(self, stamp_ns: int) -> UInt8 | None:
        """Return the picture nearest to a moment, or None where none is near enough."""
        with self._lock:
            pictures = list(self._pictures)
        nearest = min(pictures, key=lambda each: abs(each.stamp_ns - stamp_ns), default=None)
        if nearest is None or abs(nearest.stamp_ns - stamp_ns) > TOLERANCE_NS:
            return None
        return nearest.picture

    def until(self, stamp_ns: int, tolerance_ns: int) -> Seen | None:
        """Return the newest picture not later than a moment.

        Args:
            stamp_ns: The moment.
            tolerance_ns: How much older the picture may be.
        """
        with self._lock:
            pictures = [each for each in self._pictures
                        if 0 <= stamp_ns - each.stamp_ns <= tolerance_ns]
        return max(pictures, key=lambda each: each.stamp_ns, default=None)
