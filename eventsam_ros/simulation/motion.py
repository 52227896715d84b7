# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scripted motion: a value that goes from key to key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Motion(Protocol):
    """A value that changes with time; scene.Swing is the random one."""

    def at(self, t: float) -> float:
        """Return the value at t seconds."""


@dataclass(frozen=True)
class Path:
    """Straight lines from key to key; the first and the last value hold beyond the keys.

    Attributes:
        times: Of the keys, seconds, rising; at least one.
        values: At the keys.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse keys that do not fit.

        Raises:
            ValueError: None, not as many values, or times that do not rise.
        """
        if not self.times or len(self.times) != len(self.values):
            raise ValueError(
                f'a path must have as many values as times, at least one, but got '
                f'{len(self.values)} and {len(self.times)}')
        if any(b <= a for a, b in zip(self.times, self.times[1:], strict=False)):
            raise ValueError(f'times of a path must rise, but got {self.times}')

    def at(self, t: float) -> float:
        """Return the value at t seconds."""
        return float(np.interp(t, self.times, self.values))
