# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Colour and thermal pictures as a network sees them: one definition for training and serving."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import UInt8

from .letterbox import Letterbox

HOLE = 0
"""Value of raw thermal pixels without a measurement (PST900's projection leaves such holes)."""
_SPAN = (1.0, 99.0)
"""Percentiles of raw thermal values that become black and white."""


def check_thermal(thermal: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    """Check that a picture is one of heat.

    Raises:
        ValueError: Not a picture of one channel of 8 or 16 bits.
    """
    if thermal.ndim != 2 or thermal.dtype not in (np.uint8, np.uint16):
        raise ValueError('a thermal picture must be [height, width] of uint8 or uint16, but got '
                         f'{list(thermal.shape)} of {thermal.dtype}')


def thermal_levels(thermal: NDArray[np.uint8] | NDArray[np.uint16]) -> UInt8:
    """Return a thermal picture in grey levels.

    Args:
        thermal: [H, W]; 8 bits stay as they are, 16 bits (raw counts) are spread so that the 1st
            and the 99th percentile of what is no hole become 0 and 255.

    Returns:
        uint8 [H, W].

    Raises:
        ValueError: Not a picture of one channel of 8 or 16 bits.
    """
    check_thermal(thermal)
    if thermal.dtype == np.uint8:
        return np.asarray(thermal, np.uint8)
    measured = thermal[thermal != HOLE]
    if not len(measured):
        return np.zeros(thermal.shape, np.uint8)
    low, high = np.percentile(measured, _SPAN)
    share = (thermal.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1.0))
    levels = np.clip(255 * share + 0.5, 0, 255)
    return np.asarray(np.where(thermal == HOLE, 0, levels), np.uint8)


def fitted(picture: UInt8, columns: int, rows: int) -> UInt8:
    """Return a picture [H, W] or [H, W, 3] at another size: areas are averaged, never skipped."""
    if picture.shape[:2] == (rows, columns):
        return picture
    smaller = columns < picture.shape[1] or rows < picture.shape[0]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (columns, rows), interpolation=method), np.uint8)


def colour_input(rgb: UInt8, letterbox: Letterbox) -> UInt8:
    """Return a colour picture uint8 [H, W, 3] at the size of the content of the input."""
    return fitted(rgb, *letterbox.content)


def thermal_input(
    thermal: NDArray[np.uint8] | NDArray[np.uint16], letterbox: Letterbox,
) -> UInt8:
    """Return a thermal picture [H, W] in three equal channels at the size of the content."""
    grey = fitted(thermal_levels(thermal), *letterbox.content)
    return np.repeat(grey[..., None], 3, axis=2)
