# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Collects what segment_node publishes: a film, a contact sheet and figures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
import json
from pathlib import Path
import sys
from typing import Any, TypeVar

import cv2
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Float64

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.film import Film
from eventsam_ros.evaluation.metrics import Labels, best_match_iou
from eventsam_ros.evaluation.overlay import contact_sheet

from . import qos
from .connections import QUIET_S
from .files import unfinished, usable, whole
from .images import to_array, to_bgr
from .running import run
from .stamps import nanoseconds

READY = 'recorder ready'
"""Line on standard output when the masks' publisher has been found."""
Pixels = TypeVar('Pixels')
_TRUTHS_KEPT = 300
_TOLERANCE_NS = 5_000_000
"""Most time between a mask and the ground truth that it is compared with."""


def readable(node: Node, message: Image, read: Callable[[Image], Pixels]) -> Pixels | None:
    """Return the pixels of a message, or None where it has none, which is told.

    Args:
        node: Who tells it.
        message: From whoever publishes.
        read: Raises ValueError where it cannot read a message.
    """
    try:
        return read(message)
    except ValueError as error:
        node.get_logger().warning(f'a picture is left out: {error}',
                                  throttle_duration_sec=QUIET_S)
        return None


class RecorderNode(Node):
    """Writes overlay.mp4, contact_sheet.png and recorder.json into a folder."""

    def __init__(self, **options: Any) -> None:
        """Subscribe.

        Args:
            options: Of rclpy's Node.
        """
        # rclpy destroys the node at shutdown, even one whose constructor failed.
        self._folder: Path | None = None
        super().__init__('recorder_node', **options)
        folder = Path(str(self.declare_parameter('output', '.').value))
        usable(folder)   # and not found out at the end
        self._film = Film(unfinished(folder / 'overlay.mp4'))
        self._truths: OrderedDict[int, Labels] = OrderedDict()
        self._ious: list[float] = []
        self._compared = 0
        self._masks: list[int] = []
        self._ids: set[int] = set()
        self._times: dict[str, list[float]] = {'processing_ms': [], 'pipeline_latency_ms': []}
        self._diagnostics: dict[str, str] = {}
        masks = self.create_subscription(Image, 'mask', self._on_mask, qos.replay())
        self._mask_topic = masks.topic_name
        if self.declare_parameter('film', True).value:
            self.create_subscription(Image, 'overlay', self._on_overlay, qos.replay())
        self.create_subscription(Image, 'ground_truth', self._on_truth, qos.replay())
        for topic, name in (('processing_time_ms', 'processing_ms'),
                            ('pipeline_latency_ms', 'pipeline_latency_ms')):
            self.create_subscription(
                Float64, topic, lambda m, name=name: self._times[name].append(m.data),
                qos.replay())
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, qos.debug())
        self._look = self.create_timer(0.05, self._look_for_masks)
        self._folder = folder

    def destroy_node(self) -> None:
        """Write what was collected before the node goes.

        Raises:
            EventsamError: Not all of it could be written; what could not is not there.
        """
        folder, self._folder = self._folder, None
        try:
            if folder is not None:
                self._save(folder)
        finally:
            super().destroy_node()

    def _save(self, folder: Path) -> None:
        with whole(folder / 'recorder.json') as path:
            path.write_text(json.dumps(self._figures()), 'utf-8')
        moments = self._film.moments()
        self._film.close()
        if not moments:
            return
        with whole(folder / 'overlay.mp4') as path:
            written = int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))
            if written != self._film.frames:
                raise OSError(f'it has {max(written, 0)} of {self._film.frames} pictures; '
                              'is the disk full?')
        sheet = contact_sheet([picture for _, picture in moments], 4,
                              [f'{second:.1f} s' for second, _ in moments])
        with whole(folder / 'contact_sheet.png') as path:
            if not cv2.imwrite(str(path), sheet):
                raise OSError('OpenCV could not write it; is the disk full?')

    def _figures(self) -> dict[str, Any]:
        return {
            'windows_with_masks': sum(count > 0 for count in self._masks),
            'mask_images': len(self._masks), 'masks': sum(self._masks),
            'objects': len(self._ids), 'pictures': self._film.pictures,
            **{name: _percentiles(values) for name, values in self._times.items()},
            'ground_truth': {'windows': self._compared, 'objects': len(self._ious),
                             'mIoU': float(np.mean(self._ious))} if self._ious else None,
            'diagnostics': self._diagnostics,
        }

    def _look_for_masks(self) -> None:
        if self.count_publishers(self._mask_topic):
            print(READY, flush=True)
            self.destroy_timer(self._look)

    def _on_mask(self, message: Image) -> None:
        labels = readable(self, message, to_array)
        if labels is None:
            return
        found = {int(i) for i in np.unique(labels)} - {0}
        self._masks.append(len(found))
        self._ids |= found
        truth = self._truth_at(nanoseconds(message.header.stamp))
        if truth is not None and truth.shape == labels.shape:
            self._compared += 1
            self._ious.extend(float(v) for v in best_match_iou(truth, labels))

    def _truth_at(self, stamp_ns: int) -> Labels | None:
        nearest = min(self._truths, key=lambda t: abs(t - stamp_ns), default=None)
        if nearest is None or abs(nearest - stamp_ns) > _TOLERANCE_NS:
            return None
        return self._truths[nearest]

    def _on_overlay(self, message: Image) -> None:
        picture = readable(self, message, to_bgr)
        if picture is not None:
            self._film.add(nanoseconds(message.header.stamp), picture)

    def _on_truth(self, message: Image) -> None:
        labels = readable(self, message, to_array)
        if labels is None:
            return
        self._truths[nanoseconds(message.header.stamp)] = labels
        if len(self._truths) > _TRUTHS_KEPT:
            self._truths.popitem(last=False)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.endswith('segment_node: segmentation') and len(status.values) > 2:
                self._diagnostics = {pair.key: pair.value for pair in status.values}


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {f'p{p}': float(np.percentile(values, p)) for p in (50, 95, 99)}


def main(args: Sequence[str] | None = None) -> int:
    """Record until told to stop; return the exit code: 1 where something was not written."""
    try:
        return run(RecorderNode, args=args)
    except EventsamError as error:
        print(f'recorder_node: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
