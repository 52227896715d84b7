# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How the processes of this package run a node, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


def run(make: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Spin a node until it is told to stop.

    Args:
        make: Makes the node.
        args: Command line with ROS arguments; None takes the process's own.

    Returns:
        Exit code: 0 after Ctrl-C, SIGTERM or a shutdown of the context.
    """
    rclpy.init(args=args)
    node: Node | None = None
    try:
        node = make()
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        # A signal ends the context under whatever rclpy is doing, which then fails in its own way.
        if rclpy.ok():
            raise
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
