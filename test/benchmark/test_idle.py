# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Idle cost where there is a node to watch, and the reason where there is none."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from eventsam_ros.benchmark.idle import measure_idle


def test_without_ros_the_reason_is_told(tiny_bundle, tmp_path, monkeypatch):
    (tmp_path / 'rclpy.py').write_text("raise ImportError('rclpy is not here')")
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    found = measure_idle(tiny_bundle, 0.1)
    assert not found['measured']
    assert 'ROS 2 is needed here: rclpy is not here' in found['reason']


@pytest.mark.skipif(importlib.util.find_spec('rclpy') is None, reason='no ROS 2 here')
def test_a_node_that_cannot_be_configured_is_not_waited_for(tiny_bundle, tmp_path):
    damaged = tmp_path / 'damaged'
    shutil.copytree(tiny_bundle, damaged)
    (damaged / 'encoder.onnx').unlink()
    found = measure_idle(damaged, 0.1)
    assert not found['measured']
    assert 'encoder.onnx is missing' in found['reason']


@pytest.mark.skipif(importlib.util.find_spec('rclpy') is None, reason='no ROS 2 here')
def test_an_active_node_is_watched_for_the_time_that_was_asked_for(tiny_bundle):
    found = measure_idle(tiny_bundle, 1.0)
    assert found['measured']
    assert found['seconds'] >= 1.0
    assert 0 <= found['cpu_percent'] < 100
