# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where the pixels of equirectangular panoramas look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def panorama_ways(
    width: int, height: int, dx: float = 0.0, dy: float = 0.0,
) -> NDArray[np.float64]:
    """Return directions of length 1 in the vehicle's frame (x ahead, y left, z up).

    The middle column looks ahead, further right is further right; the middle row is the horizon,
    and a row is as high as a column is wide: 2 pi / width radians.

    Args:
        width: Columns, all around.
        height: Rows, at most width / 2.
        dx: Columns from the middles of the pixels, -0.5 to 0.5.
        dy: Rows from the middles of the pixels.

    Returns:
        float64 [height, width, 3].
    """
    step = 2 * np.pi / width
    turn = np.pi - (np.arange(width) + 0.5 + dx) * step
    rise = (height / 2 - (np.arange(height) + 0.5 + dy)) * step
    flat = np.cos(rise)[:, None]
    return np.stack([flat * np.cos(turn), flat * np.sin(turn),
                     np.broadcast_to(np.sin(rise)[:, None], (height, width))], -1)
