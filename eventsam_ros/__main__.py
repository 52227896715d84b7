# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m eventsam_ros COMMAND`, and the same commands for `ros2 run`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import sys

from .commands import COMMANDS, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Command line without the program's name; None takes the process's own.

    Returns:
        Exit code: 0, 1 after an error that was told in one sentence, 2 for a wrong command line,
        130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog='python -m eventsam_ros', description='Event-camera segmentation for ROS 2.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='\n'.join(f'  {name:<14}{command.summary}' for name, command in COMMANDS.items()))
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help='one of those below')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, metavar='...',
                        help='its arguments; COMMAND --help lists them')
    given = parser.parse_args(arguments)
    return run_command(given.command, given.arguments)


def segment_node() -> int:
    """Run the command segment_node with the process's arguments."""
    return run_command('segment_node', sys.argv[1:])


def replay_node() -> int:
    """Run the command replay_node with the process's arguments."""
    return run_command('replay_node', sys.argv[1:])


def demo() -> int:
    """Run the command demo with the process's arguments."""
    return run_command('demo', sys.argv[1:])


def evaluate() -> int:
    """Run the command evaluate with the process's arguments."""
    return run_command('evaluate', sys.argv[1:])


def simulate() -> int:
    """Run the command simulate with the process's arguments."""
    return run_command('simulate', sys.argv[1:])


def benchmark() -> int:
    """Run the command benchmark with the process's arguments."""
    return run_command('benchmark', sys.argv[1:])


def bundle() -> int:
    """Run the command bundle with the process's arguments."""
    return run_command('bundle', sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
