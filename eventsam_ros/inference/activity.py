# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where in a window something happened: events that have company, not noise."""

from __future__ import annotations

import cv2
import numba
import numpy as np

from eventsam_ros.events.types import Float32, Window

from .letterbox import Letterbox

PIXEL_EVENTS = 8
"""Events that one pixel may count, so that a flickering lamp does not outweigh an object."""


@numba.njit(nogil=True, cache=True)
def _count(x, y, most, counts):  # type: ignore[no-untyped-def]
    """Count events a pixel up to a limit; those outside are left out."""
    height, width = counts.shape
    for i in range(len(x)):
        if x[i] < width and y[i] < height and counts[y[i], x[i]] < most:
            counts[y[i], x[i]] += 1


def event_activity(window: Window) -> Float32:
    """Count the events of every pixel that has an active neighbour.

    An edge that moves makes neighbouring pixels fire; shot noise and hot pixels fire alone. So a
    pixel counts only where at least one of its eight neighbours fired in the window too.

    Args:
        window: Events with sensor size; events outside the sensor are left out.

    Returns:
        float32 [height, width], each 0 to PIXEL_EVENTS.
    """
    clipped = np.zeros((window.height, window.width), np.uint8)
    _count(window.events.x, window.events.y, PIXEL_EVENTS, clipped)
    active = np.minimum(clipped, 1)
    around = cv2.boxFilter(active, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    clipped[around < 2] = 0
    return clipped.astype(np.float32)


def cell_events(activity: Float32, letterbox: Letterbox) -> Float32:
    """Sum the events of every low-resolution mask pixel.

    Args:
        activity: float32 [height, width], from `event_activity`.
        letterbox: Sensor and input size.

    Returns:
        float32 [rows, columns] of letterbox.cells, in events; the total stays the same.
    """
    mean = cv2.resize(activity, letterbox.cells, interpolation=cv2.INTER_AREA)
    return np.asarray(mean * np.float32(letterbox.cell_area), np.float32)
