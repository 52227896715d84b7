# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Parts of RefSAM's network, small enough for a test."""

from __future__ import annotations

import torch

from training.networks.sam_vit import VitSpec
from training.referring.network import ReferringNetwork
from training.referring.networks.words import Said
from training.referring.recipe import NetworkChoice, TextChoice
from training.referring.text.encoder import Encoded, pooled_mean

WIDTH, HEIGHT = 64, 32
GRID = (HEIGHT // 16, WIDTH // 16)
SPEC = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)


def unit(*shape, dim):
    return torch.nn.functional.normalize(torch.randn(*shape), dim=dim)


def said(targets=2, length=4, kept=None):
    """Return sentences, of which each has `kept` tokens."""
    mask = torch.ones(targets, length)
    for row, tokens in enumerate(kept or []):
        mask[row, tokens:] = 0
    return Said(unit(targets, length, 256, dim=-1), mask, unit(targets, 256, dim=-1))


class Table(torch.nn.Module):
    """A text encoder that looks words up."""

    def __init__(self, width=24):
        super().__init__()
        self.width = width
        self.rows = torch.nn.Embedding(20, width)

    def forward(self, ids, mask):
        tokens = self.rows(ids)
        return Encoded(tokens, mask, pooled_mean(tokens, mask))


def small(**changes):
    choice = NetworkChoice(detail=0, text=TextChoice(learns=True), **changes)
    return ReferringNetwork(choice, WIDTH, HEIGHT, Table(), 24).eval()
