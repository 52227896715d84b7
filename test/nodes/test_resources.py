# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the node's process takes when it has nothing to do, and what it gives back."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from event_camera_msgs.msg import EventPacket
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
import pytest
import rclpy
from sensor_msgs.msg import Image

from eventsam_ros.nodes import qos

AFTER = {'configure': 'inactive', 'activate': 'active', 'deactivate': 'inactive',
         'cleanup': 'unconfigured'}
IDLE_SHARE = 0.05
"""Most of a core that an inactive node may take."""


class Process:
    """A node's process and someone who talks to it."""

    def __init__(self, graph, *parameters):
        words = [word for p in parameters for word in ('-p', p)]
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'eventsam_ros', 'segment_node', '--ros-args', *words],
            stderr=subprocess.DEVNULL)
        self.graph = graph
        self.other = graph.add(rclpy.create_node('other'))
        self.masks = graph.listen(self.other, Image, 'segment_node/mask')
        self.events = self.other.create_publisher(EventPacket, 'events', qos.events())

    def transit(self, name):
        client = self.other.create_client(ChangeState, 'segment_node/change_state')
        assert client.wait_for_service(60)
        self.state()  # once this is answered, both sides know each other's services
        number = getattr(Transition, f'TRANSITION_{name.upper()}')
        future = client.call_async(ChangeState.Request(transition=Transition(id=number)))
        # An answer may be lost where the other side has not seen the client yet.
        self.graph.wait_for(lambda: future.done() or self.state() == AFTER[name], 90)
        self.other.destroy_client(client)

    def state(self):
        """Return the node's state; asked for until it answers."""
        client = self.other.create_client(GetState, 'segment_node/get_state')

        def ask():
            future = client.call_async(GetState.Request())
            end = time.monotonic() + 2
            while not future.done() and time.monotonic() < end:
                time.sleep(0.01)
            return future.done() and future.result().current_state.label
        try:
            return self.graph.wait_for(ask, 90)
        finally:
            self.other.destroy_client(client)

    def play_until(self, camera, condition):
        def attempt():
            for _ in range(6):
                self.events.publish(camera.packet())
            time.sleep(0.05)
            return condition()
        self.graph.wait_for(attempt, 60)

    def cpu_s(self):
        fields = Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def resident(self):
        pages = int(Path(f'/proc/{self.process.pid}/statm').read_text().split()[1])
        return pages * os.sysconf('SC_PAGE_SIZE')


@pytest.fixture
def launch(graph):
    """Return a function that starts a node's process with parameters."""
    started = []

    def begin(*parameters):
        started.append(Process(graph, *parameters))
        return started[-1]
    yield begin
    for each in started:
        each.process.kill()
        each.process.wait()


def test_an_inactive_node_takes_almost_no_processor_and_gives_the_model_back(launch, camera):
    node = launch()
    node.transit('configure')
    node.transit('cleanup')
    free = node.resident()  # code and libraries are loaded by now
    node.transit('configure')
    loaded = node.resident()
    time.sleep(0.5)
    before, begun = node.cpu_s(), time.monotonic()
    while time.monotonic() - begun < 3:
        node.events.publish(camera.packet())  # nobody listens
        time.sleep(0.005)
    share = (node.cpu_s() - before) / (time.monotonic() - begun)
    node.transit('activate')
    node.play_until(camera, lambda: len(node.masks) >= 5)
    node.transit('deactivate')
    node.transit('cleanup')
    left = node.resident()
    print(f'\ninactive: {100 * share:.1f} % of a core; resident {free / 1e6:.0f} MB without a '
          f'model, {loaded / 1e6:.0f} MB with, {left / 1e6:.0f} MB after cleanup')
    assert share < IDLE_SHARE
    assert loaded - free > 10e6  # else there is nothing to give back
    # Windows have been segmented since, so buffers are larger; the model has gone.
    assert left - free < 0.5 * (loaded - free)


def test_memory_does_not_grow_from_configure_to_configure(launch):
    node = launch()
    for _ in range(3):
        node.transit('configure')
        node.transit('cleanup')
    before = node.resident()
    for _ in range(5):
        node.transit('configure')
        node.transit('cleanup')
    assert node.resident() - before < 10e6


def test_a_node_that_is_killed_and_comes_back_joins_the_stream(launch, camera, tiny_bundle):
    given = (f'bundle:={tiny_bundle}', 'autostart:=true', 'automatic.min_events:=10',
             'automatic.min_window_events:=10', 'automatic.min_area:=10')
    first = launch(*given)
    first.play_until(camera, lambda: len(first.masks) >= 2)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    for _ in range(10):
        first.events.publish(camera.packet())
    second = launch(*given)
    seen = len(second.masks)
    # The same camera goes on in the middle of its stream: no packet says where it is at once.
    second.play_until(camera, lambda: len(second.masks) >= seen + 2)
    assert second.masks[-1].header.frame_id == 'camera_optical_frame'
