# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What boards of prompts share: a lock, and the reasons why prompts were refused."""

from __future__ import annotations

from collections import Counter
import threading

from .site import Site

_KEPT = 10


class Board:
    """Holds prompts; safe to use from several threads.

    Attributes:
        counters: prompts_refused.
    """

    DROPS = ('prompts_refused',)

    def __init__(self) -> None:
        """Begin without refusals."""
        self._lock = threading.Lock()
        self._refusals: list[str] = []
        self.counters: Counter[str] = Counter()

    def take_refusals(self) -> list[str]:
        """Return why prompts were refused since the last call, the newest of them."""
        with self._lock:
            refusals, self._refusals = self._refusals, []
        return refusals

    def tell_refusals(self, site: Site) -> None:
        """Log why prompts were refused since the last call."""
        for reason in self.take_refusals():
            site.node.get_logger().warning(f'a prompt is refused: {reason}')

    def _refuse(self, reason: str) -> None:
        self.counters['prompts_refused'] += 1
        self._refusals = [*self._refusals[1 - _KEPT:], reason]
