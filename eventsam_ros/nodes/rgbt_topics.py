# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The topics of rgbt_node."""

from __future__ import annotations

from . import qos
from .topics import DIAGNOSTICS, Topic

RGB = Topic('image', 'sensor_msgs/Image', qos.image, 'the colour camera')
THERMAL = Topic(
    'thermal', 'sensor_msgs/Image', qos.image, 'the thermal camera, registered: it shows the same '
    'view; 8 bits, or 16 bits of raw counts')
INPUTS = (RGB, THERMAL)

CLASSES = Topic(
    '~/classes', 'sensor_msgs/Image', qos.mask, 'mono8: class of every pixel; stamp and frame_id '
    'of the colour picture, or of the thermal one where it is alone')
LABEL_INFO = Topic(
    '~/label_info', 'vision_msgs/LabelInfo', qos.latched, 'where vision_msgs is installed: the '
    'names of the classes')
OVERLAY = Topic(
    '~/overlay', 'sensor_msgs/Image', qos.overlay, 'bgr8: the classes over the picture, but for '
    'class 0')
MODE = Topic('~/mode', 'std_msgs/String', qos.latched, 'what class maps are made from, on change')
LATENCY = Topic(
    '~/debug/pipeline_latency_ms', 'std_msgs/Float64', qos.debug, "from the picture's stamp to "
    "its class map, by the node's clock")
OUTPUTS = (CLASSES, LABEL_INFO, OVERLAY, MODE, LATENCY)

__all__ = ['CLASSES', 'DIAGNOSTICS', 'INPUTS', 'LABEL_INFO', 'LATENCY', 'MODE', 'OUTPUTS',
           'OVERLAY', 'RGB', 'THERMAL']
