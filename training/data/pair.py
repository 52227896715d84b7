# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One training pair: the picture of an event window and the colour frame at the window's end."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from eventsam_ros.events.tensors import NO_EVENT, REPRESENTATIONS, window_image
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference.letterbox import Letterbox

UNLABELLED = 255
"""Value of all ids of a pair without labels."""
MOST_IDS = 254
FRAME_PADDING = (124, 116, 104)
"""Colour around a frame: the mean of ImageNet, which normalises to nothing, as SAM pads."""


@dataclass(frozen=True)
class Settings:
    """What all pairs of a folder share.

    Attributes:
        width: Columns of the network's input, a multiple of 4.
        height: Rows of the network's input, a multiple of 4.
        representation: Event representation (eventsam_ros.events.tensors).
    """

    width: int
    height: int
    representation: str = 'robust'

    def __post_init__(self) -> None:
        """Refuse sizes and representations that do not exist.

        Raises:
            ValueError: One of them.
        """
        Letterbox(1, 1, self.width, self.height)
        if self.representation not in REPRESENTATIONS:
            raise ValueError(
                f'representation must be one of {", ".join(REPRESENTATIONS)}, but got '
                f'{self.representation!r}')


@dataclass(frozen=True)
class Pair:
    """What one network input shows, as events and as light; the padding is right and below.

    Attributes:
        picture: Event picture, uint8 [H, W, 3], NO_EVENT in the padding.
        frame: The same view at the end of the window, uint8 [H, W, 3] RGB.
        ids: Instance ids at the end of the window, uint8 [H, W]: 0 background and padding, 1 to
            254 objects; UNLABELLED everywhere where nothing is labelled.
        content: Columns and rows that are not padding.
        name: Where it comes from, unique in its folder and the same in every run. What stands
            before the last / is the scene, photo, film or recording: pairs that share it look
            alike, and must not be parted between training and validation.
    """

    picture: UInt8
    frame: UInt8
    ids: UInt8
    content: tuple[int, int]
    name: str = ''

    @property
    def labelled(self) -> bool:
        """Whether the ids say anything."""
        return bool(self.ids[0, 0] != UNLABELLED)


def resized_ids(ids: UInt8, size: tuple[int, int]) -> UInt8:
    """Return ids at another size (columns, rows), each pixel that of the nearest centre."""
    return np.asarray(cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def resized_frame(frame: UInt8, size: tuple[int, int]) -> UInt8:
    """Return a picture at another size (columns, rows), averaged over areas where it shrinks."""
    if (frame.shape[1], frame.shape[0]) == size:
        return frame
    shrinks = frame.shape[1] > size[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=method), np.uint8)


def padded(
    picture: UInt8, frame: UInt8, ids: UInt8, width: int, height: int, name: str,
) -> Pair:
    """Return the pair of three arrays of the content's size, with padding around them."""
    rows, columns = ids.shape
    full = Pair(
        np.full((height, width, 3), NO_EVENT, np.uint8),
        np.full((height, width, 3), FRAME_PADDING, np.uint8),
        np.full((height, width), UNLABELLED if ids[0, 0] == UNLABELLED else 0, np.uint8),
        (columns, rows), name)
    full.picture[:rows, :columns] = picture
    full.frame[:rows, :columns] = frame
    full.ids[:rows, :columns] = ids
    return full


def make_pair(
    window: Window, frame: UInt8, ids: UInt8 | None, settings: Settings, name: str,
) -> Pair:
    """Bring a window, its frame and its ids to the network's scale, as inference does.

    Args:
        window: Events up to the frame.
        frame: RGB picture of the sensor's whole view, uint8 [h, w, 3], of any size.
        ids: Instance ids of the same view, uint8 [h, w], or None where there are none.
        settings: Size and representation.
        name: Name of the pair.
    """
    size = Letterbox(window.width, window.height, settings.width, settings.height).content
    unlabelled = np.full(size[::-1], UNLABELLED, np.uint8)
    small = unlabelled if ids is None else resized_ids(ids, size)
    return padded(
        window_image(window, settings.representation, *size), resized_frame(frame, size), small,
        settings.width, settings.height, name)
