# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compact image encoders: a timm backbone whose last strides are joined at stride 16."""

from __future__ import annotations

from segment_anything.modeling.common import LayerNorm2d
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

EMBEDDING = 256
STRIDE = 16


class CompactEncoder(nn.Module):
    """A timm feature pyramid to SAM's embedding: 256 channels at stride 16."""

    def __init__(self, backbone: str = 'mobilenetv4_conv_small', pretrained: bool = False) -> None:
        """Build on a backbone of timm that gives features at strides 8, 16 and 32.

        Args:
            backbone: Name in timm.
            pretrained: Start from timm's weights, where they can be reached.
        """
        super().__init__()
        self.backbone = timm.create_model(
            backbone, pretrained=pretrained, features_only=True, out_indices=(2, 3, 4))
        strides = self.backbone.feature_info.reduction()
        if list(strides) != [8, 16, 32]:
            raise ValueError(f'{backbone} gives strides {strides}, but 8, 16 and 32 are needed')
        channels = self.backbone.feature_info.channels()
        # stride 8 keeps its detail: each 2x2 block becomes channels
        self.fine = nn.Conv2d(channels[0] * 4, EMBEDDING, 1)
        self.middle = nn.Conv2d(channels[1], EMBEDDING, 1)
        self.coarse = nn.Conv2d(channels[2], EMBEDDING, 1)
        self.mix = nn.Sequential(
            nn.BatchNorm2d(EMBEDDING), nn.GELU(),
            nn.Conv2d(EMBEDDING, EMBEDDING, 3, padding=1, groups=EMBEDDING, bias=False),
            nn.Conv2d(EMBEDDING, EMBEDDING, 1, bias=False), nn.BatchNorm2d(EMBEDDING))
        # as in SAM's neck: on a larger scale the content would drown the position encoding
        self.norm = LayerNorm2d(EMBEDDING)

    def forward(self, image: Tensor) -> Tensor:
        """Encode normalised pictures.

        Args:
            image: float32 [B, 3, H, W], H and W multiples of 32.

        Returns:
            Embedding, float32 [B, 256, H / 16, W / 16].
        """
        fine, middle, coarse = self.backbone(image)
        joined: Tensor = self.fine(F.pixel_unshuffle(fine, 2)) + self.middle(middle)
        joined = joined + F.interpolate(
            self.coarse(coarse), size=joined.shape[-2:], mode='nearest')
        normed: Tensor = self.norm(joined + self.mix(joined))
        return normed


class DenseHead(nn.Module):
    """Auxiliary: objects and their borders at stride 4, straight from the embedding."""

    def __init__(self) -> None:
        """Build the head; used in training only."""
        super().__init__()
        self.project = nn.Conv2d(EMBEDDING, 2 * 16, 1)

    def forward(self, embedding: Tensor) -> Tensor:
        """Return logits [B, 2, H / 4, W / 4]: inside an object, on a border."""
        return F.pixel_shuffle(self.project(embedding), 4)


def normalise(picture: Tensor, mean: float, std: float) -> Tensor:
    """Return uint8 pictures [B, H, W, 3] as network input float32 [B, 3, H, W]."""
    return (picture.permute(0, 3, 1, 2).to(torch.float32) - mean) / std
