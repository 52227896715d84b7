# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Rectification and fusion of two feature maps.

The modules of CMX (Zhang et al., "CMX: Cross-Modal Fusion for RGB-X Semantic Segmentation with
Transformers", IEEE Transactions on Intelligent Transportation Systems, 2023), written from its
formulas.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SHARE = 0.5
"""Weight of what the other modality adds, of channels and of places each."""


class Rectification(nn.Module):
    """Each modality gains what the other knows, by channel and by place."""

    def __init__(self, channels: int) -> None:
        """Build for maps of so many channels."""
        super().__init__()
        self.channels = channels
        self.by_channel = nn.Sequential(
            nn.Linear(4 * channels, 4 * channels), nn.ReLU(),
            nn.Linear(4 * channels, 2 * channels), nn.Sigmoid())
        self.by_place = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 1), nn.ReLU(),
            nn.Conv2d(channels, 2, 1), nn.Sigmoid())

    def forward(self, one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
        """Return both maps [B, C, H, W], rectified."""
        both = torch.cat([one, two], 1)
        pooled = torch.cat([both.mean((2, 3)), both.amax((2, 3))], 1)
        c_one, c_two = self.by_channel(pooled)[..., None, None].chunk(2, 1)
        s_one, s_two = self.by_place(both).chunk(2, 1)
        return (one + SHARE * (c_two + s_two) * two, two + SHARE * (c_one + s_one) * one)


class _Stream(nn.Module):
    """One modality's side of the exchange."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (channels // heads) ** -0.5
        self.enter = nn.Linear(channels, 2 * channels)
        self.keys_values = nn.Linear(channels, 2 * channels, bias=False)
        self.leave = nn.Linear(2 * channels, channels)
        self.norm = nn.LayerNorm(channels)

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return what stays and what is exchanged, [B, N, C] each."""
        stays, leaves = torch.relu(self.enter(tokens)).chunk(2, -1)
        return stays, leaves

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def context(self, leaves: Tensor) -> Tensor:
        """Return [B, heads, d, d]: attention between channels, linear in the places."""
        keys, values = (self._heads(x) for x in self.keys_values(leaves).chunk(2, -1))
        found: Tensor = (keys.transpose(-2, -1) @ values * self.scale).softmax(-2)
        return found

    def close(self, tokens: Tensor, stays: Tensor, leaves: Tensor, context: Tensor) -> Tensor:
        """Return tokens [B, N, C] with the other's context looked up."""
        found = (self._heads(leaves) @ context).transpose(1, 2).flatten(2)
        closed: Tensor = self.norm(tokens + self.leave(torch.cat([stays, found], -1)))
        return closed


class Fusion(nn.Module):
    """Two maps to one: cross attention over channels, then a mixing convolution."""

    def __init__(self, channels: int, heads: int) -> None:
        """Build for maps of so many channels, a multiple of heads."""
        super().__init__()
        self.one = _Stream(channels, heads)
        self.two = _Stream(channels, heads)
        self.shortcut = nn.Conv2d(2 * channels, channels, 1, bias=False)
        self.mix = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 1),
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels))
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        """Return the fused map [B, C, H, W]."""
        height, width = one.shape[-2:]
        a, b = one.flatten(2).transpose(1, 2), two.flatten(2).transpose(1, 2)
        (a_stays, a_leaves), (b_stays, b_leaves) = self.one.split(a), self.two.split(b)
        of_a, of_b = self.one.context(a_leaves), self.two.context(b_leaves)
        joined = torch.cat([
            self.one.close(a, a_stays, a_leaves, of_b),
            self.two.close(b, b_stays, b_leaves, of_a)], -1)
        maps = joined.transpose(1, 2).reshape(len(joined), -1, height, width)
        fused: Tensor = self.norm(self.shortcut(maps) + self.mix(maps))
        return fused


class ScaleFusion(nn.Module):
    """Rectification and fusion of one scale."""

    def __init__(self, channels: int, heads: int) -> None:
        """Build for maps of so many channels."""
        super().__init__()
        self.rectify = Rectification(channels)
        self.fuse = Fusion(channels, heads)

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        """Return the fused map [B, C, H, W]."""
        fused: Tensor = self.fuse(*self.rectify(one, two))
        return fused
