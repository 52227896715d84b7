# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which commands there are, and how each of them ends."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
import os
import signal
import sys
import traceback

from eventsam_ros.errors import EventsamError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as a shell would give it."""


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        module: Module in this folder with `add_arguments(parser)` and `run(arguments) -> int`.
        summary: What it does.
        ros: Whether ROS arguments (`--ros-args ...`) are its own to read.
    """

    module: str
    summary: str
    ros: bool = False


COMMANDS = {
    'segment_node': Command(
        'segment_node', 'the node: events and pictures in, masks out', ros=True),
    'replay_node': Command('replay_node', 'plays a recording onto the ROS graph', ros=True),
    'demo': Command('demo', 'masks over events that crossed a live ROS graph'),
    'evaluate': Command('evaluate', 'scores a bundle on a recording or dataset, with a report'),
    'simulate': Command('simulate', 'writes a simulated recording with ground truth'),
    'benchmark': Command('benchmark', 'measures this machine, with a file to send or keep'),
    'bundle': Command('bundle', 'lists, verifies and inspects bundles'),
}


def parted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a command's own arguments, and the sections from --ros-args to -- or the end."""
    own: list[str] = []
    of_ros: list[str] = []
    inside = False
    for word in arguments:
        inside = inside or word == '--ros-args'
        (of_ros if inside else own).append(word)
        inside = inside and word != '--'
    return own, of_ros


def run_command(name: str, arguments: Sequence[str]) -> int:
    """Run a command to its end.

    Args:
        name: One of COMMANDS.
        arguments: What follows it on the command line.

    Returns:
        Exit code; errors are one sentence on stderr, a traceback comes only with --debug.
    """
    command = COMMANDS[name]
    if command.ros:
        # Until the node listens itself, a signal has nothing to clean up. KeyboardInterrupt may be
        # swallowed, or made something else of, by a library that is being imported.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: os._exit(0))
    module = import_module(f'.{command.module}', __package__)
    parser = argparse.ArgumentParser(
        prog=name, description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--debug', action='store_true', help='show a traceback with an error')
    module.add_arguments(parser)
    # `ros2 run` and launch files may append ROS arguments to any executable.
    own, of_ros = parted(arguments)
    given = parser.parse_args(own)
    given.ros_arguments = [name, *of_ros]
    try:
        return int(module.run(given))
    except KeyboardInterrupt:
        return 0 if command.ros else INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (EventsamError, ValueError, OSError) as error:
        if given.debug:
            traceback.print_exc()
        else:
            print(f'{name}: {error}', file=sys.stderr)
        return 1
