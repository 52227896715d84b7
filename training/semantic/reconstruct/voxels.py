# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Packets as signed voxel grids of five bins, as E2VID reads them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Float32, Window

BINS = 5


def packet_voxels(packet: Window, columns: int, rows: int) -> Float32:
    """Sum polarities (+1, -1) into five time bins, split linearly between the nearest two.

    Zhu et al., "Unsupervised Event-based Learning", CVPR 2019; bins span the packet's bounds.

    Args:
        packet: Events and their bounds.
        columns: Of the grid; each event counts for the cell that its pixel's centre lies in.
        rows: Of the grid.

    Returns:
        float32 [5, rows, columns].
    """
    e = packet.events
    x = ((e.x + 0.5) * (columns / packet.width)).astype(np.int64)
    y = ((e.y + 0.5) * (rows / packet.height)).astype(np.int64)
    span = max(packet.t_end - packet.t_start, 1)
    tau = np.clip((BINS - 1) * ((e.t - packet.t_start) / span), 0, BINS - 1)
    low = np.minimum(tau.astype(np.int64), BINS - 2)
    late = tau - low
    sign = np.where(e.p > 0, 1.0, -1.0)
    inside = (x < columns) & (y < rows)
    size = BINS * rows * columns
    place = (low * rows + y) * columns + x
    grid = np.zeros(size)
    for at, weight in ((place, 1 - late), (place + rows * columns, late)):
        grid += np.bincount(at[inside], (sign * weight)[inside], size)
    return grid.reshape(BINS, rows, columns).astype(np.float32)


def standardised(voxels: Tensor) -> Tensor:
    """Return grids [B, 5, h, w] with mean 0 and deviation 1 over what is not zero, as E2VID does.

    Zeros stay; a grid without spread is only shifted.
    """
    there = voxels != 0
    count = there.sum((1, 2, 3), keepdim=True).clamp(min=1)
    mean = voxels.sum((1, 2, 3), keepdim=True) / count
    off = torch.where(there, voxels - mean, 0.0)
    deviation = (off.square().sum((1, 2, 3), keepdim=True) / count).sqrt()
    return off / torch.where(deviation > 1e-6, deviation, 1.0)
