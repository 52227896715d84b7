# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The implicit tracking module: what of a frame's answer the next frame is told."""

from __future__ import annotations

from torch import Tensor, nn

from ...networks.third_party import Attention
from .words import EMBEDDING

_HIDDEN = 4 * EMBEDDING
_HEADS = 8


def _feed_forward() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(EMBEDDING, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, EMBEDDING))


class TrackMlp(nn.Module):
    """The form that fits the published count of weights: 256-1024-256."""

    def __init__(self) -> None:
        """Build."""
        super().__init__()
        self.layers = _feed_forward()

    def forward(self, token: Tensor) -> Tensor:
        """Return the track token float32 [N, 256] of the main mask token (plus the last track)."""
        track: Tensor = self.layers(token)
        return track


class QueryInteraction(nn.Module):
    """The form of the published training code: attention, feed-forward, and a second one.

    One token that attends to itself alone is a linear map of itself, so that the attention adds
    nothing here.
    """

    def __init__(self) -> None:
        """Build."""
        super().__init__()
        self.attention = Attention(EMBEDDING, _HEADS)   # torch's own does not export
        self.first, self.second = _feed_forward(), _feed_forward()
        self.norms = nn.ModuleList(nn.LayerNorm(EMBEDDING) for _ in range(3))

    def forward(self, token: Tensor) -> Tensor:
        """See TrackMlp."""
        given = token[:, None]
        value = self.norms[0](given + self.attention(given, given, given))
        value = self.norms[1](value + self.first(value))
        track: Tensor = self.norms[2](given + self.second(value))
        return track[:, 0]
