# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every text encoder is."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class Encoded(NamedTuple):
    """B sentences of N tokens, padding included, as vectors of length D.

    Attributes:
        tokens: float32 [B, N, D]; what stands at padding is of no account.
        mask: 1 for a token, 0 for padding, float32 [B, N].
        pooled: One vector a sentence, float32 [B, D].
    """

    tokens: Tensor
    mask: Tensor
    pooled: Tensor


class TextEncoder(Protocol):
    """A module that encodes sentences; padding never changes what a sentence gives.

    Attributes:
        width: D.
    """

    width: int

    def __call__(self, ids: Tensor, mask: Tensor) -> Encoded:
        """Encode tokens int64 [B, N] with mask float32 [B, N]."""


def pooled_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of the tokens [B, N, D] that are there, [B, D]; zeros where none is."""
    there = mask[..., None]
    return (tokens * there).sum(1) / there.sum(1).clamp_min(1)
