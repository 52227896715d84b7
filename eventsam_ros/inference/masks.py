# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The result of segmentation: masks with ids, boxes and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool, Float32, UInt16

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Masks:
    """M masks of one window.

    Attributes:
        ids: Id of each object, 1 to 65534, unique; int32 [M].
        masks: bool [M, H, W] in sensor pixels; they may overlap.
        boxes: x0, y0 (inclusive), x1, y1 (exclusive) in sensor pixels, float32 [M, 4]; zeros for
            a mask with no pixel.
        scores: IoU with the object that the network expects, 0 to 1; float32 [M].
    """

    ids: Int32
    masks: Bool
    boxes: Float32
    scores: Float32

    def __post_init__(self) -> None:
        """Check that the arrays belong together.

        Raises:
            ValueError: A shape does not fit the others.
        """
        count = len(self.ids)
        if self.masks.ndim != 3 or len(self.masks) != count:
            raise ValueError(
                f'masks must have shape ({count}, height, width), but got {self.masks.shape}')
        if self.boxes.shape != (count, 4):
            raise ValueError(f'boxes must have shape ({count}, 4), but got {self.boxes.shape}')
        if self.scores.shape != (count,):
            raise ValueError(f'scores must have shape ({count},), but got {self.scores.shape}')

    def __len__(self) -> int:
        """Return the number of masks."""
        return len(self.ids)

    @classmethod
    def empty(cls, width: int, height: int) -> Masks:
        """Return no masks of a sensor of the given size."""
        return cls.build([], np.zeros((0, height, width), np.bool_), [])

    @classmethod
    def build(cls, ids: Sequence[int] | Int32, masks: Bool, scores: Sequence[float] | Float32,
              ) -> Masks:
        """Put masks together and find their boxes; scores are brought into 0 to 1."""
        boxes = np.array([mask_box(mask) for mask in masks], np.float32).reshape(-1, 4)
        return cls(np.asarray(ids, np.int32), masks, boxes,
                   np.clip(np.asarray(scores, np.float32), 0, 1))

    def label_image(self) -> UInt16:
        """Return the id of every pixel, uint16 [H, W]; 0 is background.

        Where masks overlap, the smaller one lies on top; of equal ones the first.
        """
        image = np.zeros(self.masks.shape[1:], np.uint16)
        areas = np.array([cv2.countNonZero(mask.view(np.uint8)) for mask in self.masks])
        for k in np.argsort(areas, kind='stable')[::-1]:
            x0, y0, x1, y1 = self.boxes[k].astype(int)
            image[y0:y1, x0:x1][self.masks[k, y0:y1, x0:x1]] = self.ids[k]
        return image


def mask_box(mask: Bool) -> Float32:
    """Return the box of a mask.

    Args:
        mask: bool [H, W].

    Returns:
        x0, y0 (inclusive), x1, y1 (exclusive), float32 [4]; zeros where the mask is empty.
    """
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    return np.array([x, y, x + width, y + height], np.float32)
