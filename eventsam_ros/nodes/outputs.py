# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Everything that segment_node publishes about what it segmented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from std_msgs.msg import Float64, Header, String

from eventsam_ros.evaluation.overlay import draw_events
from eventsam_ros.events.types import UInt8, Window

from . import topics, vision
from .answers import Answer, Names
from .connections import Connections
from .images import to_message


@dataclass(frozen=True)
class Scene:
    """What was segmented, and what was found in it.

    Attributes:
        header: Of all that is published about it.
        stamp_ns: Its stamp.
        answer: What was found.
        ground: Returns the camera's picture, bgr uint8 [H, W, 3], or None.
        window: The events, or None.
        mode: What it was made from; empty where there is one way only.
    """

    header: Header
    stamp_ns: int
    answer: Answer
    ground: Callable[[], UInt8 | None]
    window: Window | None = None
    mode: str = ''


class Outputs:
    """The node's publishers; nothing is made that nobody listens to."""

    def __init__(self, connections: Connections, task: str) -> None:
        """Make the publishers, silent until the node is active.

        Args:
            connections: Of the node whose publishers they are.
            task: That of the bundle.
        """
        self._connections = connections
        self._publishers: dict[str, Any] = {
            topic.name: connections.advertise(topic) for topic in topics.outputs_of(task)
            if topic is not topics.DIAGNOSTICS and topic.message is not None}
        self._labelled: tuple[str, Names] | None = None
        self._mode = ''

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in self._publishers.values():
            self._connections.withdraw(publisher)
        self._publishers.clear()

    def wanted(self, *of: topics.Topic) -> bool:
        """Return whether anyone listens to one of these outputs; to any where none is named."""
        publishers = (self._publishers.get(topic.name) for topic in of or topics.OUTPUTS)
        return any(p is not None and p.get_subscription_count() > 0 for p in publishers)

    def publish_found(self, scene: Scene) -> None:
        """Publish mask and boxes, and what values mean."""
        header, answer = scene.header, scene.answer
        if self.wanted(topics.MASK):
            self._publish(topics.MASK, answer.image(header))
        if self.wanted(topics.DETECTIONS):
            self._publish(topics.DETECTIONS, answer.detections(header))
        if self.wanted(topics.TARGETS):
            self._publish(topics.TARGETS, String(data=answer.targets(header)))
        labelled = (header.frame_id, answer.names())
        if self._labelled != labelled and vision.INSTALLED:
            self._publish(topics.LABEL_INFO, vision.label_info(header, labelled[1]))
            self._labelled = labelled
        if self._mode != scene.mode:
            self._publish(topics.MODE, String(data=scene.mode))
            self._mode = scene.mode

    def publish_times(self, processing_ms: float, latency_ms: float) -> None:
        """Publish how long it took."""
        self._publish(topics.PROCESSING, Float64(data=processing_ms))
        self._publish(topics.LATENCY, Float64(data=latency_ms))

    def publish_pictures(self, scene: Scene) -> None:
        """Draw and publish what someone looks at.

        The overlay is drawn on the camera's picture, or on the events where there is none of the
        sensor's size.
        """
        window, events = scene.window, None
        if window is not None and self.wanted(topics.EVENT_IMAGE):
            events = draw_events(window)
            self._publish(topics.EVENT_IMAGE, to_message(events, 'bgr8', scene.header))
        if self.wanted(topics.OVERLAY):
            ground = scene.ground()
            if window is not None and (
                    ground is None or ground.shape[:2] != scene.answer.size):
                ground = draw_events(window) if events is None else events
            assert ground is not None
            drawn = scene.answer.drawn(ground)
            self._publish(topics.OVERLAY, to_message(drawn, 'bgr8', scene.header))

    def _publish(self, topic: topics.Topic, message: Any) -> None:
        self._publishers[topic.name].publish(message)
