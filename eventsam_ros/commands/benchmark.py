# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Measure this machine: decoding, network, whole way and idle cost, printed and as a JSON file.

Runs without ROS (only the idle cost of the node needs it) and without torch, on the events of a
simulated scene. A full run takes about two minutes for each back end; let nothing else run
meanwhile, and on a Jetson set power mode and clocks first (docs/deployment.md). The file holds no
names, addresses or paths of yours.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import sys

from .progress import Progress

_MOST_THREADS = 256
"""As of the node."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a measurement can be told."""
    parser.add_argument('--output', type=Path, metavar='FILE', help='JSON file to write')
    parser.add_argument('--bundle', type=Path, metavar='PATH',
                        help='bundle folder (default: what ships)')
    parser.add_argument('--engine', nargs='+', default=[], metavar='NAME',
                        help='back ends (default: each that is known)')
    parser.add_argument('--threads', type=int, metavar='N',
                        help='threads for one operator (default: as the back end likes)')
    parser.add_argument('--quick', action='store_true', help='a short look, with wide spreads')


def run(arguments: argparse.Namespace) -> int:
    """Measure, print and write."""
    from eventsam_ros.benchmark.report import measure, table
    from eventsam_ros.errors import EngineError
    from eventsam_ros.inference.bundle import load_bundle
    from eventsam_ros.inference.engines import ENGINES
    unknown = [name for name in arguments.engine if name not in ENGINES]
    if unknown:
        raise EngineError(f'engine must be one of {", ".join(ENGINES)}, but got {unknown[0]!r}')
    if arguments.threads is not None and not 1 <= arguments.threads <= _MOST_THREADS:
        raise ValueError(
            f'threads must be 1 to {_MOST_THREADS}, but got {arguments.threads}')
    if arguments.output is not None and not arguments.output.absolute().parent.is_dir():
        raise ValueError(f'there is no folder {arguments.output.parent} to write to')
    if arguments.output is not None and arguments.output.is_dir():
        raise ValueError(f'{arguments.output} is a folder; name a file to write')
    with Progress('measuring') as progress:
        result = measure(load_bundle(arguments.bundle), arguments.engine, arguments.threads,
                         arguments.quick, _command(arguments), progress.show)
    for line in table(result):
        print(line)
    if arguments.output is not None:
        part = arguments.output.with_name(arguments.output.name + '.part')
        part.write_text(json.dumps(result, indent=2) + '\n', 'utf-8')
        part.replace(arguments.output)
        print(f'wrote {arguments.output}', file=sys.stderr)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """Return the command line without the paths of this machine."""
    words = ['python -m eventsam_ros benchmark']
    if arguments.bundle is not None:
        words.append('--bundle BUNDLE')
    if arguments.engine:
        words += ['--engine', *arguments.engine]
    if arguments.threads is not None:
        words += ['--threads', str(arguments.threads)]
    return ' '.join([*words, '--quick'] if arguments.quick else words)
