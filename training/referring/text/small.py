# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A small text encoder of ours, trained with the rest."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from eventsam_ros.inference.words import END, UNKNOWN

from .encoder import Encoded, pooled_mean

_HIDDEN = 1e4
"""Taken off the logit of a token that is padding; fp16 holds it."""


def _places(count: int, width: int, like: Tensor) -> Tensor:
    """Return sines and cosines of the places 0 to count - 1 in a sentence, [count, width]."""
    rates = torch.exp(-torch.arange(0, width, 2, device=like.device) / width * math.log(1e3))
    phase = torch.arange(count, device=like.device)[:, None] * rates
    return torch.cat([phase.sin(), phase.cos()], -1).to(like)


class _Layer(nn.Module):
    """Self-attention and a two-layer perceptron, norms first."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        parts = self.qkv(self.before(x)).unflatten(-1, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        logits = query @ key.transpose(-2, -1) / key.shape[-1] ** 0.5 - hidden
        mixed = (logits.softmax(-1) @ value).transpose(1, 2).flatten(2)
        x = x + self.dropout(self.proj(mixed))
        out: Tensor = x + self.dropout(self.mlp(self.between(x)))
        return out


class SmallTextEncoder(nn.Module):
    """An embedding of words, places in the sentence, and a few transformer layers.

    While it is trained, some words are taken for the unknown one, so that this has a meaning.
    """

    def __init__(
        self, size: int, width: int = 128, layers: int = 1, heads: int = 4,
        dropout: float = 0.1, forgetting: float = 0.05,
    ) -> None:
        """Build.

        Args:
            size: Different tokens (words.Words.size).
            width: Length of the vectors, a multiple of heads and of 2.
            layers: Transformer layers, 0 or more.
            heads: Of the attention.
            dropout: Share of values that are dropped in training.
            forgetting: Share of words that are taken for the unknown one in training.

        Raises:
            ValueError: The width does not fit.
        """
        super().__init__()
        if width % heads or width % 2:
            raise ValueError(
                f'width must be a multiple of 2 and of {heads} heads, but got {width}')
        self.width = width
        self.forgetting = forgetting
        self.embedding = nn.Embedding(size, width)
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.layers = nn.ModuleList(_Layer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor, mask: Tensor) -> Encoded:
        """Encode tokens int64 [B, N] with mask float32 [B, N]."""
        if self.training and self.forgetting:
            lost = torch.rand(ids.shape, device=ids.device) < self.forgetting
            ids = torch.where(lost & (ids > END), UNKNOWN, ids)
        x = self.embedding(ids)
        x = x + 0.5 * _places(ids.shape[1], self.width, x)
        hidden = (1 - mask)[:, None, None, :] * _HIDDEN
        for layer in self.layers:
            x = layer(x, hidden)
        tokens = self.norm(x)
        return Encoded(tokens, mask, pooled_mean(tokens, mask))
