# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What users say about objects: clicks, boxes and what to forget."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PointStamped
from std_msgs.msg import UInt16

from . import topics, vision
from .prompts import PromptBoard, Sensor
from .site import Site
from .stream import EventStream


class PromptInputs:
    """Subscribes to prompts, puts them on the board, and tells of those that are refused."""

    def __init__(self, site: Site, board: PromptBoard, stream: EventStream) -> None:
        """Prepare; `subscribe` begins.

        Args:
            site: Where it lives.
            board: Takes the prompts.
            stream: Tells whose pixels they are in.
        """
        self._site, self._board, self._stream = site, board, stream

    def subscribe(self) -> None:
        """Begin to listen."""
        connections = self._site.connections
        connections.subscribe(topics.POINT, self._on_point)
        connections.subscribe(topics.REMOVE, self._on_remove)
        if vision.INSTALLED:
            connections.subscribe(topics.BOXES, self._on_boxes)

    def _on_point(self, message: PointStamped) -> None:
        point = message.point
        self._board.click(
            point.x, point.y, point.z >= 0, self._site.now_ns(), message.header.frame_id,
            self._sensor())
        self._board.tell_refusals(self._site)

    def _on_boxes(self, message: Any) -> None:
        self._board.boxes(
            vision.boxes(message), self._site.now_ns(), message.header.frame_id, self._sensor())
        self._board.tell_refusals(self._site)

    def _on_remove(self, message: UInt16) -> None:
        self._board.remove(message.data)
        self._board.tell_refusals(self._site)

    def _sensor(self) -> Sensor | None:
        size = self._stream.size
        return None if size is None else Sensor(*size, self._stream.frame_id)
