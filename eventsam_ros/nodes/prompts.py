# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The prompts that users sent and that still hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import threading

from eventsam_ros.inference.prompts import Box, Point, Prompt

CLICKS_FROM = 1001
"""Ids of clicked objects count from here; boxes bring their own ids or count from 1."""


@dataclass(frozen=True)
class _Held:
    prompt: Prompt
    since_ns: int


class PromptBoard:
    """Clicks and boxes, each held for a while; safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._clicks: list[_Held] = []
        self._boxes: list[_Held] = []
        self._next_id = CLICKS_FROM

    def clear(self) -> None:
        """Forget all prompts."""
        with self._lock:
            self._clicks, self._boxes = [], []

    def click(self, x: float, y: float, is_object: bool, now_ns: int) -> bool:
        """Take a click.

        Args:
            x: Column in sensor pixels.
            y: Row in sensor pixels.
            is_object: True begins a new object; False marks what the last one is not.
            now_ns: Time of the node's clock.

        Returns:
            False where there is no object that the click could belong to.
        """
        with self._lock:
            if is_object:
                self._clicks.append(_Held(Prompt((Point(x, y),), id=self._next_id), now_ns))
                self._next_id = CLICKS_FROM + (self._next_id + 1 - CLICKS_FROM) % 10_000
                return True
            if not self._clicks:
                return False
            last = self._clicks[-1].prompt
            self._clicks[-1] = _Held(
                replace(last, points=(*last.points, Point(x, y, 0))), now_ns)
            return True

    def boxes(self, boxes: Sequence[tuple[Box, int | None]], now_ns: int) -> None:
        """Replace all boxes.

        Args:
            boxes: Each with its id, or None for any.
            now_ns: Time of the node's clock.
        """
        with self._lock:
            self._boxes = [_Held(Prompt(box=box, id=id_), now_ns) for box, id_ in boxes]

    def current(self, now_ns: int, hold_s: float) -> list[Prompt]:
        """Return the prompts that hold, and forget the others.

        Args:
            now_ns: Time of the node's clock; prompts from its future (it jumped back) go.
            hold_s: Seconds that a prompt holds; 0 is for ever.
        """
        def holds(held: _Held) -> bool:
            return hold_s == 0 or 0 <= now_ns - held.since_ns <= hold_s * 1e9

        with self._lock:
            self._clicks = [held for held in self._clicks if holds(held)]
            self._boxes = [held for held in self._boxes if holds(held)]
            return [held.prompt for held in (*self._boxes, *self._clicks)]
