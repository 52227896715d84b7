# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What users say about objects: clicks, boxes and what to forget."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PointStamped
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import UInt16

from . import topics, vision
from .connections import Connections
from .prompts import PromptBoard, Sensor
from .stream import EventStream


class PromptInputs:
    """Subscribes to prompts, puts them on the board, and answers those that are refused."""

    def __init__(
        self, node: LifecycleNode, connections: Connections, board: PromptBoard,
        stream: EventStream,
    ) -> None:
        """Subscribe.

        Args:
            node: Whose inputs they are.
            connections: Of that node.
            board: Takes the prompts.
            stream: Tells whose pixels they are in.
        """
        self._node, self._board, self._stream = node, board, stream
        connections.subscribe(topics.POINT, self._on_point)
        connections.subscribe(topics.REMOVE, self._on_remove)
        if vision.INSTALLED:
            connections.subscribe(topics.BOXES, self._on_boxes)

    def tell_refusals(self) -> None:
        """Log why prompts were refused since the last call."""
        for reason in self._board.take_refusals():
            self._node.get_logger().warning(f'a prompt is refused: {reason}')

    def _on_point(self, message: PointStamped) -> None:
        point = message.point
        self._board.click(
            point.x, point.y, point.z >= 0, self._now_ns(), message.header.frame_id,
            self._sensor())
        self.tell_refusals()

    def _on_boxes(self, message: Any) -> None:
        self._board.boxes(
            vision.boxes(message), self._now_ns(), message.header.frame_id, self._sensor())
        self.tell_refusals()

    def _on_remove(self, message: UInt16) -> None:
        self._board.remove(message.data)
        self.tell_refusals()

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)

    def _sensor(self) -> Sensor | None:
        size = self._stream.size
        return None if size is None else Sensor(*size, self._stream.frame_id)
