# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Run the lifecycle node that turns colour and thermal pictures into class maps.

Topics and parameters: docs/sartm.md. ROS arguments follow --ros-args, for instance
  rgbt_node --ros-args -r image:=/camera/image_raw -r thermal:=/thermal/image_raw
            -p bundle:=PATH -p autostart:=true
"""

from __future__ import annotations

import argparse

from eventsam_ros.errors import EventsamError


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing; everything is a ROS parameter."""


def run(arguments: argparse.Namespace) -> int:
    """Run the node until it is told to stop."""
    try:
        from eventsam_ros.nodes.rgbt_node import main
    except ImportError as error:
        raise EventsamError(f'ROS 2 is needed here: {error}; source it, or run `make demo` once '
                            'and use .venv/bin/python') from error
    return main(arguments.ros_arguments)
