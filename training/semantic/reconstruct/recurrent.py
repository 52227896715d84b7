# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A small recurrent U-Net that turns voxel grids into grey pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .voxels import BINS

STRIDE = 4
"""Sides of the input must be multiples of this."""
State = tuple[Tensor, Tensor]


class _ConvGru(nn.Module):
    """Gated recurrent unit over a picture (Ballas et al., ICLR 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.candidate = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        reset, update = self.gates(torch.cat([x, state], 1)).sigmoid().chunk(2, 1)
        fresh = torch.tanh(self.candidate(torch.cat([x, reset * state], 1)))
        found: Tensor = (1 - update) * state + update * fresh
        return found


class RecurrentUNet(nn.Module):
    """Voxel grid and state to picture and state; two memories, at strides 2 and 4."""

    def __init__(self, width: int = 16) -> None:
        """Build with random weights.

        Args:
            width: Channels at full size; twice and thrice as many below.
        """
        super().__init__()
        self.width = width
        self.head = nn.Conv2d(BINS, width, 5, padding=2)
        self.down2 = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.memory2 = _ConvGru(2 * width)
        self.down4 = nn.Conv2d(2 * width, 3 * width, 3, 2, 1)
        self.memory4 = _ConvGru(3 * width)
        self.deep = nn.Sequential(
            nn.Conv2d(3 * width, 3 * width, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv2d(3 * width, 3 * width, 3, padding=4, dilation=4), nn.ReLU())
        self.up2 = nn.Conv2d(5 * width, 2 * width, 3, padding=1)
        self.up1 = nn.Conv2d(3 * width, width, 3, padding=1)
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, voxels: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Take in a packet.

        Args:
            voxels: Standardised grids [B, 5, h, w].
            state: After the packet before; None begins.

        Returns:
            Pictures [B, 1, h, w], 0 to 1, and the state.
        """
        if state is None:
            state = self.begin(voxels)
        fine = F.relu(self.head(voxels))
        memory2 = self.memory2(F.relu(self.down2(fine)), state[0])
        memory4 = self.memory4(F.relu(self.down4(memory2)), state[1])
        deep = memory4 + self.deep(memory4)
        up2 = F.relu(self.up2(torch.cat([_twice(deep), memory2], 1)))
        up1 = F.relu(self.up1(torch.cat([_twice(up2), fine], 1)))
        return self.out(up1).sigmoid(), (memory2, memory4)

    def begin(self, voxels: Tensor) -> State:
        """Return the empty state for grids like these."""
        rows, columns = voxels.shape[2], voxels.shape[3]
        return (voxels.new_zeros(len(voxels), 2 * self.width, rows // 2, columns // 2),
                voxels.new_zeros(len(voxels), 3 * self.width, rows // 4, columns // 4))


def _twice(grid: Tensor) -> Tensor:
    return F.interpolate(grid, scale_factor=2.0, mode='bilinear', align_corners=False)
