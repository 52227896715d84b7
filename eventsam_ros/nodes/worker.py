# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A thread that always works on the newest item, so that latency stays bounded."""

from __future__ import annotations

from collections.abc import Callable
import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')


class NewestWorker(Generic[Item]):
    """One thread and one slot: an item that waits is replaced by a newer one."""

    def __init__(self, work: Callable[[Item], None], failed: Callable[[Exception], None]) -> None:
        """Prepare a worker; `start` begins.

        Args:
            work: Called in the thread for one item after another.
            failed: Called in the thread with what `work` raised; the thread goes on.
        """
        self._work = work
        self._failed = failed
        self._condition = threading.Condition()
        self._item: Item | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._stopping = False
        thread = threading.Thread(target=self._run, name='segment', daemon=True)
        thread.start()
        self._thread = thread

    def submit(self, item: Item) -> bool:
        """Put an item into the slot.

        Returns:
            Whether an item that was not begun yet has been replaced.
        """
        with self._condition:
            replaced = self._item is not None
            self._item = item
            self._condition.notify()
        return replaced

    def stop(self) -> bool:
        """Finish the item at hand and end the thread.

        Returns:
            Whether an item was left in the slot.
        """
        with self._condition:
            left = self._item is not None
            self._item = None
            self._stopping = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return left

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._stopping or self._item is not None)
                if self._stopping:
                    return
                item, self._item = self._item, None
            try:
                self._work(item)  # type: ignore[arg-type]  # the slot is not empty here
            except Exception as error:  # one bad window must not end the stream
                self._failed(error)
