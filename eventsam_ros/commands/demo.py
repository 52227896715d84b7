# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Play a recording through a live ROS 2 graph and keep what segment_node makes of it.

A player, segment_node and a recorder run as processes of their own and talk over DDS. Without
--bag a recording is simulated first. The folder receives overlay.mp4, contact_sheet.png and
report.json; a summary is printed.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
import shutil
import tempfile

from eventsam_ros.errors import EventsamError

SIMULATED_S = 6.0
SHORT_S = 4.0
"""Recordings shorter than this are played several times."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a demo can be told."""
    parser.add_argument('--bag', type=Path, help='recording to play; default: a simulated one')
    parser.add_argument('--bundle', type=Path, help='bundle to run; default: the one that ships')
    parser.add_argument('--output', type=Path, default=Path('demo_output'),
                        help='folder for the results (default demo_output)')
    parser.add_argument('--no-film', action='store_true',
                        help='draw nothing, as on a vehicle where nobody looks')
    parser.add_argument('--seed', type=int, default=13, help='seed of the simulated recording')


def run(arguments: argparse.Namespace) -> int:
    """Check everything that can be checked, then play, and print the summary."""
    from .demo_plan import check_bundle, plan
    from .demo_processes import play
    from .demo_report import summarise, write_report
    output = _writable(arguments.output)
    bundle = check_bundle(arguments.bundle)
    with tempfile.TemporaryDirectory(prefix='.recording.', dir=output) as scratch:
        recording = arguments.bag or _simulated(Path(scratch) / 'simulated', arguments.seed)
        show = plan(recording, bundle, output, SHORT_S, simulated=arguments.bag is None)
        show = replace(show, film=not arguments.no_film)
        play(show)
    report = write_report(show)
    print(summarise(report, output))
    return 0


def _writable(folder: Path) -> Path:
    """Return the folder, created and proven to be writable, without results of earlier runs.

    Raises:
        EventsamError: It cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for name in ('overlay.mp4', 'contact_sheet.png', 'report.json'):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise EventsamError(f'output folder {folder} cannot be written: '
                            f'{error.strerror or error}') from error
    return folder


def _simulated(path: Path, seed: int) -> Path:
    from eventsam_ros.simulation.recording import RecordingConfig, record

    from .progress import Progress
    shutil.rmtree(path, ignore_errors=True)
    with Progress('simulating a recording') as progress:
        return record(
            RecordingConfig(seed=seed, duration_s=SIMULATED_S), path, progress=progress.show)
