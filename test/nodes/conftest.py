# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A live ROS graph of its own for the tests of the nodes."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterator
import os
from pathlib import Path
import threading
import time
from typing import Any

from miniature import panoramic, referring, rgbt, semantic
import numpy as np
import pytest

# Read when the first context is made; the demo uses domains below these.
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
if os.environ.get('ROS_DISTRO') == 'humble':
    os.environ['ROS_LOCALHOST_ONLY'] = '1'
os.environ['ROS_DOMAIN_ID'] = str(51 + os.getpid() % 50)

rclpy = pytest.importorskip('rclpy', reason='no ROS 2 here')
pytest.importorskip('event_camera_msgs', reason='event_camera_msgs is not installed')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from event_camera_msgs.msg import EventPacket  # noqa: E402
from lifecycle_msgs.srv import GetState  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from eventsam_ros.events import Events  # noqa: E402
from eventsam_ros.events.evt3_encoder import Evt3Encoder  # noqa: E402
from eventsam_ros.inference.words import WordList  # noqa: E402
from eventsam_ros.nodes import qos  # noqa: E402
from eventsam_ros.nodes.segment_node import SegmentNode  # noqa: E402

WIDTH, HEIGHT = 96, 64


class Graph:
    """Nodes that spin in a thread."""

    def __init__(self) -> None:
        self.executor = SingleThreadedExecutor()
        self.nodes: list[Any] = []
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self) -> None:
        try:
            self.executor.spin()
        except Exception as error:
            self._errors.append(error)

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

    def remove(self, node: Any) -> None:
        self.nodes.remove(node)
        self.executor.remove_node(node)
        node.destroy_node()

    @staticmethod
    def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        return wait_for(condition, seconds)

    def close(self) -> None:
        self.executor.shutdown()
        self._thread.join()
        for node in self.nodes:
            node.destroy_node()
        if self._errors:
            raise AssertionError('a callback ended the executor') from self._errors[0]


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


def blob_events(
    start_ns: int, duration_ns: int, count: int, x: int = 48, y: int = 32,
    polarities: tuple[int, ...] = (0, 1),
) -> Events:
    """Return events on a square of 20 pixels around a place, evenly over a time."""
    rng = np.random.default_rng(start_ns % 1000 + count)
    t = np.linspace(start_ns, start_ns + duration_ns, count, endpoint=False).astype(np.int64)
    return Events(
        (x + rng.integers(-10, 11, count)).astype(np.uint16),
        (y + rng.integers(-10, 11, count)).astype(np.uint16),
        rng.choice(polarities, count).astype(np.uint8), t // 1000 * 1000)


class Camera:
    """Makes EventPackets as a driver would: evt3, 10 ms each, stamped 1 ms after their end."""

    PACKET_NS = 10_000_000

    def __init__(self, stamp_ns: int | None = None) -> None:
        self.begin(stamp_ns)

    def begin(self, stamp_ns: int | None = None) -> None:
        """Start as after switching on, now or at another host time."""
        self._encoder = Evt3Encoder(WIDTH, HEIGHT)
        self._stamp_ns = time.time_ns() if stamp_ns is None else stamp_ns
        self._t_ns = 2_000_000
        self.seq = 0

    def packet(
        self, x: int = 48, y: int = 32, count: int = 500, polarities: tuple[int, ...] = (0, 1),
    ) -> EventPacket:
        message = EventPacket(
            width=WIDTH, height=HEIGHT, seq=self.seq, encoding='evt3', is_bigendian=False)
        self._stamp_ns += self.PACKET_NS
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(
            self._stamp_ns + 1_000_000, 10**9)
        message.header.frame_id = 'camera_optical_frame'
        events = blob_events(self._t_ns, self.PACKET_NS, count, x, y, polarities)
        message.events = array.array('B', bytes(self._encoder.encode(events)))
        self._t_ns += self.PACKET_NS
        self.seq += 1
        return message

    @property
    def sensor_end_ns(self) -> int:
        """Sensor time of the end of the last packet."""
        return self._t_ns

    @property
    def host_end_ns(self) -> int:
        """Host time of the end of the last packet."""
        return self._stamp_ns


@pytest.fixture
def camera() -> Camera:
    """Return a camera that begins."""
    return Camera()


# Whatever is on the tiny bundle's small sensor is an object.
AUTOMATIC = {'automatic.min_events': 10, 'automatic.min_window_events': 10,
             'automatic.min_area': 10}


def new_node(graph: Graph, bundle: Any, namespace: str = '', **parameters: Any) -> SegmentNode:
    values = {'bundle': str(bundle), 'diagnostics.period_s': 0.2, **AUTOMATIC, **parameters}
    return graph.add(SegmentNode(namespace=namespace, parameter_overrides=[
        Parameter(name, value=value) for name, value in values.items()]))


class Bench:
    """A node under test, someone who publishes to it and someone who listens."""

    def __init__(self, graph: Graph, bundle: Any, camera: Camera, message: Any = EventPacket,
                 **parameters: Any) -> None:
        """Start them; a topic that had one type a moment ago may not take another yet."""
        self.graph, self.camera = graph, camera
        self.node = new_node(graph, bundle, **parameters)
        self.other = graph.add(rclpy.create_node('other'))
        self.masks = graph.listen(self.other, Image, 'segment_node/mask')
        self.diagnostics = graph.listen(self.other, DiagnosticArray, '/diagnostics')
        self.events = self.other.create_publisher(message, 'events', qos.events())

    def open(self) -> Bench:
        """Leave the node active, whatever its bundle looks at."""
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        self.graph.wait_for(lambda: self.other.count_publishers('segment_node/mask'))
        return self

    def publisher(self, kind: Any, topic: str, qos: Any = 10) -> Any:
        """Return a publisher that the node hears."""
        made = self.other.create_publisher(kind, topic, qos)
        self.graph.wait_for(made.get_subscription_count)
        return made

    def show_until(self, show: Callable[[], Any], condition: Callable[[], Any]) -> Any:
        """Show something again and again until something is so."""
        def attempt() -> Any:
            show()
            time.sleep(0.05)
            return condition()
        return self.graph.wait_for(attempt)

    def activate(self) -> Bench:
        self.open()
        self.meet()
        self.camera.begin()  # stamps from before would be late
        return self

    def meet(self) -> None:
        self.graph.wait_for(self.events.get_subscription_count)
        self.graph.wait_for(lambda: self.other.count_publishers('segment_node/mask'))

    def state(self) -> str:
        return str(self.graph.call(
            self.other, GetState, 'segment_node/get_state').current_state.label)

    def set(self, name: str, value: Any) -> Any:
        (result,) = self.node.set_parameters([Parameter(name, value=value)])
        return result

    def play(self, packets: int = 12, **where: Any) -> None:
        for _ in range(packets):
            self.events.publish(self.camera.packet(**where))
            time.sleep(0.002)

    def play_until(self, condition: Callable[[], Any], **where: Any) -> Any:
        def attempt() -> Any:
            self.play(6, **where)
            time.sleep(0.03)
            return condition()
        return self.graph.wait_for(attempt)

    def goes_on(self, **where: Any) -> None:
        """See new masks come."""
        before = len(self.masks)
        self.play_until(lambda: len(self.masks) > before + 1, **where)

    def values(self) -> dict[str, str]:
        for message in reversed(self.diagnostics):
            if message.status[0].values:
                return {pair.key: pair.value for pair in message.status[0].values}
        return {}

    def count(self, name: str) -> int:
        return int(self.values().get(name, 0))

    def dropped(self, name: str) -> int:
        return self.count(f'dropped.{name}')

    def reports(self, level: bytes, text: str) -> None:
        """Wait for a report of a level and with a text in its message."""
        try:
            self.graph.wait_for(lambda: self.level_is(level, text))
        except AssertionError:
            status = self.diagnostics[-1].status[0]
            raise AssertionError(
                f'the last report is {status.level!r}: {status.message}') from None

    def fresh(self) -> dict[str, str]:
        """Return the values of a report that was made after now."""
        before = len(self.diagnostics)
        self.graph.wait_for(lambda: len(self.diagnostics) > before + 1)
        return self.values()

    def level_is(self, level: bytes, text: str) -> bool:
        return bool(self.diagnostics) and self.diagnostics[-1].status[0].level == level and (
            text in self.diagnostics[-1].status[0].message)

    def was(self, level: bytes, text: str) -> bool:
        """Say whether a report of the last ones had a level and a message with a text."""
        return any(m.status[0].level == level and text in m.status[0].message
                   for m in self.diagnostics[-20:])


@pytest.fixture(scope='session')
def tiny_bundles(
    tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Path]:
    """Return a function that gives a bundle of a task whose answers can be worked out by hand.

    It takes the task, and for `referring` what the bundle looks at. Each is written once.
    """
    root = tmp_path_factory.mktemp('tasks')

    def bundle(task: str, modalities: str = 'images') -> Path:
        folder = root / f'{task}_{modalities}'
        if task == 'events':
            return tiny_bundle
        if not folder.exists() and task == 'referring':
            # The grey of no event is 128; brighter events stand out of it.
            referring.write(folder, WordList(referring.COLOURS, referring.LENGTH), modalities,
                            track=modalities == 'images', edit=lambda m: m['input'].update(
                                events={'mean': [132.0] * 3, 'std': [20.0] * 3}))
        elif not folder.exists():
            {'event_semantic': semantic, 'rgbt_semantic': rgbt, 'panoramic': panoramic}[
                task].write(folder)
        return folder
    return bundle


@pytest.fixture
def make_node(graph: Graph) -> Callable[..., SegmentNode]:
    """Return a function that puts a node on the graph: bundle, namespace, parameters."""
    return lambda bundle, namespace='', **parameters: new_node(
        graph, bundle, namespace, **parameters)


@pytest.fixture
def make_bench(graph: Graph, camera: Camera) -> Callable[..., Bench]:
    """Return a function that makes a bench: bundle, parameters."""
    return lambda bundle, **parameters: Bench(graph, bundle, camera, **parameters)


@pytest.fixture
def bench(make_bench: Callable[..., Bench], tiny_bundle: Any) -> Bench:
    """Return a bench with an active node."""
    return make_bench(tiny_bundle).activate()


@pytest.fixture(scope='module')
def lasting_bench(tiny_bundle: Any) -> Iterator[Bench]:
    """Return a bench with an active node that all tests of a module share."""
    graph = Graph()
    yield Bench(graph, tiny_bundle, Camera()).activate()
    graph.close()
