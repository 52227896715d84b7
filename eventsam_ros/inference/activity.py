# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where in a window something happened: events that have company, not noise."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.summed_window import window_sums
from eventsam_ros.events.types import Float32, UInt8, Window
from eventsam_ros.kernels import kernel

from .letterbox import Letterbox

PIXEL_EVENTS = 8
"""Events that one pixel may count, so that a flickering lamp does not outweigh an object."""


@kernel
def _leave_out_lone(framed, out):  # type: ignore[no-untyped-def]
    """Copy the counts of pixels that have an active neighbour; the frame is a pixel wide."""
    height, width = out.shape
    for row in range(height):
        above, here, below = framed[row], framed[row + 1], framed[row + 2]
        for column in range(width):
            around = (
                above[column] | above[column + 1] | above[column + 2]
                | here[column] | here[column + 2]
                | below[column] | below[column + 1] | below[column + 2])
            out[row, column] = here[column + 1] if around else np.uint8(0)


@kernel(fastmath=True)
def _share_out(activity, cells):  # type: ignore[no-untyped-def]
    """Add every pixel to the cells that it lies in, by the share of it that lies there."""
    height, width = activity.shape
    rows, columns = cells.shape
    strip = np.empty(width, np.float32)
    high, wide = height / rows, width / columns
    for row in range(rows):
        top, bottom = row * high, (row + 1) * high
        strip[:] = 0
        for y in range(int(top), min(int(np.ceil(bottom)), height)):
            share = np.float32(min(y + 1.0, bottom) - max(float(y), top))
            line = activity[y]
            for x in range(width):
                strip[x] += share * np.float32(line[x])
        for column in range(columns):
            left, right = column * wide, (column + 1) * wide
            total = np.float32(0.0)
            for x in range(int(left), min(int(np.ceil(right)), width)):
                total += np.float32(min(x + 1.0, right) - max(float(x), left)) * strip[x]
            cells[row, column] = total


def event_activity(window: Window) -> UInt8:
    """Count the events of every pixel that has an active neighbour.

    An edge that moves makes neighbouring pixels fire; shot noise and hot pixels fire alone. So a
    pixel counts only where at least one of its eight neighbours fired in the window too.

    Args:
        window: Events with sensor size; events outside the sensor are left out.

    Returns:
        uint8 [height, width], each 0 to PIXEL_EVENTS.
    """
    framed = np.zeros((window.height + 2, window.width + 2), np.uint8)
    window_sums(window).counts(PIXEL_EVENTS, framed[1:-1, 1:-1])
    activity = np.empty((window.height, window.width), np.uint8)
    _leave_out_lone(framed, activity)
    return activity


def cell_events(activity: UInt8, letterbox: Letterbox) -> Float32:
    """Sum the events of every low-resolution mask pixel.

    Args:
        activity: uint8 [height, width], from `event_activity`.
        letterbox: Sensor and input size.

    Returns:
        float32 [rows, columns] of letterbox.cells, in events; the total stays the same.
    """
    columns, rows = letterbox.cells
    cells = np.empty((rows, columns), np.float32)
    _share_out(activity, cells)
    return cells
