# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sets that need no folder: each sample is simulated from its number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..sets import SetChoice
from .course import Course
from .sample import EventSample


@dataclass(frozen=True)
class Simulated(ABC):
    """A simulated set.

    Attributes:
        choice: Sensors, seed and number (`views`).
        packets: Packets of each sample.
    """

    choice: SetChoice
    packets: int

    def __len__(self) -> int:
        """Return the number of samples."""
        return self.choice.views

    def description(self) -> dict[str, Any]:
        """Return nothing beyond the recipe."""
        return {}

    def take(self, first: int, last: int) -> Iterator[EventSample]:
        """Simulate samples."""
        for k in range(first, last):
            yield self.look(k)[0]

    @abstractmethod
    def look(self, number: int) -> tuple[EventSample, Course]:
        """Return a sample, and what the sensor was shown on the way to it."""
