# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a network found, as messages: objects, classes, targets of sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
import json
from typing import Any, Protocol

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eventsam_ros.evaluation.overlay import draw_classes, draw_overlay
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.class_maps import ClassMap
from eventsam_ros.inference.class_votes import NO_CLASS
from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.referring import Found

from . import vision
from .images import to_message

Names = tuple[tuple[int, str], ...]
UNLABELLED = 65535
"""Value of a mono16 mask for pixels that nothing is known of (vision_msgs' convention)."""


class Answer(Protocol):
    """What was found in one input."""

    def __len__(self) -> int:
        """Return how many objects or classes there are."""

    @property
    def size(self) -> tuple[int, int]:
        """Return rows and columns of the mask."""

    def image(self, header: Header) -> Image:
        """Return the mask, mono16 ids or mono8 classes."""

    def names(self) -> Names:
        """Return values of the mask and what they mean."""

    def detections(self, header: Header) -> Any:
        """Return boxes as Detection2DArray, or None where there are no objects."""

    def drawn(self, picture: UInt8) -> UInt8:
        """Return it over a picture of its size, bgr uint8 [H, W, 3]."""

    def targets(self, header: Header) -> str:
        """Return what is told of the targets of sentences, JSON; empty without sentences."""


@dataclass(frozen=True)
class Objects:
    """Masks of objects.

    Attributes:
        masks: Of the input.
    """

    masks: Masks

    def __len__(self) -> int:
        """Return how many masks there are."""
        return len(self.masks)

    @property
    def size(self) -> tuple[int, int]:
        """Return rows and columns of the masks."""
        rows, columns = self.masks.masks.shape[1:]
        return rows, columns

    def image(self, header: Header) -> Image:
        """Return the ids, mono16."""
        return to_message(self.masks.label_image(), 'mono16', header)

    def names(self) -> Names:
        """Return what values mean that are no ids."""
        return (0, 'background'), (UNLABELLED, 'unlabelled')

    def detections(self, header: Header) -> Any:
        """Return the boxes."""
        return vision.detections(self.masks, header)

    def drawn(self, picture: UInt8) -> UInt8:
        """Return the masks over a picture."""
        return draw_overlay(picture, self.masks)

    def targets(self, _header: Header) -> str:
        """Return nothing: there are no sentences."""
        return ''


@dataclass(frozen=True)
class Classes:
    """A class of every pixel.

    Attributes:
        classes: Of the input.
    """

    classes: ClassMap

    def __len__(self) -> int:
        """Return how many classes there are in the picture."""
        return len(self.classes)

    @property
    def size(self) -> tuple[int, int]:
        """Return rows and columns of the picture."""
        rows, columns = self.classes.labels.shape
        return rows, columns

    def image(self, header: Header) -> Image:
        """Return the classes, mono8."""
        return to_message(self.classes.labels, 'mono8', header)

    def names(self) -> Names:
        """Return the names of the classes."""
        return *enumerate(self.classes.names), (NO_CLASS, 'unlabelled')

    def detections(self, _header: Header) -> Any:
        """Return None: there are no objects."""
        return None

    def drawn(self, picture: UInt8) -> UInt8:
        """Return the colours of the classes over a picture."""
        return draw_classes(picture, self.classes.labels, self.classes.colours)

    def targets(self, _header: Header) -> str:
        """Return nothing: there are no sentences."""
        return ''


@dataclass(frozen=True)
class Targets:
    """What sentences name.

    Attributes:
        found: One answer a target.
        size: Rows and columns.
    """

    found: tuple[Found, ...]
    size: tuple[int, int]

    def __len__(self) -> int:
        """Return how many targets are found."""
        return len(self._there)

    @property
    def _there(self) -> tuple[Found, ...]:
        return tuple(each for each in self.found if each.found)

    @cached_property
    def _masks(self) -> Masks:
        there = self._there
        if not there:
            return Masks.empty(self.size[1], self.size[0])
        return Masks.build([each.id for each in there], np.stack([each.mask for each in there]),
                           [each.score for each in there])

    def image(self, header: Header) -> Image:
        """Return the ids of the targets, mono16."""
        return to_message(self._masks.label_image(), 'mono16', header)

    def names(self) -> Names:
        """Return ids and names of the targets."""
        return ((0, 'background'), *((each.id, each.name) for each in self.found),
                (UNLABELLED, 'unlabelled'))

    def detections(self, header: Header) -> Any:
        """Return the boxes of the targets that are found, their names as classes."""
        return vision.detections(self._masks, header, [each.name for each in self._there])

    def drawn(self, picture: UInt8) -> UInt8:
        """Return the masks over a picture, with their names."""
        return draw_overlay(picture, self._masks, names=[each.name for each in self._there])

    def targets(self, header: Header) -> str:
        """Return stamp and frame, and of each target name, sentence, id, found and score."""
        return json.dumps({
            'stamp': {'sec': header.stamp.sec, 'nanosec': header.stamp.nanosec},
            'frame_id': header.frame_id,
            'targets': [{'name': each.name, 'sentence': each.sentence, 'id': each.id,
                         'found': each.found, 'score': round(each.score, 4)}
                        for each in self.found]}, ensure_ascii=False)
