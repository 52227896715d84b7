# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Everything that rgbt_node publishes about a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from std_msgs.msg import Float64, Header, String

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.rgbt_bundle import RgbtManifest

from . import rgbt_topics as topics
from . import vision
from .connections import Connections
from .images import to_message
from .topics import Topic

_SEEN = 0.45
"""Share of the class's colour in the overlay."""


def drawn(picture: UInt8, classes: UInt8, colours: UInt8) -> UInt8:
    """Return classes over a picture; class 0 shows the picture as it is.

    Args:
        picture: uint8 [H, W, 3] blue green red.
        classes: uint8 [H, W].
        colours: Of the classes, RGB, uint8 [C, 3].
    """
    painted = colours[np.minimum(classes, len(colours) - 1)][..., ::-1]
    mixed = (1 - _SEEN) * picture + _SEEN * painted
    return np.where(classes[..., None] > 0, mixed, picture).astype(np.uint8)


class RgbtOutputs:
    """The node's publishers; nothing is made that nobody listens to."""

    def __init__(self, connections: Connections, manifest: RgbtManifest) -> None:
        """Make the publishers, silent until the node is active.

        Args:
            connections: Of the node whose publishers they are.
            manifest: Of the bundle, for names and colours.
        """
        self._connections, self._manifest = connections, manifest
        self._colours = np.asarray(manifest.colours, np.uint8)
        self._publishers: dict[str, Any] = {
            topic.name: connections.advertise(topic) for topic in topics.OUTPUTS
            if topic.message is not None}
        self._labelled_frame: str | None = None
        self._mode = ''

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in self._publishers.values():
            self._connections.withdraw(publisher)
        self._publishers.clear()

    def wanted(self, *of: Topic) -> bool:
        """Return whether anyone listens to one of these outputs; to any where none is named."""
        publishers = (self._publishers.get(topic.name) for topic in of or topics.OUTPUTS)
        return any(p is not None and p.get_subscription_count() > 0 for p in publishers)

    def publish(
        self, header: Header, classes: UInt8, picture: UInt8, mode: str, latency_ms: float,
    ) -> None:
        """Publish what someone listens to.

        Args:
            header: Of the picture.
            classes: Class map, uint8 [H, W].
            picture: What it lies on, uint8 [H, W, 3] blue green red.
            mode: What it was made from.
            latency_ms: Of the class map.
        """
        if self._labelled_frame != header.frame_id and vision.INSTALLED:
            self._send(topics.LABEL_INFO, vision.class_info(header, self._manifest.classes))
            self._labelled_frame = header.frame_id
        if self._mode != mode:
            self._send(topics.MODE, String(data=mode))
            self._mode = mode
        if self.wanted(topics.CLASSES):
            self._send(topics.CLASSES, to_message(classes, 'mono8', header))
        if self.wanted(topics.OVERLAY):
            self._send(topics.OVERLAY, to_message(
                drawn(picture, classes, self._colours), 'bgr8', header))
        self._send(topics.LATENCY, Float64(data=latency_ms))

    def _send(self, topic: Topic, message: Any) -> None:
        self._publishers[topic.name].publish(message)
