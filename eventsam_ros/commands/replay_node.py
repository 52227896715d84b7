# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Play a recording onto the ROS graph, from any storage that rosbags reads.

Parameters: recording, rate, times, start_offset_s, clock_hz, stamps, wait_s, summary; for instance
  replay_node RECORDING --ros-args -p rate:=0.5 -p times:=0
"""

from __future__ import annotations

import argparse

from eventsam_ros.errors import EventsamError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the path of the recording."""
    parser.add_argument('recording', nargs='?', help='the same as -p recording:=PATH')


def run(arguments: argparse.Namespace) -> int:
    """Play the recording to its end."""
    try:
        from eventsam_ros.nodes.replay_node import main
    except ImportError as error:
        raise EventsamError(f'ROS 2 is needed here: {error}; source it, or run `make demo` once '
                            'and use .venv/bin/python') from error
    ros_arguments = list(arguments.ros_arguments)
    if arguments.recording:
        ros_arguments += ['--ros-args', '-p', f'recording:={arguments.recording}']
    return main(ros_arguments)
