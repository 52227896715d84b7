# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Everything that segment_node publishes about a window."""

from __future__ import annotations

from typing import Any

from std_msgs.msg import Float64, Header

from eventsam_ros.evaluation.overlay import draw_classes, draw_events, draw_overlay
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference.class_maps import ClassMap
from eventsam_ros.inference.masks import Masks

from . import topics, vision
from .connections import Connections
from .images import to_message
from .stamps import stamp
from .stream import StampedWindow


class Outputs:
    """The node's publishers; nothing is made that nobody listens to."""

    def __init__(self, connections: Connections) -> None:
        """Make the publishers, silent until the node is active.

        Args:
            connections: Of the node whose publishers they are.
        """
        self._connections = connections
        self._publishers: dict[str, Any] = {
            topic.name: connections.advertise(topic) for topic in topics.OUTPUTS
            if topic is not topics.DIAGNOSTICS and topic.message is not None}
        self._labelled_frame: str | None = None

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in self._publishers.values():
            self._connections.withdraw(publisher)
        self._publishers.clear()

    def wanted(self, *of: topics.Topic) -> bool:
        """Return whether anyone listens to one of these outputs; to any where none is named."""
        publishers = (self._publishers.get(topic.name) for topic in of or topics.OUTPUTS)
        return any(p is not None and p.get_subscription_count() > 0 for p in publishers)

    @staticmethod
    def header(stamped: StampedWindow) -> Header:
        """Return the header of all that is published about a window."""
        return Header(stamp=stamp(stamped.stamp_ns), frame_id=stamped.frame_id)

    def publish_found(self, header: Header, found: Masks | ClassMap) -> None:
        """Publish ids (mono16) and boxes of masks, or classes (mono8), and what values mean."""
        if self.wanted(topics.MASK):
            image = (to_message(found.labels, 'mono8', header) if isinstance(found, ClassMap)
                     else to_message(found.label_image(), 'mono16', header))
            self._publish(topics.MASK, image)
        if isinstance(found, Masks) and self.wanted(topics.DETECTIONS):
            self._publish(topics.DETECTIONS, vision.detections(found, header))
        if self._labelled_frame != header.frame_id and vision.INSTALLED:
            self._publish(topics.LABEL_INFO, vision.class_info(header, found.names)
                          if isinstance(found, ClassMap) else vision.label_info(header))
            self._labelled_frame = header.frame_id

    def publish_times(self, processing_ms: float, latency_ms: float) -> None:
        """Publish how long a window took."""
        self._publish(topics.PROCESSING, Float64(data=processing_ms))
        self._publish(topics.LATENCY, Float64(data=latency_ms))

    def publish_pictures(
        self, header: Header, window: Window, found: Masks | ClassMap,
        background: UInt8 | None,
    ) -> None:
        """Draw and publish what someone looks at.

        Args:
            header: Of the window.
            window: Its events.
            found: Masks or classes in it.
            background: Camera picture of that moment; drawn on where it fits the sensor.
        """
        events: UInt8 | None = None
        if self.wanted(topics.EVENT_IMAGE):
            events = draw_events(window)
            self._publish(topics.EVENT_IMAGE, to_message(events, 'bgr8', header))
        if self.wanted(topics.OVERLAY):
            size = (window.height, window.width)
            if background is not None and background.shape[:2] == size:
                picture = background
            else:
                picture = draw_events(window) if events is None else events
            drawn = (draw_classes(picture, found.labels, found.colours)
                     if isinstance(found, ClassMap) else draw_overlay(picture, found))
            self._publish(topics.OVERLAY, to_message(drawn, 'bgr8', header))

    def _publish(self, topic: topics.Topic, message: Any) -> None:
        self._publishers[topic.name].publish(message)
