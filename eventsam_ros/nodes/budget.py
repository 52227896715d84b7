# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How latency stays within its budget when more comes in than the machine can process.

The budget runs from the arrival of the packet that completes a window to its published mask. What
a window takes from there on is measured; part of what is left of the budget is the time that
packets may wait for the decoder, and those that waited longer are shed. So packets are shed a few
at a time, all over each window, and masks keep coming at their pace.
"""

from __future__ import annotations

from collections.abc import Mapping
import math
import threading
import time
from typing import Any

from .statistics import Series
from .stream import EventStream

POLICIES = ('newest', 'every_nth', 'thin')
LEAST_SHARE = 0.1
"""Share of the budget that packets may wait in any case, or none would ever be decoded."""
FIRST_SHARE = 0.5
"""Share that a window is taken to need before one has been measured, and that packets may wait
where windows alone take longer than the budget: shedding cannot keep it then."""
SLACK_SHARE = 0.3
"""Share of what windows leave of the budget that packets may wait. The rest is for windows slower
than any of the newest: under overload packets wait as long as they may, all the time."""
SPARE = 1.1
"""How much slower than the mean a window may be before the next one that is taken is late."""
_LOOK_S = 0.25
_MEASURED = 100
_PAUSE_MS = 1000.0


class Budget:
    """Says what is decoded and what is segmented; safe to use from several threads.

    Attributes:
        taken_ms: From the arrival of the packet that completes a window to its mask.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Begin with nothing measured.

        Args:
            settings: Parameters by name, as they are at the time.
        """
        self._settings = settings
        self._lock = threading.Lock()
        self._thinned: int | None = None
        self._wait_ms, self._looked_s = 0.0, -math.inf
        self._since, self._step = 0, 1
        self._formed_s: float | None = None
        self.taken_ms = Series()
        self._inside_ms = Series(_MEASURED)  # from the formed window to its mask
        self._busy_ms = Series(_MEASURED)
        self._between_ms = Series(_MEASURED)

    def measures(self) -> dict[str, str]:
        """Return what is known of the latency, for /diagnostics."""
        return {'overload.wait_ms': f'{self.wait_ms():.3f}', 'overload.step': str(self._step),
                'response_ms.mean': f'{self.taken_ms.mean():.3f}',
                **{f'response_ms.{p}': f'{v:.3f}'
                   for p, v in self.taken_ms.percentiles().items()}}

    def instruct(self, stream: EventStream) -> None:
        """Have the stream thin windows as the policy says."""
        settings = self._settings
        wanted = (settings['overload.thin_events']
                  if settings['overload.policy'] == 'thin' else None)
        if wanted != self._thinned:
            stream.thin_to(wanted)
            self._thinned = wanted

    def inside_ms(self) -> float:
        """Return what the slowest of the newest 100 windows took to its mask; 0 before any."""
        return self._inside_ms.greatest()

    def wait_ms(self) -> float:
        """Return how long a packet may have waited and still be decoded."""
        now_s = time.monotonic()
        if now_s - self._looked_s > _LOOK_S:
            budget_ms: float = self._settings['overload.budget_ms']
            inside_ms = self._inside_ms.greatest() or FIRST_SHARE * budget_ms
            left_ms = budget_ms - inside_ms
            self._wait_ms = (max(SLACK_SHARE * left_ms, LEAST_SHARE * budget_ms) if left_ms > 0
                             else FIRST_SHARE * budget_ms)
            self._looked_s = now_s
        return self._wait_ms

    def admits(self) -> bool:
        """Say whether the window that was just formed is to be segmented."""
        now_s = time.monotonic()
        with self._lock:
            if self._formed_s is not None:
                self._between_ms.add(min((now_s - self._formed_s) * 1e3, _PAUSE_MS))
            self._formed_s = now_s
            if self._settings['overload.policy'] != 'every_nth':
                self._since, self._step = 0, 1
                return True
            self._since += 1
            self._step = self._settings['overload.every_nth'] or self._fitting()
            if self._since < self._step:
                return False
            self._since = 0
            return True

    def measured(self, arrived_ns: int, formed_ns: int, begun_ns: int) -> None:
        """Take note of a window whose mask has just been published.

        Args:
            arrived_ns: When the message that completed it arrived, steady clock.
            formed_ns: When it was formed.
            begun_ns: When its segmentation began.
        """
        now_ns = time.monotonic_ns()
        self.taken_ms.add((now_ns - arrived_ns) / 1e6)
        self._inside_ms.add((now_ns - formed_ns) / 1e6)
        self._busy_ms.add((now_ns - begun_ns) / 1e6)

    def _fitting(self) -> int:
        """Return the least step at which windows come no faster than they are segmented.

        It rises at once and falls only when a smaller step would leave room to spare.
        """
        between_ms = self._between_ms.mean()
        if between_ms <= 0:
            return self._step
        wanted = self._busy_ms.mean() / between_ms
        if SPARE * wanted > self._step:
            return math.ceil(SPARE * wanted)
        return max(math.ceil(SPARE * SPARE * wanted), 1) if (
            SPARE * SPARE * wanted < self._step - 1) else self._step
