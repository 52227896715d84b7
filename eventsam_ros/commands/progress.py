# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm


class Progress:
    """Shows a share from 0 to 1; a context manager."""

    def __init__(self, title: str) -> None:
        """Begin at 0.

        Args:
            title: What is under way.
        """
        self._title = title
        self._told = 0
        terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=100, desc=title, leave=False, bar_format='{desc} {bar:30} {percentage:3.0f} %',
            disable=not terminal)
        self._plain = not terminal

    def __enter__(self) -> Progress:
        """Return itself."""
        if self._plain:
            print(f'{self._title} ...', file=sys.stderr, flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self._bar.close()

    def show(self, share: float) -> None:
        """Show how far it is.

        Args:
            share: Done so far, 0 to 1.
        """
        percent = int(min(max(share, 0.0), 1.0) * 100)
        self._bar.update(percent - self._bar.n)
        if self._plain and percent >= self._told + 25:
            self._told = percent - percent % 25
            print(f'{self._title} {self._told} %', file=sys.stderr, flush=True)
