# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Everything that segment_node publishes about a window."""

from __future__ import annotations

from typing import Any

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from std_msgs.msg import Float64, Header

from eventsam_ros.evaluation.overlay import draw_events, draw_overlay
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference.masks import Masks

from . import qos, vision
from .images import to_message
from .stamps import stamp
from .stream import StampedWindow


class Outputs:
    """The node's publishers; pictures are drawn only while someone listens."""

    def __init__(self, node: LifecycleNode) -> None:
        """Make the publishers, silent until the node is active.

        Args:
            node: Whose publishers they are.
        """
        def publisher(kind: Any, topic: str, profile: Any) -> Any:
            made = node.create_lifecycle_publisher(
                kind, topic, profile, qos_overriding_options=qos.overridable())
            self._publishers.append(made)
            return made

        self._node = node
        self._publishers: list[Any] = []
        self._mask = publisher(Image, '~/mask', qos.mask())
        self._overlay = publisher(Image, '~/overlay', qos.overlay())
        self._event_image = publisher(Image, '~/event_image', qos.overlay())
        self._processing = publisher(Float64, '~/debug/processing_time_ms', qos.debug())
        self._latency = publisher(Float64, '~/debug/pipeline_latency_ms', qos.debug())
        self._detections = self._label_info = None
        self._labelled_frame: str | None = None
        if vision.INSTALLED:
            self._detections = publisher(vision.Detection2DArray, '~/detections', qos.mask())
            self._label_info = publisher(vision.LabelInfo, '~/label_info', qos.latched())

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()

    @staticmethod
    def header(stamped: StampedWindow) -> Header:
        """Return the header of all that is published about a window."""
        return Header(stamp=stamp(stamped.stamp_ns), frame_id=stamped.frame_id)

    def publish_mask(self, header: Header, masks: Masks) -> None:
        """Publish ids of every pixel (mono16) and the boxes of the masks."""
        self._mask.publish(to_message(masks.label_image(), 'mono16', header))
        if self._detections is None or self._label_info is None:
            return
        self._detections.publish(vision.detections(masks, header))
        if self._labelled_frame != header.frame_id:
            self._label_info.publish(vision.label_info(header))
            self._labelled_frame = header.frame_id

    def publish_times(self, processing_ms: float, latency_ms: float) -> None:
        """Publish how long a window took."""
        self._processing.publish(Float64(data=processing_ms))
        self._latency.publish(Float64(data=latency_ms))

    def watched(self) -> bool:
        """Return whether anyone looks at a picture."""
        return bool(self._event_image.get_subscription_count()
                    or self._overlay.get_subscription_count())

    def publish_pictures(
        self, header: Header, window: Window, masks: Masks,
        background: UInt8 | None,
    ) -> None:
        """Draw and publish what someone looks at.

        Args:
            header: Of the window.
            window: Its events.
            masks: What was found in it.
            background: Camera picture of that moment; drawn on where it fits the sensor.
        """
        events: UInt8 | None = None
        if self._event_image.get_subscription_count():
            events = draw_events(window)
            self._event_image.publish(to_message(events, 'bgr8', header))
        if self._overlay.get_subscription_count():
            size = (window.height, window.width)
            if background is not None and background.shape[:2] == size:
                picture = background
            else:
                picture = draw_events(window) if events is None else events
            self._overlay.publish(to_message(draw_overlay(picture, masks), 'bgr8', header))
