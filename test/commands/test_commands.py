# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How commands end: one sentence and exit code 1, a traceback only when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from eventsam_ros.commands import COMMANDS
from eventsam_ros.commands.registry import parted


def run(*arguments, timeout=60):
    return subprocess.run([sys.executable, '-m', 'eventsam_ros', *map(str, arguments)],
                          check=False, capture_output=True, text=True, timeout=timeout)


def failed(done, *parts):
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for part in parts:
        assert part in lines[0]


def test_help_names_every_command():
    text = run('--help').stdout
    assert all(command.summary in text for command in COMMANDS.values())


@pytest.mark.parametrize('name', COMMANDS)
def test_each_command_explains_itself(name):
    done = run(name, '--help')
    assert done.returncode == 0
    assert '--debug' in done.stdout


def test_a_wrong_command_is_refused():
    done = run('fly')
    assert done.returncode == 2
    assert 'fly' in done.stderr


@pytest.mark.parametrize('arguments', [
    ('--engin', 'foo'), ('--engin', 'foo', '--ros-args', '-p', 'lazy:=true'),
    ('--ros-args', '-p', 'lazy:=true', '--', '--engin')])
def test_what_a_node_does_not_know_is_refused(arguments):
    done = run('segment_node', *arguments)
    assert done.returncode == 2
    assert 'unrecognized arguments: --engin' in done.stderr


def test_ros_arguments_stand_where_ros_allows_them():
    words = ['a', '--ros-args', '-p', 'x:=1', '--', '--debug', '--ros-args', '-r', 'b:=c']
    assert parted(words) == (
        ['a', '--debug'], ['--ros-args', '-p', 'x:=1', '--', '--ros-args', '-r', 'b:=c'])
    assert parted(['a', '--debug']) == (['a', '--debug'], [])


def test_a_missing_bundle_is_one_sentence():
    failed(run('bundle', 'verify', '/nowhere'), 'bundle: there is no bundle at /nowhere')


def test_debug_shows_the_traceback():
    done = run('bundle', '--debug', 'verify', '/nowhere')
    assert done.returncode == 1
    assert 'Traceback' in done.stderr


def test_a_whole_bundle_verifies_and_shows_its_manifest(tiny_bundle):
    assert 'is whole' in run('bundle', 'verify', tiny_bundle).stdout
    assert 'name: tiny' in run('bundle', 'inspect', tiny_bundle).stdout


def test_a_damaged_bundle_does_not_verify(tiny_bundle, tmp_path):
    import shutil
    damaged = tmp_path / 'damaged'
    shutil.copytree(tiny_bundle, damaged)
    (damaged / 'encoder.onnx').write_bytes((damaged / 'encoder.onnx').read_bytes()[:-1])
    failed(run('bundle', 'verify', damaged), 'encoder.onnx has', 'fetch or export')


def test_a_simulated_recording_is_written_once(tmp_path):
    arguments = ('simulate', '--output', tmp_path / 'r', '--duration', 0.2, '--width', 64,
                 '--height', 48)
    assert run(*arguments).returncode == 0
    assert (tmp_path / 'r' / 'metadata.yaml').is_file()
    failed_lines = run(*arguments).stderr.splitlines()
    assert 'exists already' in failed_lines[-1]


def test_a_simulation_out_of_range_is_one_sentence(tmp_path):
    done = run('simulate', '--output', tmp_path / 'r', '--width', 5)
    failed(done, 'width must be 32 to 2048, but got 5')
