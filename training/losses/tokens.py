# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Distance of a student's tokens from its teacher's (EventSAM, Chen et al., CVPR 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

LAMBDAS = (0.1, 0.4, 0.7, 1.0)
"""Weights of the four tapped layers in EventSAM's released code, the first layer first."""


def token_distance(
    student: Tensor, teacher: Tensor, weight: Tensor | None = None, valid: Tensor | None = None,
) -> Tensor:
    """Return the weighted mean absolute difference over channels and tokens with content.

    Args:
        student: Tokens, float32 [B, C, h, w].
        teacher: Tokens of the same shape; no gradient flows into them.
        weight: Of each token, float32 [B, 1, h, w]; None weights all alike.
        valid: Tokens with content, bool [B, 1, h, w]; None counts all.

    Returns:
        Scalar; 0 where no token has content.

    Raises:
        ValueError: Student and teacher differ in shape.
    """
    if student.shape != teacher.shape:
        raise ValueError(f'tokens of the student are {tuple(student.shape)}, but those of the '
                         f'teacher {tuple(teacher.shape)}')
    apart = (student - teacher.detach()).abs().mean(1, keepdim=True)
    if weight is not None:
        apart = apart * weight.detach()
    if valid is None:
        return apart.mean()
    counted = valid.to(apart.dtype)
    return (apart * counted).sum() / counted.sum().clamp_min(1)


def token_loss(
    student: Sequence[Tensor], teacher: Sequence[Tensor], weights: Sequence[Tensor],
    valid: Tensor | None = None, lambdas: Sequence[float] = LAMBDAS,
) -> tuple[Tensor, list[Tensor]]:
    """Return EventSAM's loss: the sum over taps of lambda times the weighted distance.

    Args:
        student: Taps, float32 [B, C, h, w] each.
        teacher: Taps of the same shapes.
        weights: Token weights (networks.attention.pivotal), float32 [B, 1, h, w] a tap.
        valid: See token_distance.
        lambdas: Weight of each tap.

    Returns:
        Scalar loss, and the unweighted distance at each tap, which says how far apart they are
        whatever the weighting.

    Raises:
        ValueError: The numbers of taps, weights and lambdas differ.
    """
    counts = {len(student), len(teacher), len(weights), len(lambdas)}
    if len(counts) != 1:
        raise ValueError('taps of student and teacher, weights and lambdas must be as many, but '
                         f'are {len(student)}, {len(teacher)}, {len(weights)}, {len(lambdas)}')
    total = torch.zeros((), device=student[0].device)
    apart = []
    for ours, theirs, weight, factor in zip(student, teacher, weights, lambdas, strict=True):
        total = total + factor * token_distance(ours, theirs, weight, valid)
        with torch.no_grad():
            apart.append(token_distance(ours, theirs, None, valid))
    return total, apart
