# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The vision_msgs side of masks and prompts, where vision_msgs is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from std_msgs.msg import Header

try:
    from vision_msgs.msg import (
        BoundingBox2D,
        Detection2D,
        Detection2DArray,
        LabelInfo,
        ObjectHypothesisWithPose,
        VisionClass,
    )
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.prompts import LARGEST_ID, Box

_OBJECT = 'object'
_DIGITS = len(str(LARGEST_ID)) + 1
"""Digits after which a number is too large, whatever follows."""

__all__ = ['INSTALLED', 'Detection2DArray', 'LabelInfo', 'boxes', 'detections', 'label_info']


def detections(masks: Masks, header: Header, names: Sequence[str] = ()) -> Any:
    """Return the boxes of masks as Detection2DArray; each id is the mask's value in the image.

    Args:
        masks: With their scores.
        header: Of them.
        names: Class of each; `object` where there are none.
    """
    array = Detection2DArray(header=header)
    for id_, (x0, y0, x1, y1), score, name in zip(
            masks.ids, masks.boxes, masks.scores, names or [_OBJECT] * len(masks), strict=True):
        detection = Detection2D(header=header, id=str(int(id_)))
        _place(detection.bbox, (float(x0) + float(x1)) / 2, (float(y0) + float(y1)) / 2)
        detection.bbox.size_x, detection.bbox.size_y = float(x1 - x0), float(y1 - y0)
        hypothesis = ObjectHypothesisWithPose()
        hypothesis.hypothesis.class_id = name
        hypothesis.hypothesis.score = float(score)
        detection.results.append(hypothesis)
        array.detections.append(detection)
    return array


def label_info(header: Header, names: Sequence[tuple[int, str]]) -> Any:
    """Return values of a mask and what they mean as LabelInfo."""
    return LabelInfo(header=header, threshold=0.0, class_map=[
        VisionClass(class_id=value, class_name=name) for value, name in names])


def boxes(message: Any) -> list[tuple[Box, int | None]]:
    """Return the boxes of a Detection2DArray with their ids, None where an id is no number.

    A number that is too large, with however many digits, becomes the first that is.
    """
    found = []
    for detection in message.detections:
        x, y = _centre(detection.bbox)
        half_x, half_y = detection.bbox.size_x / 2, detection.bbox.size_y / 2
        id_ = None
        if detection.id.isdecimal():
            id_ = min(int(detection.id.lstrip('0')[:_DIGITS] or 0), LARGEST_ID + 1)
        found.append((Box(x - half_x, y - half_y, x + half_x, y + half_y), id_ or None))
    return found


def _centre(box: BoundingBox2D) -> tuple[float, float]:
    # vision_msgs 4 moved the point into center.position.
    point = getattr(box.center, 'position', box.center)
    return point.x, point.y


def _place(box: BoundingBox2D, x: float, y: float) -> None:
    point = getattr(box.center, 'position', box.center)
    point.x, point.y = x, y
