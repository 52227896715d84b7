# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Encoders with the three scales of SAM 2's decoder: Hiera as in SAM 2, or a compact backbone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.third_party import LayerNorm2d, timm

WIDTHS = (32, 64, 256)
"""Channels at strides 4, 8 and 16."""
STRIDES = (4, 8, 16)
MULTIPLE = 32
"""What the sides of every input are multiples of."""


class Pyramid(NamedTuple):
    """Features [B, WIDTHS[k], H / STRIDES[k], W / STRIDES[k]]."""

    fine: Tensor
    middle: Tensor
    coarse: Tensor


HIERAS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType({
    'hiera_tiny': ('sam2_hiera_tiny', {}),
    'hiera_small': ('sam2_hiera_small', {}),
    'hiera_base_plus': ('sam2_hiera_base_plus', {}),
    'hiera_large': ('sam2_hiera_large', {}),
    'hiera_micro': ('sam2_hiera_tiny', {
        'embed_dim': 16, 'stages': (1, 1, 2, 1), 'global_att_blocks': (3,)}),
})
"""Transformers of SAM 2 (Ravi et al., 2024) by name, and a miniature of the same build for tests.

They are timm's HieraDet, whose blocks are those of SAM 2.
"""
_NECK = 256


class HieraPyramid(nn.Module):
    """SAM 2's image encoder, and the two projections of its mask decoder.

    A trunk of windowed attention, a neck that sums the two coarsest levels; its stride 32 is
    dropped (SAM 2's `scalp`). `conv_s0` and `conv_s1` belong to SAM 2's mask decoder.
    """

    def __init__(self, name: str) -> None:
        """Build with random weights; name is one of HIERAS."""
        super().__init__()
        kind, changes = HIERAS[name]
        self.trunk = timm.create_model(kind, pretrained=False, **changes)
        self.trunk.head = nn.Identity()
        channels = [int(level['num_chs']) for level in self.trunk.feature_info]
        self.neck = nn.ModuleList(nn.Conv2d(c, _NECK, 1) for c in reversed(channels))
        self.conv_s0 = nn.Conv2d(_NECK, WIDTHS[0], 1)
        self.conv_s1 = nn.Conv2d(_NECK, WIDTHS[1], 1)

    def attention(self) -> nn.Module:
        """Return the part that low-rank weights adapt."""
        trunk: nn.Module = self.trunk
        return trunk

    def trained(self) -> list[nn.Module]:
        """Return what learns beside low-rank weights; SAM 2's neck stays as it is."""
        return [self.conv_s0, self.conv_s1]

    def forward(self, image: Tensor) -> Pyramid:
        """Encode normalised pictures [B, 3, H, W], H and W multiples of 32."""
        x = self.trunk._pos_embed(self.trunk.patch_embed(image))
        levels = []
        for k, block in enumerate(self.trunk.blocks):
            x = block(x)
            if k in self.trunk.stage_ends:
                levels.append(x.permute(0, 3, 1, 2))
        fine, middle, coarse, coarsest = (
            conv(level) for conv, level in zip(reversed(self.neck), levels, strict=True))
        coarse = coarse + F.interpolate(coarsest, scale_factor=2.0, mode='nearest')
        return Pyramid(self.conv_s0(fine), self.conv_s1(middle), coarse)


class CompactPyramid(nn.Module):
    """A timm backbone with the same three scales; stride 32 is added to stride 16."""

    def __init__(self, backbone: str) -> None:
        """Build with random weights.

        Args:
            backbone: Name in timm that gives features at strides 4, 8, 16 and 32.

        Raises:
            ValueError: It gives other strides.
        """
        super().__init__()
        self.backbone = timm.create_model(
            backbone, pretrained=False, features_only=True, out_indices=(-4, -3, -2, -1))
        strides = list(self.backbone.feature_info.reduction())
        if strides != [*STRIDES, 32]:
            raise ValueError(f'{backbone} gives strides {strides}, but 4, 8, 16, 32 are needed')
        fine, middle, coarse, coarsest = self.backbone.feature_info.channels()
        self.fine = nn.Conv2d(fine, WIDTHS[0], 1)
        self.middle = nn.Conv2d(middle, WIDTHS[1], 1)
        self.coarse = nn.Conv2d(coarse, WIDTHS[2], 1)
        self.coarsest = nn.Conv2d(coarsest, WIDTHS[2], 1)
        self.norm = LayerNorm2d(WIDTHS[2])

    def attention(self) -> nn.Module:
        """Return the part that low-rank weights adapt."""
        backbone: nn.Module = self.backbone
        return backbone

    def trained(self) -> list[nn.Module]:
        """Return what learns beside low-rank weights."""
        return [self.fine, self.middle, self.coarse, self.coarsest, self.norm]

    def forward(self, image: Tensor) -> Pyramid:
        """Encode normalised pictures [B, 3, H, W], H and W multiples of 32."""
        fine, middle, coarse, coarsest = self.backbone(image)
        raised = F.interpolate(self.coarsest(coarsest), scale_factor=2.0, mode='nearest')
        return Pyramid(
            self.fine(fine), self.middle(middle), self.norm(self.coarse(coarse) + raised))


Encoder = HieraPyramid | CompactPyramid


def build_encoder(name: str) -> Encoder:
    """Return an encoder with random weights.

    Args:
        name: One of HIERAS, or a backbone of timm.

    Raises:
        ValueError: timm has no such backbone, or it gives other strides.
    """
    if name in HIERAS:
        return HieraPyramid(name)
    try:
        return CompactPyramid(name)
    except RuntimeError as error:
        raise ValueError(f'there is no backbone {name}: {error}') from error


def fixed_positions(encoder: Encoder, height: int, width: int) -> None:
    """Bring a transformer's positions to one input size, so that a graph need not compute them.

    Args:
        encoder: Changed in place; other kinds stay as they are.
        height: Rows of the input.
        width: Columns of the input.
    """
    if isinstance(encoder, HieraPyramid):
        trunk = encoder.trunk
        rows, columns = height // 4, width // 4
        with torch.no_grad():
            table = trunk._pos_embed(trunk.pos_embed.new_zeros(1, rows, columns, 1))
        trunk._pos_embed = _Added(table)


class _Added(nn.Module):
    """Adds a constant."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer('table', table.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        table = self.table
        assert isinstance(table, Tensor)
        return x + table
