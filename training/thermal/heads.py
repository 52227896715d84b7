# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The two heads: SAM 2's mask decoder with a token a class, and a feature pyramid."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.third_party import MLP, LayerNorm2d, PositionEmbeddingRandom, TwoWayTransformer
from .pyramid import WIDTHS, Pyramid


class ClassDecoder(nn.Module):
    """SAM 2's mask decoder asked for all classes at once.

    There are C + 1 mask tokens, as many as SAM 2 would have for C alternatives: 1 to C are the
    classes, token 0 takes part in the attention alone. No prompt: one point of padding, and the
    embedding of "no mask". What a class map has no use for is left out: the expected IoU, and the
    object score, which in SAM 2 empties all masks where no object is expected.
    """

    def __init__(self, classes: int) -> None:
        """Build with random weights."""
        super().__init__()
        fine, middle, width = WIDTHS
        self.transformer = TwoWayTransformer(
            depth=2, embedding_dim=width, mlp_dim=2048, num_heads=8)
        self.mask_tokens = nn.Embedding(classes + 1, width)
        self.no_point = nn.Embedding(1, width)
        self.no_mask = nn.Embedding(1, width)
        self.positions = PositionEmbeddingRandom(width // 2)
        self.to_middle = nn.ConvTranspose2d(width, middle, 2, 2)
        self.norm = LayerNorm2d(middle)
        self.to_fine = nn.ConvTranspose2d(middle, fine, 2, 2)
        self.hyper = nn.ModuleList(MLP(width, width, fine, 3) for _ in range(classes))
        for table in (self.mask_tokens, self.no_point, self.no_mask):
            nn.init.normal_(table.weight, std=0.5)

    def forward(self, features: Pyramid) -> Tensor:
        """Return logits [B, C, H / 4, W / 4]."""
        batch, _, rows, columns = features.coarse.shape
        tokens = torch.cat([self.mask_tokens.weight, self.no_point.weight])
        places = self.positions((rows, columns))[None]
        source = features.coarse + self.no_mask.weight[..., None, None]
        out, keys = self.transformer(
            source, places.expand(batch, -1, -1, -1), tokens.expand(batch, -1, -1))
        grid = keys.transpose(1, 2).reshape(batch, -1, rows, columns)
        middle = F.gelu(self.norm(self.to_middle(grid) + features.middle))
        fine = F.gelu(self.to_fine(middle) + features.fine)
        weights = torch.stack([head(out[:, 1 + k]) for k, head in enumerate(self.hyper)], 1)
        logits: Tensor = (weights @ fine.flatten(2)).reshape(batch, -1, 4 * rows, 4 * columns)
        return logits


class PyramidHead(nn.Module):
    """Class logits from fused maps: lateral convolutions, summed from coarse to fine.

    The published code makes these convolutions anew at each call, so that they never learn;
    here they are parameters.
    """

    def __init__(self, classes: int, width: int = WIDTHS[2]) -> None:
        """Build with random weights.

        Args:
            classes: Number of classes.
            width: Channels; the published head has those of stride 16, and so no convolution
                there.
        """
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.fine = nn.Conv2d(fine, width, 1)
        self.middle = nn.Conv2d(middle, width, 1)
        self.coarse = nn.Identity() if width == coarse else nn.Conv2d(coarse, width, 1)
        self.classify = nn.Conv2d(width, classes, 3, padding=1)

    def forward(self, fused: Pyramid) -> Tensor:
        """Return logits [B, C, H / 4, W / 4]."""
        raised = F.interpolate(
            self.coarse(fused.coarse), scale_factor=2.0, mode='bilinear', align_corners=False)
        raised = F.interpolate(
            raised + self.middle(fused.middle), scale_factor=2.0, mode='bilinear',
            align_corners=False)
        logits: Tensor = self.classify(raised + self.fine(fused.fine))
        return logits
