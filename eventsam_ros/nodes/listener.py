# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A thread for the messages of one subscription, past the executor."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context

from .compat import new_wait_set, take_waiting

MOST_AT_ONCE = 100
"""Messages that are handed on before the thread looks whether it is to end."""
LOOK_S = 0.1
"""Time after which a thread that hears nothing looks whether it is to end."""

Take = Callable[[Any, int | None], None]
"""Takes a message, or bytes where the subscription is raw, and when it was received, system time
in ns; None where the middleware does not tell."""


class Apart(CallbackGroup):
    """Of a subscription that no executor looks at."""

    def can_execute(self, entity: Any) -> bool:  # noqa: ARG002
        """Return False: nothing of the group may be executed."""
        return False

    def beginning_execution(self, entity: Any) -> bool:  # noqa: ARG002
        """Return False."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing."""


class Listener:
    """Waits for the messages of one subscription and hands them on in its thread.

    An executor of rclpy spends about a millisecond of the interpreter on each message, for which
    the other threads wait: it looks at all that the node has. This thread waits for one
    subscription alone, as `rclpy.wait_for_message` does, again and again.
    """

    def __init__(
        self, context: Context, subscription: Any, take: Take,
        failed: Callable[[str], None],
    ) -> None:
        """Begin to listen.

        Args:
            context: Of the subscription's node.
            subscription: Made with a callback group Apart and without event callbacks, which no
                executor would call.
            take: Called in the thread with one message after the other.
            failed: Told in one sentence what went wrong; the thread goes on.
        """
        self._context, self._subscription = context, subscription
        self._take, self._failed = take, failed
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='listen', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hand on what is at hand and end the thread; to be called before destroying."""
        self._stopping = True
        self._thread.join()

    def _run(self) -> None:
        waiting = new_wait_set(self._context)
        with self._subscription.handle:
            while not self._stopping and self._context.ok():
                self._next(waiting)

    def _next(self, waiting: Any) -> None:
        """Wait for what comes next, for a while, and hand it on."""
        try:
            waiting.clear_entities()
            waiting.add_subscription(self._subscription.handle)
            waiting.wait(int(LOOK_S * 1e9))
            for message, received_ns in take_waiting(self._subscription, MOST_AT_ONCE):
                self._take(message, received_ns)
        except Exception as error:  # one bad message must not end the stream
            if self._context.ok():  # else rclpy ends, and everything fails in its own way
                self._failed(f'messages could not be taken: {error!r}')
                time.sleep(LOOK_S)
