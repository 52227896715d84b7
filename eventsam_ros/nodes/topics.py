# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The topics and services of segment_node; the node and docs/interface.md are made from these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from rclpy.qos import QoSProfile

from eventsam_ros.inference.manifest import TASKS

from . import qos

EVENT_TASKS = ('events', 'event_semantic')
"""Tasks of bundles that look at events alone; `referring` may."""


@dataclass(frozen=True)
class Topic:
    """One topic.

    Attributes:
        name: As in the code, before any remapping.
        type: Package and message, for instance sensor_msgs/Image.
        qos: Makes its quality of service.
        note: What a user has to know.
        tasks: Tasks of bundles with which it is there.
    """

    name: str
    type: str
    qos: Callable[[], QoSProfile]
    note: str
    tasks: tuple[str, ...] = TASKS

    @property
    def message(self) -> Any:
        """Class of its messages, or None where their package is not installed."""
        return message_class(self.type)


def message_class(name: str) -> Any:
    """Return the class of a message named as in package/Message, or None where it is missing."""
    package, _, kind = name.partition('/')
    try:
        return getattr(import_module(f'{package}.msg'), kind, None)
    except ImportError:
        return None


EVENTS = Topic(
    'events', 'event_camera_msgs/EventPacket', qos.events, 'every packet is decoded, gaps in seq '
    'are counted; with `events_type` dvs_msgs/EventArray or prophesee_event_msgs/EventArray',
    (*EVENT_TASKS, 'referring'))
TRIGGERS = Topic(
    'triggers', 'event_camera_msgs/EventPacket', qos.events, 'with `window.policy` trigger only: '
    'packets of encoding trigger, where the driver sends them on a topic of their own',
    EVENTS.tasks)
IMAGE = Topic(
    'image', 'sensor_msgs/Image', qos.image, 'the colour camera, which is segmented; grey, '
    'colours, Bayer mosaics and YUV 4:2:2 of 8 bits, grey and mosaics of 16, others through an '
    'installed cv_bridge; beside events its stamps end the windows with `window.policy` frame, '
    'and with `use_images` it is the ground of the overlay, subscribed to while someone looks at '
    'that; with `image_transport` compressed sensor_msgs/CompressedImage on image/compressed')
THERMAL = Topic(
    'thermal', 'sensor_msgs/Image', qos.image, 'the thermal camera, registered: it shows the same '
    'view; 8 bits, or 16 bits of raw counts; compressed as image', ('rgbt_semantic',))
POINT = Topic(
    'prompt/point', 'geometry_msgs/PointStamped', qos.prompt, 'x, y in sensor pixels begin a new '
    'object; z < 0 says what the last one is not', ('events',))
BOXES = Topic(
    'prompt/boxes', 'vision_msgs/Detection2DArray', qos.prompt, 'where vision_msgs is installed: '
    'replaces all boxes, none removes them; id is the value in the mask', ('events',))
REMOVE = Topic(
    'prompt/remove', 'std_msgs/UInt16', qos.prompt, 'value in the mask of the prompted object '
    'that is to be forgotten', ('events',))
TEXT = Topic(
    'prompt/text', 'std_msgs/String', qos.prompt, 'a sentence says what to follow, and replaces '
    'the one before; `NAME: sentence` adds or changes the target of that name, `NAME:` removes '
    'it, an empty text removes all', ('referring',))
INPUTS = (EVENTS, TRIGGERS, IMAGE, THERMAL, POINT, BOXES, REMOVE, TEXT)

MASK = Topic(
    '~/mask', 'sensor_msgs/Image', qos.mask, 'mono16: ids of objects, 0 background; or, with '
    'bundles of classes (`*_semantic`, `panoramic`), mono8: classes, 255 unlabelled; stamp: end '
    "of the window on the host's clock, or the frame's own; frame_id of the sensor")
DETECTIONS = Topic(
    '~/detections', 'vision_msgs/Detection2DArray', qos.mask, 'where vision_msgs is installed: '
    'box, id and expected IoU of every mask, the name of a target as its class; same header as '
    'the mask', ('events', 'referring'))
TARGETS = Topic(
    '~/targets', 'std_msgs/String', qos.mask, 'JSON, with every mask: stamp and frame_id, and '
    'targets, each with name, sentence, id, found and score (0 to 1)', ('referring',))
LABEL_INFO = Topic(
    '~/label_info', 'vision_msgs/LabelInfo', qos.latched, 'where vision_msgs is installed: what '
    'the values of the mask mean')
MODE = Topic(
    '~/mode', 'std_msgs/String', qos.latched, 'which cameras class maps are made from, on change',
    ('rgbt_semantic',))
OVERLAY = Topic('~/overlay', 'sensor_msgs/Image', qos.overlay, 'bgr8: the masks drawn')
EVENT_IMAGE = Topic(
    '~/event_image', 'sensor_msgs/Image', qos.overlay, 'bgr8: the events of the window drawn',
    EVENTS.tasks)
PROCESSING = Topic(
    '~/debug/processing_time_ms', 'std_msgs/Float64', qos.debug, 'time that an input was worked '
    'on until its mask was published')
LATENCY = Topic(
    '~/debug/pipeline_latency_ms', 'std_msgs/Float64', qos.debug, 'from the stamp of a mask to '
    "when it was published, by the node's clock")
DIAGNOSTICS = Topic(
    '/diagnostics', 'diagnostic_msgs/DiagnosticArray', qos.debug, 'in every state of the node')
OUTPUTS = (
    MASK, DETECTIONS, TARGETS, LABEL_INFO, MODE, OVERLAY, EVENT_IMAGE, PROCESSING, LATENCY,
    DIAGNOSTICS)


def outputs_of(task: str) -> tuple[Topic, ...]:
    """Return what is published with bundles of a task."""
    return tuple(topic for topic in OUTPUTS if task in topic.tasks)


SERVICES = {
    '~/reset': 'std_srvs/Trigger: forgets stream, objects and prompts, or tracks, or what waits; '
               'sentences stay',
    '~/clear_prompts': 'std_srvs/Trigger: removes all prompts, sentences too',
}
