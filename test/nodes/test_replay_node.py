# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The player, as a process of its own on a real graph."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from event_camera_msgs.msg import EventPacket
import numpy as np
import pytest
import rclpy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from eventsam_ros.evaluation.recordings import PacketRecord, RecordingWriter
from eventsam_ros.nodes import qos
from eventsam_ros.nodes.images import to_array
from eventsam_ros.nodes.stamps import nanoseconds

START = 1_600_000_000_000_000_000
MS = 1_000_000
PACKETS = 40


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    """Packets every 10 ms that were recorded an hour after their stamps, and two pictures."""
    path = tmp_path_factory.mktemp('replay') / 'recording'
    with RecordingWriter(path) as writer:
        for k in range(PACKETS):
            stamp = START + k * 10 * MS
            log = stamp + 3_600_000 * MS
            writer.write_packet('/cam/events', log, PacketRecord(
                stamp, 'cam', 96, 64, k, 0, 'evt3', np.full(10 + k, k, np.uint8)))
            if k in (10, 20):
                writer.write_image('/cam/image', log, stamp - 4 * MS, 'cam', 'mono8',
                                   np.full((4, 6), k, np.uint8))
    return path


@pytest.fixture
def player(graph, recording, tmp_path):
    node = graph.add(rclpy.create_node('listener'))
    received = {
        'events': graph.listen(node, EventPacket, '/cam/events', qos.replay()),
        'images': graph.listen(node, Image, '/cam/image'),
        'clock': graph.listen(node, Clock, '/clock', qos.clock())}

    def play(*parameters, seconds=30):
        words = [w for p in (*parameters, f'summary:={tmp_path}/summary.json', 'wait_s:=10.0')
                 for w in ('-p', p)]
        begun = time.time_ns()
        subprocess.run([sys.executable, '-m', 'eventsam_ros', 'replay_node', str(recording),
                        '--ros-args', *words], check=True, timeout=seconds)
        summary = json.loads((tmp_path / 'summary.json').read_text())
        graph.wait_for(lambda: len(received['events']) >= summary['packets'], 10)
        return summary, received, begun
    return play


def test_everything_arrives_as_it_was_recorded(player):
    summary, received, _ = player()
    events = received['events']
    assert 0.38 < summary['seconds'] < 1.2
    assert summary['packets'] == PACKETS
    assert summary['messages'] == PACKETS + 2
    assert [m.seq for m in events] == list(range(PACKETS))
    assert [bytes(m.events) for m in events] == [bytes([k]) * (10 + k) for k in range(PACKETS)]
    assert [nanoseconds(m.header.stamp) for m in events] == [
        START + k * 10 * MS for k in range(PACKETS)]
    assert {int(to_array(m)[0, 0]) for m in received['images']} == {10, 20}


def test_the_rate_stretches_time(player):
    # 390 ms from the first packet to the last.
    assert 1.55 < player('rate:=0.25')[0]['seconds'] < 2.4


def test_live_stamps_are_now_and_keep_their_distances(player):
    _, received, begun = player('stamps:=now')
    stamps = np.array([nanoseconds(m.header.stamp) for m in received['events']])
    np.testing.assert_allclose(np.diff(stamps), 10 * MS, atol=2)
    assert 0 < stamps[0] - begun < 15e9
    # Pictures were exposed 4 ms before the packet of the same arrival.
    images = sorted(nanoseconds(m.header.stamp) for m in received['images'])
    np.testing.assert_allclose(images, stamps[[10, 20]] - 4 * MS, atol=2)


def test_it_plays_several_times_and_leaves_out_the_beginning(player):
    summary, received, _ = player('times:=2', 'start_offset_s:=0.2')
    assert summary['rounds'] == 2
    assert [m.seq for m in received['events']] == [*range(20, PACKETS), *range(20, PACKETS)]


def test_the_clock_runs_in_the_time_of_the_stamps(player):
    _, received, _ = player('clock_hz:=100.0')
    times = [nanoseconds(m.clock) for m in received['clock']]
    assert times == sorted(times)
    assert len(times) > 10
    # An hour before the time of recording.
    assert START <= times[0] <= times[-1] < START + 800 * MS


def test_topics_and_messages_that_cannot_be_are_left_out_and_told(graph, tmp_path):
    path = tmp_path / 'odd'
    with RecordingWriter(path) as writer:
        for k in range(5):
            record = PacketRecord(
                START + k * 10 * MS, 'cam', 96, 64, k, 0, 'evt3', np.full(10, k, np.uint8))
            for topic in ('/event-camera/events', '/good/events'):
                writer.write_packet(topic, START + k * 10 * MS, record)
    node = graph.add(rclpy.create_node('odd_listener'))
    received = graph.listen(node, EventPacket, '/good/events', qos.replay())
    done = subprocess.run(
        [sys.executable, '-c', SHORT, 'replay_node', str(path), '--ros-args', '-p',
         'wait_s:=10.0'],
        check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert 'Traceback' not in done.stderr
    assert '/event-camera/events is left out: ' in done.stderr
    assert '1 messages were left out: they are too short for their types' in done.stderr
    graph.wait_for(lambda: len(received) == 4, 10)


# The second message of a topic loses all but its first bytes.
SHORT = """
import sys
from dataclasses import replace
from eventsam_ros.__main__ import main
from eventsam_ros.nodes.replay_node import Recording
whole = Recording.messages
def messages(self, *given, **named):
    seen = {}
    for message in whole(self, *given, **named):
        seen[message.topic] = seen.get(message.topic, 0) + 1
        yield replace(message, raw=message.raw[:6]) if seen[message.topic] == 2 else message
Recording.messages = messages
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(('arguments', 'sentence'), [
    ([], 'no recording was given'),
    (['/nowhere'], 'recording /nowhere does not exist'),
    (['{recording}', '--ros-args', '-p', 'stamps:=later'], 'stamps must be one of recorded, now'),
    (['{recording}', '--ros-args', '-p', 'start_offset_s:=99.0'], 'nothing of'),
])
def test_what_cannot_be_played_is_told_in_one_sentence(recording, arguments, sentence):
    words = [a.format(recording=recording) for a in arguments]
    done = subprocess.run([sys.executable, '-m', 'eventsam_ros', 'replay_node', *words],
                          check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert 'Traceback' not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
