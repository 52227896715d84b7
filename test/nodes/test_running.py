# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How the node's process ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest


@pytest.mark.parametrize('sent', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_with_exit_code_0(tiny_bundle, sent):
    process = subprocess.Popen(
        [sys.executable, '-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p',
         'autostart:=true', '-p', f'bundle:={tiny_bundle}'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while 'active' not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.5)  # it spins by now; at the very instant of activation rclpy itself complains
    process.send_signal(sent)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert 'Traceback' not in errors


def test_a_missing_bundle_leaves_the_node_waiting_to_be_configured(tmp_path):
    process = subprocess.Popen(
        [sys.executable, '-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p',
         'autostart:=true', '-p', f'bundle:={tmp_path}/none'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert f'cannot configure: there is no bundle at {tmp_path}/none' in line
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0
