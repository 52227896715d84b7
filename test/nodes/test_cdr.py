# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The stamp in serialised messages, read and written against rclpy's own serialisation."""

from __future__ import annotations

from event_camera_msgs.msg import EventPacket
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

from eventsam_ros.nodes.cdr import begins_with_header, stamp_of, with_stamp
from eventsam_ros.nodes.stamps import nanoseconds, stamp

TIME_NS = 1_700_000_000_123_456_789


def test_the_stamp_is_found_and_replaced_and_the_rest_stays():
    message = Image(height=2, width=3, encoding='mono8', step=3, data=bytes(6))
    message.header.stamp = stamp(TIME_NS)
    message.header.frame_id = 'somewhere'
    raw = serialize_message(message)
    assert stamp_of(raw) == TIME_NS
    moved = deserialize_message(with_stamp(raw, TIME_NS + 5), Image)
    assert nanoseconds(moved.header.stamp) == TIME_NS + 5
    moved.header.stamp = message.header.stamp
    assert moved == message


def test_types_with_a_header_in_front_are_known():
    assert begins_with_header(EventPacket)
    assert begins_with_header(CompressedImage)
    assert not begins_with_header(String)


def test_times_that_a_stamp_cannot_hold_are_cut():
    assert nanoseconds(stamp(-5)) == 0
    assert nanoseconds(stamp(1 << 62)) == (2**31 - 1) * 10**9
