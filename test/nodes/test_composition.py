# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Processes of other shapes: several nodes in one executor, no vision_msgs."""

from __future__ import annotations

import subprocess
import sys
import time

from event_camera_msgs.msg import EventPacket
import pytest
import rclpy
from sensor_msgs.msg import Image

from eventsam_ros.nodes import qos

# What a vehicle with two cameras writes: both in one process, one executor, one thread.
TWO = """
import sys
from functools import partial
from eventsam_ros.nodes.running import run
from eventsam_ros.nodes.segment_node import SegmentNode
sys.exit(run(*(partial(SegmentNode, namespace=name) for name in ('left', 'right'))))
"""
ONE = """
import sys
from eventsam_ros.nodes.segment_node import main
sys.exit(main())
"""
WITHOUT_VISION = f"""
import sys
sys.modules['vision_msgs'] = sys.modules['vision_msgs.msg'] = None
{ONE}"""


@pytest.fixture
def start(tiny_bundle):
    """Return a function that runs a program with nodes; their ends are checked."""
    programs = []

    def begin(code, *parameters):
        given = [f'bundle:={tiny_bundle}', 'autostart:=true', 'automatic.min_events:=10',
                 'automatic.min_window_events:=10', 'automatic.min_area:=10', *parameters]
        words = [word for p in given for word in ('-p', p)]
        programs.append(subprocess.Popen(
            [sys.executable, '-c', code, '--ros-args', *words], stderr=subprocess.PIPE,
            text=True))
        return programs[-1]
    yield begin
    for program in programs:
        program.terminate()
        try:
            _, errors = program.communicate(timeout=30)
        finally:
            program.kill()
        assert program.returncode == 0, errors
        assert 'Traceback' not in errors


def see_masks(graph, camera, namespace=''):
    other = graph.add(rclpy.create_node('other'))
    masks = graph.listen(other, Image, f'{namespace}/segment_node/mask')
    events = other.create_publisher(EventPacket, f'{namespace}/events', qos.events())
    graph.wait_for(lambda: events.get_subscription_count()
                   and other.count_publishers(f'{namespace}/segment_node/mask'), 60)

    def play():
        for _ in range(6):
            events.publish(camera.packet())
        time.sleep(0.05)
        return len(masks) >= 2
    graph.wait_for(play)
    return other


def test_two_cameras_in_one_process(graph, camera, start):
    start(TWO)
    see_masks(graph, camera, '/left')
    see_masks(graph, type(camera)(), '/right')


def test_the_node_works_without_vision_msgs(graph, camera, start):
    start(WITHOUT_VISION)
    other = see_masks(graph, camera)
    topics = {name for name, _ in other.get_topic_names_and_types()}
    assert '/segment_node/mask' in topics
    assert '/segment_node/detections' not in topics
    assert '/prompt/boxes' not in topics


def test_parameters_are_applied_where_rclpy_has_no_callback_for_after(
        make_node, tiny_bundle, monkeypatch):
    # As in Humble.
    monkeypatch.delattr('rclpy.node.Node.add_post_set_parameters_callback', raising=False)
    node = make_node(tiny_bundle)
    (result,) = node.set_parameters([rclpy.parameter.Parameter('prompts.hold_s', value=3.0)])
    assert result.successful
    assert node._values['prompts.hold_s'] == 3.0
    (result,) = node.set_parameters([rclpy.parameter.Parameter('prompts.hold_s', value=-3.0)])
    assert not result.successful
    assert node._values['prompts.hold_s'] == 3.0


