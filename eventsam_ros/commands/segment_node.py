# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Run the lifecycle node that turns events and pictures into masks, as its bundle says.

Topics, parameters and services: docs/interface.md. ROS arguments follow --ros-args, for instance
  segment_node --ros-args -r events:=/event_camera/events -p autostart:=true
"""

from __future__ import annotations

import argparse

from eventsam_ros.errors import EventsamError
from eventsam_ros.nodes.memory import keep


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the namespaces; everything else is a ROS parameter."""
    parser.add_argument(
        '--namespaces', nargs='+', default=(), metavar='NAME', help='one node in each of these '
        'namespaces, all in this process; without it, one node where --ros-args says')


def run(arguments: argparse.Namespace) -> int:
    """Run the nodes until they are told to stop."""
    # Libraries start threads as they are imported, with heaps of their own.
    keep()
    try:
        from eventsam_ros.nodes.segment_node import main
    except ImportError as error:
        raise EventsamError(f'ROS 2 is needed here: {error}; source it, or run `make demo` once '
                            'and use .venv/bin/python') from error
    return main(arguments.ros_arguments, arguments.namespaces)
