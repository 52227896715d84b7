# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The message package talks to the real drivers."""

from __future__ import annotations

from event_camera_msgs.msg import EventPacket
import pytest
import rclpy

from eventsam_ros.nodes import qos

TYPE_HASH = 'RIHS01_d6fa176260b1f37e5a40845305315e150a0f18191241eb64f407442aa29844aa'
"""As published in recordings of the drivers (metadata of ros-event-camera's test bags)."""


def test_the_event_packet_has_the_type_hash_of_the_drivers():
    node = rclpy.create_node('hashes')
    node.create_publisher(EventPacket, 'events', qos.events())
    (info,) = node.get_publishers_info_by_topic('/events')
    node.destroy_node()
    if not hasattr(info, 'topic_type_hash'):
        pytest.skip('this rclpy does not tell type hashes')
    assert str(info.topic_type_hash) == TYPE_HASH


def test_events_are_kept_a_thousand_deep_and_best_effort():
    profile = qos.events()
    assert profile.depth >= 1000
    assert profile.reliability == rclpy.qos.ReliabilityPolicy.BEST_EFFORT
