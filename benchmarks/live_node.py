# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Processes of a benchmark on a live graph: nodes, a player, and who listens to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import tempfile

import eventsam_ros

PROFILES = Path(eventsam_ros.__file__).parent / 'nodes' / 'fastdds.xml'


def own_graph() -> None:
    """Choose a DDS domain for this process and those it starts, with room for dense events."""
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['ROS_DOMAIN_ID'] = str(random.randint(51, 100))
    os.environ.setdefault('FASTDDS_DEFAULT_PROFILES_FILE', str(PROFILES))


@contextmanager
def process(arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python process while the block lasts; it ends by Ctrl-C, or by force."""
    started = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGINT)
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def output_of(arguments: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run a Python process whose output goes to a file while the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'output'
        with path.open('wb') as file:
            started = subprocess.Popen([sys.executable, *arguments], stdout=file)
        try:
            yield started, path
        finally:
            if started.poll() is None:
                started.terminate()
            started.wait(30)
