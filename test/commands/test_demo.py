# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The demo: real processes, real DDS, and what it leaves behind."""

from __future__ import annotations

from contextlib import suppress
import json
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip('rclpy', reason='no ROS 2 here')
pytest.importorskip('event_camera_msgs', reason='event_camera_msgs is not installed')

from eventsam_ros.commands.demo_plan import plan
from eventsam_ros.evaluation.recordings import PacketRecord, RecordingWriter
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.simulation.recording import RecordingConfig, record


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    """Four seconds of a small simulated camera with pictures and ground truth."""
    return record(RecordingConfig(seed=3, duration_s=4.0, width=96, height=64, objects=2),
                  tmp_path_factory.mktemp('demo') / 'recording')


def demo(*arguments, timeout=180):
    return subprocess.run([sys.executable, '-m', 'eventsam_ros', 'demo', *map(str, arguments)],
                          check=False, capture_output=True, text=True, timeout=timeout)


def failed(done, *parts):
    assert done.returncode == 1, done.stderr
    assert 'Traceback' not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    for part in parts:
        assert part in last


def test_events_cross_the_graph_and_leave_film_sheet_and_report(recording, tiny_bundle, tmp_path):
    done = demo('--bag', recording, '--bundle', tiny_bundle, '--output', tmp_path / 'out')
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    packets = report['packets']
    # 4 s of packets of 5 ms.
    assert packets['published'] == packets['received'] == 800
    assert packets['lost'] == packets['undecodable'] == 0
    assert report['events']['decoded'] > 1000
    windows = report['windows']
    assert windows['segmented'] >= 4
    assert windows['segmented'] <= windows['formed'] <= 81
    assert report['pipeline_latency_ms']['p50'] > 0
    assert 0 <= report['ground_truth']['mIoU'] <= 1
    assert report['ground_truth']['windows'] > 0
    sheet = cv2.imread(str(tmp_path / 'out' / 'contact_sheet.png'))
    assert sheet.shape[0] > 64
    film = cv2.VideoCapture(str(tmp_path / 'out' / 'overlay.mp4'))
    frames = film.get(cv2.CAP_PROP_FRAME_COUNT)
    assert 1.5 < frames / film.get(cv2.CAP_PROP_FPS) < 6
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'contact_sheet.png', 'overlay.mp4', 'report.json']
    assert 'latency' in done.stdout
    assert 'mIoU' in done.stdout


@pytest.mark.parametrize('name', [
    'test_data_mono_cd', 'test_data_evt3_trigger', 'test_events_2'])
def test_real_recordings_play_to_their_end(recordings, tiny_bundle, tmp_path, name):
    counts = {'test_data_mono_cd': 100, 'test_data_evt3_trigger': 82_469,
              'test_events_2': 571_266}
    done = demo('--bag', recordings[name], '--bundle', tiny_bundle, '--output', tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['packets']['lost'] == 0
    assert report['packets']['received'] == report['packets']['published']
    assert report['events']['decoded'] == counts[name] * report['rounds']


def test_ctrl_c_ends_every_process(recording, tiny_bundle, tmp_path):
    process = subprocess.Popen(
        [sys.executable, '-m', 'eventsam_ros', 'demo', '--bag', str(recording), '--bundle',
         str(tiny_bundle), '--output', str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    while 'playing' not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert 'Traceback' not in errors
    mine = [c for c in _commands() if str(tmp_path) in c]
    assert mine == []


def _commands():
    for entry in Path('/proc').glob('[0-9]*'):
        with suppress(OSError):
            yield (entry / 'cmdline').read_bytes().decode(errors='replace')


def write(path, encoding='evt3', packets=1, width=64, topic='/events'):
    with RecordingWriter(path) as writer:
        for k in range(packets):
            writer.write_packet(topic, 10**18 + k, PacketRecord(
                10**18, 'f', width, 48, k, 0, encoding, np.zeros(4, np.uint8)))
        if not packets:
            writer.write_image('/image', 10**18, 10**18, 'f', 'mono8', np.zeros((2, 2), np.uint8))
    return path


def test_a_missing_recording_is_one_sentence(tiny_bundle, tmp_path):
    failed(demo('--bag', '/nowhere', '--bundle', tiny_bundle, '--output', tmp_path),
           'recording /nowhere does not exist')


def test_a_file_that_is_no_recording_is_one_sentence(tiny_bundle, tmp_path):
    for name in ('noise.mcap', 'noise.db3', 'noise.txt'):
        (tmp_path / name).write_bytes(bytes(range(256)) * 20)
        failed(demo('--bag', tmp_path / name, '--bundle', tiny_bundle, '--output', tmp_path), name)


def test_a_recording_without_events_is_one_sentence(tiny_bundle, tmp_path):
    path = write(tmp_path / 'r', packets=0)
    failed(demo('--bag', path, '--bundle', tiny_bundle, '--output', tmp_path / 'o'),
           'has no event topic', '/image')


def test_an_unknown_encoding_is_one_sentence(tiny_bundle, tmp_path):
    path = write(tmp_path / 'r', encoding='evt9')
    failed(demo('--bag', path, '--bundle', tiny_bundle, '--output', tmp_path / 'o'),
           "'evt9'", 'evt3, libcaer')


def test_a_recording_without_a_sensor_size_is_one_sentence(tiny_bundle, tmp_path):
    path = write(tmp_path / 'r', width=0)
    failed(demo('--bag', path, '--bundle', tiny_bundle, '--output', tmp_path / 'o'), '0x48')


def test_a_topic_that_ros_does_not_allow_is_one_sentence(tiny_bundle, tmp_path):
    path = write(tmp_path / 'r', topic='/event-camera/events')
    failed(demo('--bag', path, '--bundle', tiny_bundle, '--output', tmp_path / 'o'),
           "the topic '/event-camera/events'", 'is no name that ROS 2 allows')


def test_a_first_packet_without_a_size_is_passed_over(tiny_bundle, tmp_path):
    path = tmp_path / 'r'
    with RecordingWriter(path) as writer:
        for k in range(3):
            writer.write_packet('/events', 10**18 + k, PacketRecord(
                10**18, 'f', 64 * (k > 0), 48 * (k > 0), k, 0, 'evt3', np.zeros(4, np.uint8)))
    found = plan(path, load_bundle(tiny_bundle), tmp_path, 1.0, simulated=False)
    assert (found.width, found.height) == (64, 48)


def test_an_unwritable_output_folder_is_one_sentence(recording, tiny_bundle, tmp_path):
    (tmp_path / 'file').write_text('')
    failed(demo('--bag', recording, '--bundle', tiny_bundle, '--output', tmp_path / 'file' / 'o'),
           'output folder', 'cannot be written')


def test_bundles_that_do_not_check_out_are_one_sentence(recording, tiny_bundle, tmp_path):
    failed(demo('--bag', recording, '--bundle', '/nowhere', '--output', tmp_path / 'o'),
           'there is no bundle at /nowhere')
    future = tmp_path / 'future'
    shutil.copytree(tiny_bundle, future)
    manifest = yaml.safe_load((future / 'bundle.yaml').read_text())
    (future / 'bundle.yaml').write_text(yaml.safe_dump({**manifest, 'format_version': 99}))
    failed(demo('--bag', recording, '--bundle', future, '--output', tmp_path / 'o'), '99')
    (future / 'bundle.yaml').write_text('{')
    failed(demo('--bag', recording, '--bundle', future, '--output', tmp_path / 'o'), 'bundle.yaml')
