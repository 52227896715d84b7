# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""When something recorded is due while it is played."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeline:
    """Recorded host time to playing time, both in ns.

    Attributes:
        recorded_ns: Where playing begins in the recording.
        begun_ns: When it began on the host's clock.
        rate: Recorded seconds that pass in a second.
    """

    recorded_ns: int
    begun_ns: int
    rate: float

    def playing_ns(self, recorded_ns: int) -> int:
        """Return when something recorded is due on the host's clock."""
        return self.begun_ns + round((recorded_ns - self.recorded_ns) / self.rate)
