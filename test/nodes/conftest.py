# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A live ROS graph of its own for the tests of the nodes."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterator
import os
import threading
import time
from typing import Any

import numpy as np
import pytest

# Read when the first context is made; the demo uses domains below these.
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
if os.environ.get('ROS_DISTRO') == 'humble':
    os.environ['ROS_LOCALHOST_ONLY'] = '1'
os.environ['ROS_DOMAIN_ID'] = str(51 + os.getpid() % 50)

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 here')
pytest.importorskip('event_camera_msgs', reason='event_camera_msgs is not installed')

from event_camera_msgs.msg import EventPacket  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402

from eventsam_ros.events import Events  # noqa: E402
from eventsam_ros.events.evt3_encoder import Evt3Encoder  # noqa: E402

WIDTH, HEIGHT = 96, 64
START_NS = 1_700_000_000_000_000_000


class Graph:
    """Nodes that spin in a thread."""

    def __init__(self) -> None:
        self.executor = SingleThreadedExecutor()
        self.nodes: list[Any] = []
        self._thread = threading.Thread(target=self.executor.spin)
        self._thread.start()

    def add(self, node: Any) -> Any:
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def listen(self, node: Any, kind: Any, topic: str, qos: Any = 10) -> list[Any]:
        received: list[Any] = []
        node.create_subscription(kind, topic, received.append, qos)
        return received

    def call(self, node: Any, kind: Any, service: str) -> Any:
        client = node.create_client(kind, service)
        assert client.wait_for_service(5)
        future = client.call_async(kind.Request())
        wait_for(future.done)
        return future.result()

    @staticmethod
    def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        return wait_for(condition, seconds)

    def close(self) -> None:
        self.executor.shutdown()
        self._thread.join()
        for node in self.nodes:
            node.destroy_node()


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f'did not happen within {seconds:g} s')


@pytest.fixture(scope='session', autouse=True)
def context() -> Iterator[None]:
    """Open the default context once."""
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def graph() -> Iterator[Graph]:
    """Return an empty graph whose nodes go with the test."""
    made = Graph()
    yield made
    made.close()


def blob_events(start_ns: int, duration_ns: int, count: int, x: int = 48, y: int = 32) -> Events:
    """Return events on a square of 20 pixels around a place, evenly over a time."""
    rng = np.random.default_rng(start_ns % 1000 + count)
    t = np.linspace(start_ns, start_ns + duration_ns, count, endpoint=False).astype(np.int64)
    return Events(
        (x + rng.integers(-10, 11, count)).astype(np.uint16),
        (y + rng.integers(-10, 11, count)).astype(np.uint16),
        rng.integers(0, 2, count).astype(np.uint8), t // 1000 * 1000)


class Camera:
    """Makes EventPackets as a driver would: evt3, 10 ms each, stamped 1 ms after their end."""

    PACKET_NS = 10_000_000

    def __init__(self, stamp_ns: int = START_NS) -> None:
        self._encoder = Evt3Encoder(WIDTH, HEIGHT)
        self._stamp_ns = stamp_ns
        self._t_ns = 2_000_000
        self.seq = 0

    def packet(self, x: int = 48, y: int = 32, count: int = 500) -> EventPacket:
        message = EventPacket(
            width=WIDTH, height=HEIGHT, seq=self.seq, encoding='evt3', is_bigendian=False)
        self._stamp_ns += self.PACKET_NS
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(
            self._stamp_ns + 1_000_000, 10**9)
        message.header.frame_id = 'camera_optical_frame'
        events = blob_events(self._t_ns, self.PACKET_NS, count, x, y)
        message.events = array.array('B', bytes(self._encoder.encode(events)))
        self._t_ns += self.PACKET_NS
        self.seq += 1
        return message

    @property
    def host_end_ns(self) -> int:
        """Host time of the end of the last packet."""
        return self._stamp_ns


@pytest.fixture
def camera() -> Camera:
    """Return a camera that begins."""
    return Camera()
