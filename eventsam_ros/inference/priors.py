# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a box says about the mask before the picture is looked at; training uses the same."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.types import Float32

BOX_GAIN = 8.0
"""Logit in the middle of a box; 0 on its sides, and at most as negative again twice outside."""


def box_logits(
    box: tuple[float, float, float, float], columns: int, rows: int, cell: int,
) -> Float32:
    """Return a box as mask logits: a pyramid that is 0 on the box's sides.

    Corners are two tokens whose places the decoder has to compare; a dense prompt says the same
    place by place.

    Args:
        box: x0, y0, x1, y1 in pixels of the network's input; x1 and y1 are exclusive.
        columns: Columns of the logits.
        rows: Rows of the logits.
        cell: Input pixels to one logit.

    Returns:
        float32 [rows, columns], from -2 BOX_GAIN to BOX_GAIN.
    """
    x0, y0, x1, y1 = box
    x = (np.arange(columns) + 0.5) * cell - (x0 + x1) / 2
    y = (np.arange(rows) + 0.5) * cell - (y0 + y1) / 2
    across = np.abs(x) / max((x1 - x0) / 2, cell / 2)
    down = np.abs(y) / max((y1 - y0) / 2, cell / 2)
    distance = np.maximum(across[None, :], down[:, None])
    return np.asarray(np.maximum(BOX_GAIN * (1 - distance), -2 * BOX_GAIN), np.float32)
