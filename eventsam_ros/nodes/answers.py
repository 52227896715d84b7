# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a network found, as messages: objects, classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eventsam_ros.evaluation.overlay import draw_classes, draw_overlay
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.class_maps import ClassMap
from eventsam_ros.inference.class_votes import NO_CLASS
from eventsam_ros.inference.masks import Masks

from . import vision
from .images import to_message

Names = tuple[tuple[int, str], ...]
UNLABELLED = 65535
"""Value of a mono16 mask for pixels that nothing is known of (vision_msgs' convention)."""


class Answer(Protocol):
    """What was found in one input."""

    def __len__(self) -> int:
        """Return how many objects or classes there are."""

    def image(self, header: Header) -> Image:
        """Return the mask, mono16 ids or mono8 classes."""

    def names(self) -> Names:
        """Return values of the mask and what they mean."""

    def detections(self, header: Header) -> Any:
        """Return boxes as Detection2DArray, or None where there are no objects."""

    def drawn(self, picture: UInt8) -> UInt8:
        """Return it over a picture of its size, bgr uint8 [H, W, 3]."""


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
