# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Event windows to pictures: the one function that training, evaluation and the node share.

Both representations are 8-bit pictures with three channels, one a third of the window each, so
that they fit encoders made for RGB. The signed, bilinear-in-time grid under them is the
discretised event volume of Zhu et al., CVPR 2019.
"""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.kernels import kernel

from .sum_words import BINS
from .summed_window import window_sums
from .types import Events, Float32, UInt8, Window

NO_EVENT = 128
"""Grey level of the robust picture where nothing happened."""
PIXEL_LIMIT = 8
"""Events a pixel and bin may count before it is clipped (robust picture)."""
HALF_LEVEL = 2.0
"""Least number of events that the robust picture shows at half of its contrast."""

REPRESENTATIONS = ('robust', 'eventsam')


@kernel
def _accumulate(x, y, p, t, t_first, t_span, grid):  # type: ignore[no-untyped-def]
    height, width, bins = grid.shape
    last = bins - 1
    for i in range(len(t)):
        if x[i] >= width or y[i] >= height:
            continue
        # int64 until the origin is subtracted: float64 cannot hold ns since the epoch.
        tau = last * ((t[i] - t_first) / t_span)
        tau = min(max(tau, 0.0), float(last))
        low = min(int(tau), last - 1)
        upper = np.float32(tau - low)
        sign = np.float32(1.0) if p[i] else np.float32(-1.0)
        grid[y[i], x[i], low] += sign * (np.float32(1.0) - upper)
        grid[y[i], x[i], low + 1] += sign * upper


def voxel_grid(events: Events, width: int, height: int, t_first: int, t_last: int) -> Float32:
    """Sum polarities (+1, -1) into three time bins, split linearly between the nearest two.

    Args:
        events: Events; those outside the sensor are left out.
        width: Sensor columns, at least 1.
        height: Sensor rows, at least 1.
        t_first: Time of bin 0, sensor time in ns; earlier events count there.
        t_last: Time of bin 2, sensor time in ns; later events count there.

    Returns:
        float32 [3, height, width], in events.

    Raises:
        ValueError: The sensor has no pixels.
    """
    if width < 1 or height < 1:
        raise ValueError(f'sensor size must be at least 1x1, but got {width}x{height}')
    # Bins last: both that an event touches lie in one line of the cache.
    grid = np.zeros((height, width, BINS), np.float32)
    span = max(int(t_last) - int(t_first), 1)
    _accumulate(events.x, events.y, events.p, events.t, int(t_first), span, grid)
    return np.asarray(grid.transpose(2, 0, 1), np.float32)


def eventsam_image(events: Events, width: int, height: int) -> UInt8:
    """Return the picture EventSAM was trained on (its "voxel_image").

    Bins run from the first to the last event, and one affine map takes the smallest sum to 0 and
    the largest to 255. As published, the level that means "no event" moves with the content,
    and one hot pixel compresses everything else.

    Source: Chen et al., CVPR 2024, and issues 12 and 20 of its repository.

    Returns:
        uint8 [height, width, 3]; all zero where nothing varies.
    """
    if len(events) == 0:
        return np.zeros((height, width, BINS), np.uint8)
    grid = voxel_grid(events, width, height, int(events.t[0]), int(events.t[-1]))
    low, high = float(grid.min()), float(grid.max())
    if high == low:
        return np.zeros((height, width, BINS), np.uint8)
    scaled = np.floor(255.0 * (grid.astype(np.float64) - low) / (high - low))
    return np.ascontiguousarray(scaled.astype(np.uint8).transpose(1, 2, 0))


# Without Python's error at a division by zero, of which there is none, it is a vector loop.
@kernel(fastmath=True, error_model='numpy')
def _compress(grid, half_level, picture):  # type: ignore[no-untyped-def]
    values, out = grid.reshape(-1), picture.reshape(-1)
    total = np.float64(0.0)
    active = 0
    for i in range(len(values)):
        size = abs(values[i])
        seen = size > np.float32(1e-3)
        total += size if seen else np.float32(0.0)
        active += seen
    level = np.float32(max(half_level, total / max(active, 1)))
    for i in range(len(values)):
        value = values[i]
        shade = np.float32(127.0) * value / (abs(value) + level)
        # + 0.5 and cut off: rounded, since the sum is positive
        out[i] = np.uint8(shade + np.float32(128.5))


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ValueError(f'picture size must be at least 1x1, but got {width}x{height}')


def _grid_of(window: Window, out_width: int, out_height: int) -> Float32:
    """Return the clipped bins at the picture's size, float32 [out_height, out_width, 3]."""
    found = window_sums(window)
    shrink = max(window.width / out_width, window.height / out_height)
    if shrink > 1 and out_width <= window.width and out_height <= window.height:
        small = np.empty((out_height, out_width, BINS), np.float32)
        found.small_grid(PIXEL_LIMIT, shrink, small)
        return small
    grid = found.grid(PIXEL_LIMIT)
    if (out_width, out_height) != (window.width, window.height):
        method = cv2.INTER_AREA if shrink > 1 else cv2.INTER_LINEAR
        grid = np.asarray(cv2.resize(grid, (out_width, out_height), interpolation=method))
    return grid * np.float32(shrink) if shrink > 1 else grid


def robust_image(window: Window, out_width: int, out_height: int) -> UInt8:
    """Return the default picture: constant grey for "no event", hot pixels without a say.

    Bins span the window's own bounds. Every pixel is clipped to +-8 events a bin, the grid is
    resized (area average, scaled so that a line one pixel wide keeps its value), and each
    value v becomes 128 + 127 v / (|v| + m) with m the mean of |v| over active pixels, at least 2
    events. Strong and weak edges stay apart, and a lone pixel cannot compress the others.

    Args:
        window: Events with bounds and sensor size.
        out_width: Columns of the picture, at least 1.
        out_height: Rows of the picture, at least 1.

    Returns:
        uint8 [out_height, out_width, 3].

    Raises:
        ValueError: A size below 1x1.
    """
    _check_size(out_width, out_height)
    grid = _grid_of(window, out_width, out_height)
    picture = np.empty((out_height, out_width, BINS), np.uint8)
    _compress(grid, HALF_LEVEL, picture)
    return picture


def window_image(window: Window, representation: str, out_width: int, out_height: int) -> UInt8:
    """Return a window as a picture of the given representation and size.

    Args:
        window: Events with bounds and sensor size.
        representation: One of REPRESENTATIONS.
        out_width: Columns of the picture.
        out_height: Rows of the picture.

    Returns:
        uint8 [out_height, out_width, 3].

    Raises:
        ValueError: Unknown representation, or a size below 1x1.
    """
    if representation == 'robust':
        return robust_image(window, out_width, out_height)
    if representation == 'eventsam':
        _check_size(out_width, out_height)
        picture = eventsam_image(window.events, window.width, window.height)
        if (out_width, out_height) == (window.width, window.height):
            return picture
        resized = cv2.resize(picture, (out_width, out_height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.uint8)
    raise ValueError(
        f'representation must be one of {", ".join(REPRESENTATIONS)}, but got {representation!r}')
