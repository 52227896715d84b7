# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How the processes end: whenever the signal comes, and with whole files or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import cv2
from event_camera_msgs.msg import EventPacket
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eventsam_ros.errors import EventsamError
from eventsam_ros.nodes import files, qos
from eventsam_ros.nodes.images import to_message
from eventsam_ros.nodes.stamps import stamp

# Says when our code runs: before that it is the interpreter's own start that a signal ends.
NODE = """
import sys
from eventsam_ros.__main__ import main
print('begun', flush=True)
sys.exit(main(['segment_node', *sys.argv[1:]]))
"""


def start(code, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, '-c', code, *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True, **options)


def node_arguments(bundle):
    return ['--ros-args', '-p', 'autostart:=true', '-p', f'bundle:={bundle}']


def ended(process):
    """Return what a process wrote to stderr; it and all it started have gone."""
    try:
        _, errors = process.communicate(timeout=40)
    finally:
        process.kill()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return errors


@pytest.mark.parametrize('after_s', [0.05, 0.2, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0])
def test_ctrl_c_at_any_time_ends_the_node_with_exit_code_0(tiny_bundle, after_s):
    process = start(NODE, *node_arguments(tiny_bundle))
    assert process.stdout.readline() == 'begun\n'
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    errors = ended(process)
    assert process.returncode == 0, errors
    assert 'Traceback' not in errors


@pytest.mark.parametrize('sent', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_instant_of_activation_ends_it_too(tiny_bundle, sent):
    process = start(NODE, *node_arguments(tiny_bundle))
    while 'active' not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(sent)
    errors = ended(process)
    assert process.returncode == 0, errors
    assert 'Traceback' not in errors


def test_a_missing_bundle_leaves_the_node_waiting_to_be_configured(tmp_path):
    process = start(NODE, *node_arguments(tmp_path / 'none'))
    line = process.stderr.readline()
    assert f'cannot configure: there is no bundle at {tmp_path}/none' in line
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    ended(process)
    assert process.returncode == 0


@pytest.mark.parametrize(('given', 'text'), [
    ('diagnostics.period_s:=.nan', 'diagnostics.period_s'),
    ('window.count:=5', 'window.count'),
    ('lazy:=maybe', 'lazy'),
])
def test_a_parameter_that_cannot_be_is_told_in_one_sentence(given, text):
    process = start(NODE, '--ros-args', '-p', given)
    errors = ended(process)
    assert process.returncode == 1
    assert text in errors
    assert 'Traceback' not in errors


def test_a_window_of_less_than_a_millisecond_is_no_configuration(tiny_bundle):
    process = start(NODE, *node_arguments(tiny_bundle), '-p', 'window.duration_ms:=0.5')
    sentence = 'cannot configure: window.duration_ms must be 0 or 1 to 1000 ms, but got 0.5'
    assert sentence in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    ended(process)
    assert process.returncode == 0


@pytest.mark.parametrize('command', ['segment_node', 'replay_node'])
@pytest.mark.parametrize('given', [
    ('--params-file', '/nowhere.yaml'), ('-r', 'events:=/bad-topic'), ('-r', '__node:=bad-name'),
    ('-p',), ('-p', 'rate:=1', '-p', 'lazy:=1')])
def test_ros_arguments_that_cannot_be_are_told_in_one_sentence(command, given, tmp_path):
    recording = [str(tmp_path)] if command == 'replay_node' else []
    process = start('import sys\nfrom eventsam_ros.__main__ import main\n'
                    'sys.exit(main(sys.argv[1:]))', command, *recording, '--ros-args', *given)
    errors = ended(process)
    assert process.returncode == 1
    assert 'Traceback' not in errors
    assert errors.strip().splitlines()[-1].startswith(f'{command}: ')


def test_ctrl_c_while_windows_come_ends_without_a_traceback(graph, tiny_bundle, camera):
    """The context ends before the threads: windows that are finished then ask it no more."""
    other = graph.add(rclpy.create_node('camera'))
    events = other.create_publisher(EventPacket, 'events', qos.events())
    for _ in range(3):
        process = start(NODE, *node_arguments(tiny_bundle), '-p', 'window.policy:=count',
                        '-p', 'window.count:=100')
        graph.wait_for(events.get_subscription_count, 40)
        end = time.monotonic() + 1.0
        while process.poll() is None:
            events.publish(camera.packet())
            time.sleep(0.001)
            if time.monotonic() > end:
                process.send_signal(signal.SIGINT)
                end = float('inf')
        errors = ended(process)
        assert process.returncode == 0, errors
        assert 'Traceback' not in errors


RECORDER = """
import resource, sys
limit = int(sys.argv.pop(1))
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
from eventsam_ros.nodes.recorder_node import main
code = main()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sys.exit(code)  # what measures coverage writes a file now
"""


@pytest.fixture
def recorded(graph, tmp_path):
    """Return a function that records noisy overlays until a signal, on a disk of some size."""
    def record(limit, sent, pictures=40):
        process = start(RECORDER, str(limit), '--ros-args', '-p', f'output:={tmp_path}')
        other = graph.add(rclpy.create_node('other'))
        masks = other.create_publisher(Image, 'mask', 10)
        overlays = other.create_publisher(Image, 'overlay', 100)
        graph.wait_for(lambda: masks.get_subscription_count()
                       and overlays.get_subscription_count(), 40)
        assert process.stdout.readline() == 'recorder ready\n'
        rng = np.random.default_rng(0)
        for k in range(pictures):
            header = Header(stamp=stamp(k * 50_000_000))
            masks.publish(to_message(np.full((24, 32), k, np.uint16), 'mono16', header))
            noise = rng.integers(0, 255, (240, 320, 3), np.uint8)
            overlays.publish(to_message(noise, 'bgr8', header))
            time.sleep(0.02)  # a recorder on a busy machine keeps up, too
        time.sleep(0.5)
        process.send_signal(sent)
        return process, ended(process), sorted(p.name for p in tmp_path.iterdir())
    return record


def test_the_recorder_leaves_whole_files(recorded, tmp_path):
    process, errors, names = recorded(0, signal.SIGINT)
    assert process.returncode == 0, errors
    assert names == ['contact_sheet.png', 'overlay.mp4', 'recorder.json']
    figures = json.loads((tmp_path / 'recorder.json').read_text())
    assert figures['mask_images'] == figures['pictures'] == 40
    film = cv2.VideoCapture(str(tmp_path / 'overlay.mp4'))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 40


def test_a_full_disk_is_told_and_leaves_no_half_written_file(recorded, tmp_path):
    process, errors, names = recorded(30_000, signal.SIGINT)
    assert process.returncode == 1
    assert 'overlay.mp4 cannot be written: it has 0 of 40 pictures; is the disk full?' in errors
    assert 'Traceback' not in errors
    assert names == ['recorder.json']
    assert json.loads((tmp_path / 'recorder.json').read_text())['pictures'] == 40


def test_a_mask_that_cannot_be_written_is_told_and_leaves_no_half_written_file(graph, tmp_path):
    code = RECORDER.replace('nodes.recorder_node', 'nodes.mask_recorder_node')
    process = start(code, '2000', '--ros-args', '-p', f'output:={tmp_path}')
    other = graph.add(rclpy.create_node('other'))
    masks = other.create_publisher(Image, 'mask', 10)
    graph.wait_for(masks.get_subscription_count, 40)
    assert process.stdout.readline() == 'recorder ready\n'
    rng = np.random.default_rng(0)
    for k, largest in enumerate((1, 60_000)):   # one that fits in 2000 bytes, one that does not
        noise = rng.integers(0, largest, (240, 320), np.uint16)
        masks.publish(to_message(noise, 'mono16', Header(stamp=stamp(k * 50_000_000))))
    errors = ended(process)
    assert process.returncode == 1
    assert '50000000.png cannot be written; is the disk full?' in errors
    assert 'Traceback' not in errors
    assert [p.name for p in (tmp_path / 'masks').iterdir()] == ['0.png']


ANY_RECORDER = """
import importlib, sys
sys.exit(importlib.import_module(f'eventsam_ros.nodes.{sys.argv.pop(1)}').main())
"""


@pytest.mark.parametrize(('name', 'count'), [
    ('recorder_node',
     lambda folder: json.loads((folder / 'recorder.json').read_text())['mask_images']),
    ('mask_recorder_node', lambda folder: len(list((folder / 'masks').iterdir()))),
])
def test_pictures_that_are_none_do_not_end_a_recorder(graph, tmp_path, name, count):
    process = start(ANY_RECORDER, name, '--ros-args', '-p', f'output:={tmp_path}')
    other = graph.add(rclpy.create_node('other'))
    masks = other.create_publisher(Image, 'mask', 10)
    graph.wait_for(masks.get_subscription_count, 40)
    assert process.stdout.readline() == 'recorder ready\n'
    for k, encoding in enumerate(('mono16', 'none', 'mono16')):
        message = to_message(np.ones((4, 4), np.uint16), 'mono16', Header(stamp=stamp(k)))
        message.encoding = encoding
        masks.publish(message)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    errors = ended(process)
    assert process.returncode == 0, errors
    assert 'a picture is left out: image encoding must be one of' in errors
    assert count(tmp_path) == 2


@pytest.mark.parametrize('name', ['recorder_node', 'mask_recorder_node'])
@pytest.mark.parametrize(('output', 'text'), [('file/folder', 'cannot be written: Not a'),
                                              ('5', 'output')])
def test_a_recorder_that_cannot_begin_says_so_in_a_sentence(tmp_path, name, output, text):
    (tmp_path / 'file').touch()
    place = f'{tmp_path}/{output}' if '/' in output else output
    process = start(ANY_RECORDER, name, '--ros-args', '-p', f'output:={place}')
    errors = ended(process)
    assert process.returncode == 1, errors
    assert text in errors
    assert 'Traceback' not in errors


def test_a_recorder_that_is_killed_leaves_nothing_that_looks_whole(recorded):
    process, _, names = recorded(0, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert all(name.startswith('.unfinished.') for name in names)


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / 'figures.json'
    with files.whole(path) as part:
        part.write_text('old')
    assert path.read_text() == 'old'
    with pytest.raises(RuntimeError):
        write(path, 'half', fail=True)
    assert path.read_text() == 'old'
    with pytest.raises(EventsamError, match=r'figures\.json cannot be written: No space left'):
        write(path, 'new', to='/dev/full')
    assert path.read_text() == 'old'
    assert [p.name for p in tmp_path.iterdir()] == ['figures.json']


def write(path, text, to=None, fail=False):
    with files.whole(path) as part:
        if to is not None:
            part.symlink_to(to)
        part.write_text(text)
        if fail:
            raise RuntimeError


# The signal comes while rclpy opens the context, before it listens to signals itself.
EARLY = """
import os, signal, sys
import rclpy.context
from eventsam_ros.nodes.segment_node import main
opened = rclpy.context.Context.init
def init(self, *given, **named):
    opened(self, *given, **named)
    os.kill(os.getpid(), signal.{name})
rclpy.context.Context.init = init
sys.exit(main())
"""


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM'])
def test_a_signal_before_rclpy_listens_is_not_lost(tiny_bundle, name):
    process = start(EARLY.format(name=name), *node_arguments(tiny_bundle))
    errors = ended(process)
    assert process.returncode == 0, errors
    assert errors == ''
