# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The Cross-Modal MLP: words and sentences in the space of the picture's embedding."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from ..text.encoder import pooled_mean

EMBEDDING = 256


class Said(NamedTuple):
    """Sentences as the decoder takes them.

    Attributes:
        words: float32 [N, L, 256], of length 1 each.
        mask: 1 for a token, 0 for padding, float32 [N, L].
        sentence: float32 [N, 256], of length 1 each.
    """

    words: Tensor
    mask: Tensor
    sentence: Tensor

    def chosen(self, index: Tensor) -> Said:
        """Return some of the sentences, by their numbers int64 [M]."""
        return Said(*(part[index] for part in self))


class CrossModalMlp(nn.Module):
    """Vectors of a text encoder to those of the picture; the same weights for words and means.

    width -> width / 2, then `hidden` layers of width / 2, then 256, with ReLU in between.
    """

    def __init__(self, width: int, hidden: int = 1, dropout: float = 0.0) -> None:
        """Build.

        Args:
            width: Of the text encoder's vectors.
            hidden: Layers of width / 2 in the middle; 1 is the paper's best.
            dropout: Share of the middle values that are dropped in training.
        """
        super().__init__()
        half = width // 2
        layers: list[nn.Module] = [nn.Linear(width, half), nn.ReLU()]
        for _ in range(hidden):
            layers += [nn.Linear(half, half), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        self.layers = nn.Sequential(*layers, nn.Linear(half, EMBEDDING))
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                # torch's own beginning lets biases drown what tells words apart
                nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
                nn.init.zeros_(layer.bias)

    def forward(self, tokens: Tensor, mask: Tensor) -> Said:
        """Return words and sentences of tokens float32 [B, L, width], mask float32 [B, L]."""
        words = F.normalize(self.layers(tokens), dim=-1)
        sentence = F.normalize(self.layers(pooled_mean(tokens, mask)), dim=-1)
        return Said(words, mask, sentence)
