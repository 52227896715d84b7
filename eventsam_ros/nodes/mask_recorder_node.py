# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Writes every mask that segment_node publishes to disk, for scoring afterwards.

Nothing but the message at hand is in memory: masks become masks/STAMP.png (ids, 16 bits), and
every report on /diagnostics a line of diagnostics.jsonl.
"""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
import sys
import time
from typing import Any, TextIO

import cv2
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Float64

from eventsam_ros.errors import EventsamError

from . import qos
from .files import usable
from .images import to_array
from .recorder_node import READY, readable
from .running import run
from .stamps import nanoseconds

_QUICK = (cv2.IMWRITE_PNG_COMPRESSION, 1)


class MaskRecorderNode(Node):
    """Listens to one segment_node; its topics are remapped to mask and pipeline_latency_ms."""

    def __init__(self, **options: Any) -> None:
        """Subscribe.

        Args:
            options: Of rclpy's Node.
        """
        # rclpy destroys the node at shutdown, even one whose constructor failed.
        self._files: list[TextIO] = []
        super().__init__('mask_recorder_node', **options)
        self._folder = Path(str(self.declare_parameter('output', '.').value))
        self._name = str(self.declare_parameter('node', 'segment_node').value)
        usable(self._folder / 'masks')
        self._files += [(self._folder / name).open('w', encoding='utf-8')
                        for name in ('diagnostics.jsonl', 'latencies.csv')]
        self._diagnostics, self._latencies = self._files
        masks = self.create_subscription(Image, 'mask', self._on_mask, qos.replay())
        self._mask_topic = masks.topic_name
        self.create_subscription(
            Float64, 'pipeline_latency_ms', self._on_latency, qos.replay())
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, qos.debug())
        self._look = self.create_timer(0.05, self._look_for_masks)

    def destroy_node(self) -> None:
        """Finish the files before the node goes."""
        for file in self._files:
            file.close()
        super().destroy_node()

    def _look_for_masks(self) -> None:
        if self.count_publishers(self._mask_topic):
            print(READY, flush=True)
            self.destroy_timer(self._look)

    def _on_mask(self, message: Image) -> None:
        path = self._folder / 'masks' / f'{nanoseconds(message.header.stamp)}.png'
        labels = readable(self, message, to_array)
        # One that is missing would count as a window without a mask.
        if labels is not None and not cv2.imwrite(str(path), labels, _QUICK):
            path.unlink(missing_ok=True)
            raise EventsamError(f'{path} cannot be written; is the disk full?')

    def _on_latency(self, message: Float64) -> None:
        self._latencies.write(f'{message.data:.3f}\n')

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.endswith(f'{self._name}: segmentation') and len(status.values) > 2:
                values = {pair.key: pair.value for pair in status.values}
                line = {'time_s': time.monotonic(), 'values': values}
                self._diagnostics.write(json.dumps(line) + '\n')


def main(args: Sequence[str] | None = None) -> int:
    """Record until told to stop; return the exit code: 1 where something was not written."""
    try:
        return run(MaskRecorderNode, args=args)
    except (EventsamError, OSError) as error:
        print(f'mask_recorder_node: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
