# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Networks that learn to see events as a teacher sees pictures."""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import CompactEncoder
from .sam_vit import Features, SamVit, VitSpec

COMPACT_BACKBONES = {
    'small': 'mobilenetv4_conv_small',
    'medium': 'mobilenetv4_conv_medium',
}
"""Backbones by size: for processors and small Jetsons, and for the Orin class."""


def paper_student(teacher: SamVit) -> SamVit:
    """Return a copy of the teacher that trains as EventSAM's released code does.

    Only the patch embedding and the MLPs of the tapped blocks learn; attention, norms, the other
    MLPs, position tables and neck stay the teacher's.

    Args:
        teacher: What the student begins as; it stays as it is.
    """
    student = copy.deepcopy(teacher)
    for parameter in student.parameters():
        parameter.requires_grad_(False)
    encoder = student.image_encoder
    learning = [encoder.patch_embed, *(encoder.blocks[k].mlp for k in student.spec.taps)]
    for module in learning:
        for parameter in module.parameters():
            parameter.requires_grad_(True)
    return student


def count(network: nn.Module) -> tuple[int, int]:
    """Return how many parameters learn, and how many there are."""
    every = list(network.parameters())
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


class CompactStudent(nn.Module):
    """The encoder that a vehicle runs, with projections of its levels to a teacher's tokens.

    The teacher's taps in their order are met by strides 8, 16 and 32 of the backbone and by the
    embedding itself. The projections serve distillation alone and are not exported.
    """

    def __init__(self, backbone: str, spec: VitSpec, height: int, width: int,
                 detail: int = 0) -> None:
        """Build with random weights.

        Args:
            backbone: A size of COMPACT_BACKBONES, or a name in timm.
            spec: The teacher's.
            height: Rows of the input, a multiple of 32.
            width: Columns of the input, a multiple of 32.
            detail: See CompactEncoder.

        Raises:
            ValueError: The teacher has not four taps, or the input is no multiple of 32.
        """
        super().__init__()
        if len(spec.taps) != 4:
            raise ValueError(f'a compact student follows four taps, but there are {spec.taps}')
        if height % 32 or width % 32:
            raise ValueError(f'the input must be a multiple of 32, but is {width}x{height}')
        self.encoder = CompactEncoder(COMPACT_BACKBONES.get(backbone, backbone), detail=detail)
        self.grid = (height // spec.patch, width // spec.patch)
        levels = [*self.encoder.levels, spec.out]
        self.projections = nn.ModuleList(nn.Conv2d(c, spec.width, 1) for c in levels)

    def forward(self, image: Tensor) -> Features:
        """Encode normalised pictures float32 [B, 3, H, W]."""
        levels, embedding = self.encoder.levels_and_embedding(image)
        spread = [*levels, embedding[:, :self.projections[-1].in_channels]]
        taps = tuple(
            project(F.interpolate(level, self.grid, mode='bilinear', align_corners=False))
            if level.shape[-2:] != self.grid else project(level)
            for project, level in zip(self.projections, spread, strict=True))
        return Features(embedding, taps)
