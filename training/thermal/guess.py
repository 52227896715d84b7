# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a missing picture would show, guessed from the one that is there.

A modality that is there in training alone can still teach: a network guesses its features and is
held against the real ones (Hoffman et al., "Learning with Side Information through Modality
Hallucination", CVPR 2016). The fusion is then fed with two modalities always.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .pyramid import WIDTHS, Pyramid


class Guess(nn.Module):
    """Features of one modality from those of the other, scale by scale."""

    def __init__(self) -> None:
        """Build with random weights."""
        super().__init__()
        self.scales = nn.ModuleList(nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c, 1))
            for c in WIDTHS)

    def forward(self, seen: Pyramid) -> Pyramid:
        """Return what the other modality is thought to show, of the same shapes."""
        return Pyramid(*(scale(level) for scale, level in zip(self.scales, seen, strict=True)))


def distance(guessed: Pyramid, real: Pyramid) -> Tensor:
    """Return how far guesses are from what there was, [B]; no gradient goes into the latter.

    The smooth L1 distance (from squares to absolute values at 1), its mean over each scale, summed
    over the scales.
    """
    return torch.stack([
        F.smooth_l1_loss(g, r.detach(), reduction='none').mean((1, 2, 3))
        for g, r in zip(guessed, real, strict=True)]).sum(0)
