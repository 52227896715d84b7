# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Dense attention: what a sentence says, at every place of a picture."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .words import EMBEDDING, Said

PUBLISHED_SHARPNESS = 1 / math.sqrt(EMBEDDING)


def attend(places: Tensor, said: Said, sharpness: float) -> tuple[Tensor, Tensor]:
    """Return what each place draws from the words and the sentence.

    Args:
        places: Of length 1 each, float32 [N, 256, h, w].
        said: N sentences; the sentence itself is one more vector, never padding.
        sharpness: Factor on the similarities before the softmax.

    Returns:
        float32 [N, 256, h, w], and the attention float32 [N, h * w, 1 + L], whose rows sum to 1.
    """
    rows, columns = places.shape[-2:]
    vectors = torch.cat([said.sentence[:, None], said.words], 1)
    there = torch.cat([torch.ones_like(said.mask[:, :1]), said.mask], 1)
    similar = places.flatten(2).transpose(1, 2) @ vectors.transpose(1, 2) * sharpness
    weights = similar.masked_fill(there[:, None] == 0, float('-inf')).softmax(-1)
    drawn = (weights @ vectors).transpose(1, 2)
    return drawn.reshape(-1, EMBEDDING, rows, columns), weights


class DenseAttention(nn.Module):
    """Attention over text at every place, joined with the place itself by a 1x1 convolution."""

    def __init__(self, sharpness: float = PUBLISHED_SHARPNESS, likeness: bool = False) -> None:
        """Build.

        Args:
            sharpness: Published as 1 / 16: with vectors of length 1, nearly a mean.
            likeness: Whether how alike place and sentence are is joined, too. What a place draws
                from the words does not tell how well they fit it.
        """
        super().__init__()
        self.sharpness, self.likeness = sharpness, likeness
        self.join = nn.Conv2d(2 * EMBEDDING + likeness, EMBEDDING, 1)

    def forward(self, places: Tensor, said: Said) -> Tensor:
        """Return the dense embedding float32 [N, 256, h, w] of places of that shape."""
        drawn, _ = attend(places, said, self.sharpness)
        parts = [places, drawn]
        if self.likeness:
            parts.append(self.sharpness * (
                places * said.sentence[:, :, None, None]).sum(1, keepdim=True))
        joined: Tensor = self.join(torch.cat(parts, 1))
        return joined


class HierarchicalDenseAttention(nn.Module):
    """Dense attention on the embedding and on that of the middle layers, mixed by a scalar."""

    def __init__(self, sharpness: float = PUBLISHED_SHARPNESS, likeness: bool = False) -> None:
        """Build, see DenseAttention; both halves weigh the same at first."""
        super().__init__()
        self.last = DenseAttention(sharpness, likeness)
        self.middle = DenseAttention(sharpness, likeness)
        self.share = nn.Parameter(torch.tensor(0.5))

    def forward(self, places: Tensor, hierarchy: Tensor, said: Said) -> Tensor:
        """Return the dense embedding; `hierarchy` is of the shape of `places`."""
        mixed: Tensor = (self.share * self.last(places, said)
                         + (1 - self.share) * self.middle(hierarchy, said))
        return mixed


def alike(places: list[Tensor], said: Said, temperature: float) -> Tensor:
    """Return how alike each place and the sentence are, as logits of a mask.

    Args:
        places: Embeddings of length 1 at every place, float32 [N, 256, h, w] each; their mean
            counts.
        said: N sentences.
        temperature: Factor on the similarities, of which the mask begins an eighth above 0.

    Returns:
        float32 [N, 1, 4h, 4w].
    """
    mean = torch.stack(places).mean(0)
    similar = (mean * said.sentence[:, :, None, None]).sum(1, keepdim=True) - 1 / 8
    return F.interpolate(
        temperature * similar, scale_factor=4, mode='bilinear', align_corners=False)


class AddedSentence(nn.Module):
    """The simpler form of the published code: every place plus the sentence."""

    def forward(self, places: Tensor, said: Said) -> Tensor:
        """Return the dense embedding float32 [N, 256, h, w]."""
        return places + said.sentence[:, :, None, None]


class Taps(nn.Module):
    """Middle layers of an encoder to one embedding: a 1x1 projection each, summed."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        """Build for the channels of each layer."""
        super().__init__()
        self.projections = nn.ModuleList(nn.Conv2d(c, EMBEDDING, 1) for c in channels)

    def forward(self, levels: list[Tensor], grid: tuple[int, int]) -> Tensor:
        """Return float32 [B, 256, rows, columns], of length 1 at every place.

        Args:
            levels: float32 [B, C, h, w] each; brought to the grid.
            grid: Rows and columns.
        """
        projected = [
            project(level) for project, level in zip(self.projections, levels, strict=True)]
        brought = [
            level if tuple(level.shape[-2:]) == grid else F.interpolate(
                level, grid, mode='bilinear', align_corners=False) for level in projected]
        return F.normalize(torch.stack(brought).sum(0), dim=1)
