# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The container recipe, the systemd unit and the guide name what is there."""

from __future__ import annotations

from pathlib import Path
import re
import shutil
import subprocess

import pytest

from eventsam_ros.commands import COMMANDS
from eventsam_ros.inference.engines import ENGINES

ROOT = Path(__file__).resolve().parents[1]
RECIPE = (ROOT / 'deploy' / 'Containerfile').read_text('utf-8')
GUIDE = (ROOT / 'docs' / 'deployment.md').read_text('utf-8')


def test_the_container_copies_what_is_there():
    copied = [word for line in RECIPE.splitlines() if line.startswith('COPY ')
              for word in line.split()[1:-1]]
    assert 'eventsam_ros' in copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_container_makes_a_target_of_the_makefile_and_starts_a_command():
    target, = re.findall(r'make \.venv/(\S+)', RECIPE)
    assert f'$(VENV)/{target}:' in (ROOT / 'Makefile').read_text('utf-8')
    command, = re.findall(r'^CMD \["(\w+)"', RECIPE, re.MULTILINE)
    assert command in COMMANDS


def test_the_container_logs_where_a_user_without_a_home_may_write():
    assert '--no-create-home' in RECIPE   # so that ROS 2 can make no ~/.ros
    folder, = re.findall(r'ROS_LOG_DIR=(\S+)', RECIPE)
    assert Path(folder).parent == Path('/tmp')


@pytest.mark.skipif(shutil.which('systemd-analyze') is None, reason='no systemd here')
def test_systemd_accepts_the_unit():
    done = subprocess.run(
        ['systemd-analyze', 'verify', str(ROOT / 'deploy' / 'eventsam_ros.service')], check=False,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert 'eventsam_ros.service' not in done.stderr, done.stderr


def test_the_guide_links_to_what_is_there():
    links = re.findall(r'\]\((?!https?://)([^)#]*)', GUIDE)
    assert any('Containerfile' in link for link in links)
    assert all((ROOT / 'docs' / link).exists() for link in links if link)


def test_the_guide_names_every_back_end():
    assert all(f'`{name}`' in GUIDE for name in ENGINES)


def test_the_guide_names_parameters_as_the_node_does():
    interface = (ROOT / 'docs' / 'interface.md').read_text('utf-8')
    known = set(re.findall(r'^\| `([\w.]+)` \|', interface, re.MULTILINE))
    prefixes = {name.partition('.')[0] for name in known if '.' in name}
    named = {*re.findall(r'`([a-z_]+\.[a-z_]+)[`:]', GUIDE),
             *re.findall(r'`((?:engine|build)_[a-z_]+)[`:]', GUIDE)}
    used = {name for name in named if '.' not in name or name.partition('.')[0] in prefixes}
    assert {'automatic.prompts', 'engine_threads', 'overload.policy'} <= used
    assert used <= known
