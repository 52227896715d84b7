# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compact image encoders: a timm backbone whose last strides are joined at stride 16."""

from __future__ import annotations

from typing import Any

from segment_anything.modeling.common import LayerNorm2d
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

EMBEDDING = 256
STRIDE = 16
DETAIL_STRIDE = 4
"""Stride of the detail that travels beside the embedding."""
_BESIDE_TIMM: dict[str, tuple[str, dict[str, Any]]] = {
    'efficientvit_l0': ('efficientvit_l1', {'depths': (1, 1, 1, 4, 4)}),
}
"""Backbones that timm lacks: the one that differs least, and in what.

EfficientViT-L0 is the smallest encoder of EfficientViT-SAM (Zhang et al., 2024).
"""


class CompactEncoder(nn.Module):
    """A timm feature pyramid to SAM's embedding: 256 channels at stride 16, and detail.

    The detail is a thin picture at stride 4, which only the decoder's upscaling reads, as in SAM 2
    (Ravi et al., 2024). Each of its 4x4 blocks is folded into channels behind the embedding's
    own, so that encoder and decoder still meet in one tensor.
    """

    def __init__(
        self, backbone: str = 'mobilenetv4_conv_small', pretrained: bool = False, detail: int = 0,
    ) -> None:
        """Build on a backbone of timm that gives features at strides 4, 8, 16 and 32.

        Args:
            backbone: Name in timm, or efficientvit_l0.
            pretrained: Start from timm's weights, where they can be reached.
            detail: Channels of the detail at stride 4; 0 for none.
        """
        super().__init__()
        name, change = _BESIDE_TIMM.get(backbone, (backbone, {}))
        # counted from the coarsest: not every backbone begins with features at stride 2
        self.backbone = timm.create_model(
            name, pretrained=pretrained, features_only=True,
            out_indices=(-4, -3, -2, -1) if detail else (-3, -2, -1), **change)
        strides = self.backbone.feature_info.reduction()
        if list(strides) != [4, 8, 16, 32][-len(strides):]:
            raise ValueError(f'{backbone} gives strides {strides}, but 4, 8, 16, 32 are needed')
        *shallow, fine, middle, coarse = self.backbone.feature_info.channels()
        # stride 8 keeps its detail: each 2x2 block becomes channels
        self.fine = nn.Conv2d(fine * 4, EMBEDDING, 1)
        self.middle = nn.Conv2d(middle, EMBEDDING, 1)
        self.coarse = nn.Conv2d(coarse, EMBEDDING, 1)
        self.mix = nn.Sequential(
            nn.BatchNorm2d(EMBEDDING), nn.GELU(),
            nn.Conv2d(EMBEDDING, EMBEDDING, 3, padding=1, groups=EMBEDDING, bias=False),
            nn.Conv2d(EMBEDDING, EMBEDDING, 1, bias=False), nn.BatchNorm2d(EMBEDDING))
        # as in SAM's neck: on a larger scale the content would drown the position encoding
        self.norm = LayerNorm2d(EMBEDDING)
        self.detail = _Detail(shallow[0], fine, detail) if detail else None
        self.levels = (fine, middle, coarse)

    def forward(self, image: Tensor) -> Tensor:
        """Encode normalised pictures.

        Args:
            image: float32 [B, 3, H, W], H and W multiples of 32.

        Returns:
            Embedding, float32 [B, 256 + 16 * detail, H / 16, W / 16].
        """
        return self.levels_and_embedding(image)[1]

    def levels_and_embedding(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the backbone's strides 8, 16 and 32 too, of `levels` channels; see forward."""
        *shallow, fine, middle, coarse = self.backbone(image)
        joined: Tensor = self.fine(F.pixel_unshuffle(fine, 2)) + self.middle(middle)
        joined = joined + F.interpolate(
            self.coarse(coarse), size=joined.shape[-2:], mode='nearest')
        embedding: Tensor = self.norm(joined + self.mix(joined))
        if self.detail is not None:
            embedding = torch.cat([embedding, self.detail(shallow[0], fine)], 1)
        return [fine, middle, coarse], embedding


class _Detail(nn.Module):
    """Strides 4 and 8 of a backbone to a thin picture at stride 4, folded to stride 16."""

    def __init__(self, shallow: int, fine: int, channels: int) -> None:
        super().__init__()
        self.shallow = nn.Conv2d(shallow, channels, 1)
        self.fine = nn.Conv2d(fine, channels, 1)
        self.mix = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, shallow: Tensor, fine: Tensor) -> Tensor:
        raised = F.interpolate(self.fine(fine), scale_factor=2.0, mode='nearest')
        mixed = self.mix(F.gelu(self.shallow(shallow) + raised))
        return F.pixel_unshuffle(mixed, STRIDE // DETAIL_STRIDE)


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
