# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How a node's process begins and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
import signal
from typing import Any

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from eventsam_ros.errors import EventsamError


@contextmanager
def ros(args: Sequence[str] | None = None) -> Iterator[None]:
    """Open the default context; Ctrl-C and SIGTERM end it, and nothing else.

    rclpy's handler ends the context and wakes who waits for it. Python's would raise in the
    middle of whatever runs as well, also where a library swallows or translates that.

    Args:
        args: Command line with ROS arguments; None takes the process's own.
    """
    came: list[int] = []
    before = {each: signal.signal(each, lambda number, _: came.append(number))
              for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        rclpy.init(args=args)
    except Exception as error:
        _restore(before)
        raise EventsamError(f'the ROS arguments cannot be used: {_cause(error)}') from error
    # Python runs its handlers at the beginning of a function at the latest.
    if _any(came):
        rclpy.try_shutdown()  # it came before rclpy listened
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except EventsamError:
        raise
    except (NameValidationException, ParameterException) as error:
        raise EventsamError(str(error)) from error
    except Exception:
        # A signal ends the context under whatever rclpy is doing, which then fails in its own way.
        if rclpy.ok():
            raise
    finally:
        rclpy.try_shutdown()
        _restore(before)


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    for each, handler in handlers.items():
        signal.signal(each, handler)


def _cause(error: Exception) -> str:
    """Return the first line of an error of rcl, without its places in the source."""
    lines = str(error).splitlines() or [repr(error)]
    return lines[0].partition(', at /')[0]


def _any(came: list[int]) -> bool:
    return bool(came)


def run(*makes: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Spin nodes, all in one executor, until they are told to stop.

    Args:
        makes: Make the nodes.
        args: Command line with ROS arguments; None takes the process's own.

    Returns:
        Exit code: 0 after Ctrl-C, SIGTERM or a shutdown of the context.

    Raises:
        EventsamError: A parameter or a name that was given cannot be.
    """
    nodes: list[Node] = []
    with ros(args):
        if not rclpy.ok():
            return 0
        # Before the nodes: without a context, which a signal may have ended by then, it fails.
        executor = SingleThreadedExecutor()
        try:
            for make in makes:
                nodes.append(make())
                executor.add_node(nodes[-1])
            executor.spin()
        finally:
            executor.shutdown()
            for node in nodes:
                node.destroy_node()
    return 0
