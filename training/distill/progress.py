# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

_LINE_EVERY_S = 30.0


class Progress:
    """Counts up to a total; a context manager."""

    def __init__(
        self, total: int, what: str, unit: str, shown: bool = True, begun: int = 0,
    ) -> None:
        """Begin.

        Args:
            total: Where it ends.
            what: Before the bar.
            unit: Of what is counted, in the plural.
            shown: Whether anything is written at all.
            begun: Where it begins.
        """
        self._total, self._what, self._unit, self._done = total, what, unit, begun
        self._shown = shown and total > begun
        self._since = self._last = time.monotonic()
        self._begun = begun
        self._bar: tqdm[Any] | None = None
        if self._shown and sys.stderr.isatty():
            self._bar = tqdm(total=total, initial=begun, desc=what, unit=f' {unit}')

    def advance(self, count: int = 1, note: str = '') -> None:
        """Count on; a note stands beside the bar."""
        self._done = min(self._done + count, self._total)
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(self._done - self._bar.n)
            return
        now = time.monotonic()
        if self._shown and now - self._last >= _LINE_EVERY_S:
            self._last = now
            speed = (self._done - self._begun) / (now - self._since)
            print(f'{self._what}: {self._done} of {self._total} {self._unit}, '
                  f'{speed:.1f}/s {note}'.rstrip(), file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Write a line without tearing the bar."""
        if self._bar is not None:
            self._bar.write(line)
        elif self._shown:
            print(line, flush=True)

    def __enter__(self) -> Progress:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()
