# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The launch file starts an active node under real launch_ros."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import threading

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
service = LaunchService()
arguments = [tuple(a.split(':=')) for a in sys.argv[2:]]
service.include_launch_description(LaunchDescription([IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments)]))
sys.exit(service.run())
"""


def test_the_launch_file_compiles():
    path = ROOT / 'launch' / 'segment.launch.py'
    compile(path.read_text(), str(path), 'exec')


@pytest.fixture
def prefix(tmp_path):
    """Return an ament prefix with this package, as colcon installs it."""
    share = tmp_path / 'share' / 'eventsam_ros'
    index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    executable = tmp_path / 'lib' / 'eventsam_ros' / 'segment_node'
    for folder in (share / 'config', index, executable.parent):
        folder.mkdir(parents=True)
    (index / 'eventsam_ros').write_text('')
    shutil.copy(ROOT / 'config' / 'segment.yaml', share / 'config')
    executable.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec {sys.executable} '
        '-m eventsam_ros segment_node "$@"\n')
    executable.chmod(0o755)
    return tmp_path


def test_it_starts_an_active_node_that_ends_cleanly(prefix, tiny_bundle):
    pytest.importorskip('launch_ros', reason='launch_ros is not installed')
    environment = {**os.environ, 'PYTHONUNBUFFERED': '1', 'AMENT_PREFIX_PATH': os.pathsep.join(
        (str(prefix), os.environ.get('AMENT_PREFIX_PATH', sys.prefix)))}
    process = subprocess.Popen(
        [sys.executable, '-c', LAUNCH, str(ROOT / 'launch' / 'segment.launch.py'),
         f'bundle:={tiny_bundle}', 'namespace:=front'],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    guard = threading.Timer(60, process.kill)
    guard.start()
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if '[front.segment_node]: active' in line:
            process.send_signal(signal.SIGINT)
    process.wait()
    guard.cancel()
    text = ''.join(lines)
    assert '[front.segment_node]: active' in text, text
    assert 'process has finished cleanly' in text, text
