# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The two walls: eventsam_ros never imports torch, and only eventsam_ros.nodes imports rclpy."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
TORCH = ('torch', 'torchvision', 'timm', 'segment_anything', 'training')
ROS = ('rclpy', 'sensor_msgs', 'std_msgs', 'event_camera_msgs')

IMPORT_ALL = """
import importlib, sys
sys.path.insert(0, {root!r})
for name in {names!r}:
    importlib.import_module(name)
print(*sorted({{m.partition('.')[0] for m in sys.modules}}))
"""


def modules(folder):
    """Return the names of all modules below a folder of the package."""
    files = sorted((ROOT / 'eventsam_ros' / folder).rglob('*.py'))
    parts = (file.relative_to(ROOT).with_suffix('').parts for file in files)
    return ['.'.join(p[:-1] if p[-1] == '__init__' else p) for p in parts]


def imported(names):
    """Return the top-level modules that a fresh interpreter holds after importing these."""
    code = IMPORT_ALL.format(root=str(ROOT), names=names)
    done = subprocess.run([sys.executable, '-c', code], check=False, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_list_of_rooms_is_whole():
    rooms = {p.name for p in (ROOT / 'eventsam_ros').iterdir() if (p / '__init__.py').exists()}
    assert rooms == {
        'benchmark', 'commands', 'evaluation', 'events', 'inference', 'nodes', 'simulation'}


def test_no_room_but_nodes_imports_ros_and_none_imports_torch():
    names = [n for n in modules('.') if not n.startswith('eventsam_ros.nodes')]
    assert 'eventsam_ros.commands.segment_node' in names
    found = imported(names)
    assert found.isdisjoint(TORCH)
    assert found.isdisjoint(ROS)


def test_the_nodes_import_ros_and_no_torch():
    pytest.importorskip('rclpy', reason='no ROS 2 here')
    found = imported(modules('nodes'))
    assert found >= {'rclpy', 'event_camera_msgs'}
    assert found.isdisjoint(TORCH)


def test_a_torch_import_would_be_seen(tmp_path):
    (tmp_path / 'timm.py').write_text('')
    code_root = str(tmp_path)
    code = IMPORT_ALL.format(root=code_root, names=['timm'])
    done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True, text=True)
    assert 'timm' in done.stdout.split()
