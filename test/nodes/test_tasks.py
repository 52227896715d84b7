# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One node for all five tasks: only the bundle changes."""

from __future__ import annotations

import time

from event_camera_msgs.msg import EventPacket
import numpy as np
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from eventsam_ros.inference.manifest import TASKS as NAMES
from eventsam_ros.nodes import qos, topics
from eventsam_ros.nodes.images import to_array, to_message
from eventsam_ros.nodes.segment_node import SegmentNode
from eventsam_ros.nodes.stamps import nanoseconds, stamp
from eventsam_ros.nodes.tasks import TASKS

SUCCESS = TransitionCallbackReturn.SUCCESS
WIDTH, HEIGHT = 64, 32


class World:
    """Everything that a vehicle has, all of it on the graph all the time.

    The colour camera sees red on its left half; below, the thermal camera sees heat. Events are
    on a square around the middle of a sensor of 96 x 64 pixels.
    """

    def __init__(self, graph, camera):
        self._camera = camera
        other = graph.add(rclpy.create_node('world'))
        self._events = other.create_publisher(EventPacket, 'events', qos.events())
        self._image = other.create_publisher(Image, 'image', 1)
        self._thermal = other.create_publisher(Image, 'thermal', 1)
        self._text = other.create_publisher(String, 'prompt/text', qos.prompt())
        self.masks = graph.listen(other, Image, 'segment_node/mask')
        self.stamps = set()

    def go_on(self):
        now = time.time_ns()
        self.stamps.add(now)
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        picture[:, :WIDTH // 2, 0] = 200
        warm = np.full((HEIGHT, WIDTH), 80, np.uint8)
        warm[HEIGHT // 2:] = 160
        for publisher, pixels, kind, frame in (
                (self._image, picture, 'rgb8', 'rgb_optical'),
                (self._thermal, warm, 'mono8', 'thermal_optical')):
            publisher.publish(to_message(pixels, kind, Header(
                stamp=stamp(now), frame_id=frame)))
        self._text.publish(String(data='the red one'))
        for _ in range(6):
            self._events.publish(self._camera.packet())
            time.sleep(0.002)


def ids_of_discs(mask):
    assert mask[32, 48] > 0   # where the events are
    assert mask[2, 2] == 0


def early_and_late(mask):
    assert set(np.unique(mask)) <= {0, 1, 2}
    assert not mask[:, :12].any()


def red_and_warm(mask):
    assert (mask[2:14, 2:28] == 1).all()
    assert (mask[18:30, 36:62] == 2).all()
    assert (mask[2:14, 36:62] == 0).all()


def the_red_one(mask):
    assert (mask[:, :30] == 1).all()
    assert (mask[:, 34:] == 0).all()


def red_all_around(mask):
    # Averaged over 12 columns with their neighbours behind the edges: the seam is no edge.
    assert (mask[:, 4:28] == 1).all()
    assert (mask[:, 36:60] == 0).all()
    np.testing.assert_array_equal(mask[:, 0], mask[:, WIDTH // 2 - 1])


EXPECTED = {
    'events': ('mono16', (64, 96), 'camera_optical_frame', ids_of_discs),
    'event_semantic': ('mono8', (64, 96), 'camera_optical_frame', early_and_late),
    'rgbt_semantic': ('mono8', (HEIGHT, WIDTH), 'rgb_optical', red_and_warm),
    'referring': ('mono16', (HEIGHT, WIDTH), 'rgb_optical', the_red_one),
    'panoramic': ('mono8', (HEIGHT, WIDTH), 'rgb_optical', red_all_around),
}


def test_all_five_tasks_run_in_one_node_by_changing_the_bundle_alone(
        graph, tiny_bundles, camera):
    world = World(graph, camera)
    for task, (encoding, shape, frame, right) in EXPECTED.items():
        node = graph.add(SegmentNode(parameter_overrides=[
            Parameter('bundle', value=str(tiny_bundles(task))),
            Parameter('automatic.min_events', value=10),
            Parameter('automatic.min_window_events', value=10),
            Parameter('automatic.min_area', value=10)]))
        assert node.trigger_configure() == SUCCESS
        assert node.trigger_activate() == SUCCESS
        camera.begin()
        begun_ns = camera.host_end_ns
        world.masks.clear()
        graph.wait_for(lambda: world.go_on() or len(world.masks) >= 3)
        mask = world.masks[2]
        assert (task, mask.encoding) == (task, encoding)
        assert to_array(mask).shape == shape
        assert mask.header.frame_id == frame
        right(to_array(mask))
        if frame == 'rgb_optical':
            assert nanoseconds(mask.header.stamp) in world.stamps
        else:   # the end of a window of 50 ms; packets are stamped 1 ms late
            periods = (nanoseconds(mask.header.stamp) - begun_ns) / 50e6
            assert periods == pytest.approx(round(periods), abs=1.2 / 50)
        graph.remove(node)
        graph.wait_for(lambda: world_is_alone(graph))


def world_is_alone(graph):
    (world,) = graph.nodes
    return world.count_publishers('segment_node/mask') == 0


def test_the_table_of_tasks_is_that_of_bundles():
    assert sorted(task.name for task in TASKS.values()) == sorted(NAMES)
    assert set(EXPECTED) == set(NAMES)


@pytest.mark.parametrize('task', NAMES)
def test_topics_of_each_task_are_those_of_the_table(graph, tiny_bundles, task):
    node = graph.add(SegmentNode(parameter_overrides=[
        Parameter('bundle', value=str(tiny_bundles(task))), Parameter('autostart', value=True)]))
    other = graph.add(rclpy.create_node('other'))

    def theirs(look):
        return {topic: kinds[0].replace('/msg/', '/') for topic, kinds in look('segment_node', '/')
                if not topic.endswith(('/rosout', '/parameter_events', '/transition_event',
                                       '/clock'))}

    def told(table):
        return {f'/{t.name.removeprefix("/").replace("~", "segment_node")}': t.type
                for t in table}
    outputs = told(topics.outputs_of(task))
    graph.wait_for(lambda: theirs(other.get_publisher_names_and_types_by_node) == outputs)
    # Triggers have a policy of their own, and this bundle of sentences looks at pictures; beside
    # events images are drawn over only.
    unused = {topics.TRIGGERS, topics.EVENTS if task == 'referring' else None,
              topics.IMAGE if task in topics.EVENT_TASKS else None}
    inputs = told(t for t in topics.INPUTS if task in t.tasks and t not in unused)
    graph.wait_for(lambda: theirs(other.get_subscriber_names_and_types_by_node) == inputs)
    assert node.trigger_deactivate() == SUCCESS
