# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks as vision_msgs, and boxes that come as vision_msgs."""

from __future__ import annotations

import time

from event_camera_msgs.msg import EventPacket
import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.prompts import LARGEST_ID, Box
from eventsam_ros.nodes import qos, vision
from eventsam_ros.nodes.images import to_array
from eventsam_ros.nodes.segment_node import SegmentNode

vision_msgs = pytest.importorskip('vision_msgs.msg', reason='vision_msgs is not installed')


def test_detections_hold_id_box_and_score():
    masks = np.zeros((1, 40, 60), np.bool_)
    masks[0, 10:20, 30:50] = True
    array = vision.detections(Masks.build([7], masks, [0.75]), Header(frame_id='f'))
    (detection,) = array.detections
    assert detection.id == '7'
    assert detection.header.frame_id == array.header.frame_id == 'f'
    assert (detection.bbox.size_x, detection.bbox.size_y) == (20.0, 10.0)
    assert detection.results[0].hypothesis.score == pytest.approx(0.75)
    assert vision.boxes(array) == [(Box(30, 10, 50, 20), 7)]


def test_an_id_of_thousands_of_digits_is_one_that_is_too_large():
    detection = vision_msgs.Detection2D(id='9' * 5000)
    ((_, id_),) = vision.boxes(vision_msgs.Detection2DArray(detections=[detection]))
    assert id_ == LARGEST_ID + 1


def test_zeros_before_an_id_do_not_count():
    detection = vision_msgs.Detection2D(id='00000042')
    ((_, id_),) = vision.boxes(vision_msgs.Detection2DArray(detections=[detection]))
    assert id_ == 42


def test_an_id_that_is_no_number_is_left_to_the_node():
    detection = vision_msgs.Detection2D(id='car')
    detection.bbox.size_x = detection.bbox.size_y = 2.0
    ((_, id_),) = vision.boxes(vision_msgs.Detection2DArray(detections=[detection]))
    assert id_ is None


def test_a_box_prompt_is_answered_by_mask_and_detection_with_its_id(graph, tiny_bundle, camera):
    node = graph.add(SegmentNode(parameter_overrides=[
        Parameter('bundle', value=str(tiny_bundle)), Parameter('autostart', value=True)]))
    other = graph.add(rclpy.create_node('other'))
    masks = graph.listen(other, Image, 'segment_node/mask')
    found = graph.listen(other, vision_msgs.Detection2DArray, 'segment_node/detections')
    # Late joiners get the label info: it is transient local.
    labels = graph.listen(other, vision_msgs.LabelInfo, 'segment_node/label_info', qos.latched())
    events = other.create_publisher(EventPacket, 'events', qos.events())
    boxes = other.create_publisher(vision_msgs.Detection2DArray, 'prompt/boxes', 10)
    graph.wait_for(lambda: events.get_subscription_count() and boxes.get_subscription_count())
    prompt = vision_msgs.Detection2D(id='42')
    prompt.bbox.center.position.x, prompt.bbox.center.position.y = 48.0, 32.0
    prompt.bbox.size_x, prompt.bbox.size_y = 24.0, 16.0
    boxes.publish(vision_msgs.Detection2DArray(detections=[prompt]))

    def answered():
        for _ in range(6):
            events.publish(camera.packet())
        time.sleep(0.03)
        return [m for m in found if [d.id for d in m.detections] == ['42']]
    (detections, *_) = graph.wait_for(answered)
    mask = graph.wait_for(lambda: [m for m in masks if m.header == detections.header])[0]
    image = to_array(mask)
    assert image[32, 48] == 42
    (detection,) = detections.detections
    assert detection.bbox.center.position.x == pytest.approx(48, abs=4)
    assert detection.bbox.size_x == pytest.approx(24, abs=8)
    graph.wait_for(lambda: labels)
    assert {c.class_id for c in labels[0].class_map} == {0, 65535}
    assert node.trigger_deactivate()
