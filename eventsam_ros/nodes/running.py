# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How a node's process begins and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import signal

import rclpy
from rclpy.exceptions import ParameterException
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
    before = signal.signal(signal.SIGINT, lambda *_: None)
    rclpy.init(args=args)
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        # A signal ends the context under whatever rclpy is doing, which then fails in its own way.
        if rclpy.ok():
            raise
    finally:
        rclpy.try_shutdown()
        signal.signal(signal.SIGINT, before)


def run(*makes: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Spin nodes, all in one executor, until they are told to stop.

    Args:
        makes: Make the nodes.
        args: Command line with ROS arguments; None takes the process's own.

    Returns:
        Exit code: 0 after Ctrl-C, SIGTERM or a shutdown of the context.

    Raises:
        EventsamError: A parameter that was given cannot be.
    """
    nodes: list[Node] = []
    with ros(args):
        try:
            try:
                nodes += (make() for make in makes)
            except ParameterException as error:
                raise EventsamError(str(error)) from error
            executor = SingleThreadedExecutor()
            try:
                for node in nodes:
                    executor.add_node(node)
                executor.spin()
            finally:
                executor.shutdown()
        finally:
            for node in nodes:
                node.destroy_node()
    return 0
