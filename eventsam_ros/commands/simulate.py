# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Write a simulated recording: events, camera pictures and exact masks, readable by ros2 bag."""

from __future__ import annotations

import argparse
from pathlib import Path

from .progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a simulation can be told."""
    parser.add_argument('--output', type=Path, required=True, help='folder to create')
    parser.add_argument('--seed', type=int, default=0, help='another seed, another scene')
    parser.add_argument('--duration', type=float, default=5.0, metavar='S', help='seconds')
    parser.add_argument('--width', type=int, default=640, help='sensor columns')
    parser.add_argument('--height', type=int, default=480, help='sensor rows')
    parser.add_argument('--objects', type=int, default=4, help='moving objects, 1 to 7')


def run(arguments: argparse.Namespace) -> int:
    """Simulate, write and say where."""
    from eventsam_ros.simulation.recording import RecordingConfig, record
    config = RecordingConfig(
        seed=arguments.seed, duration_s=arguments.duration, width=arguments.width,
        height=arguments.height, objects=arguments.objects)
    with Progress('simulating') as progress:
        path = record(config, arguments.output, progress=progress.show)
    print(f'wrote {path}')
    return 0
