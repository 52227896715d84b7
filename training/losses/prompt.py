# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Losses of promptable segmentation (Kirillov et al., "Segment Anything", 2023)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def focal(logits: Tensor, target: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Return the focal loss (Lin et al., 2017) per mask, mean over pixels.

    Args:
        logits: float32 [..., H, W].
        target: float32 of the same shape, 0 to 1.
        alpha: Weight of the positive pixels.
        gamma: How much easy pixels count less.

    Returns:
        float32 [...].
    """
    cross = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
    p = logits.sigmoid()
    right = p * target + (1 - p) * (1 - target)
    weight = alpha * target + (1 - alpha) * (1 - target)
    return (weight * (1 - right) ** gamma * cross).mean((-2, -1))


def dice(logits: Tensor, target: Tensor) -> Tensor:
    """Return 1 - Dice coefficient per mask, smoothed by one pixel; float32 [...]."""
    p = logits.sigmoid()
    overlap = 2 * (p * target).sum((-2, -1))
    return 1 - (overlap + 1) / (p.sum((-2, -1)) + target.sum((-2, -1)) + 1)


def iou(logits: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of logits > 0 and target > 0.5 per mask, 0 where both are empty."""
    a, b = logits > 0, target > 0.5
    union = (a | b).sum((-2, -1))
    return (a & b).sum((-2, -1)) / union.clamp(min=1)


def prompt_loss(
    logits: Tensor, scores: Tensor, target: Tensor, is_object: Tensor,
    focal_weight: float = 20.0, score_weight: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Return the loss of a batch of prompts and the IoU of the single-mask output.

    The single-mask output and the best of the three others both learn the mask; every expected
    IoU learns the IoU reached. A prompt on the background has no mask, only the IoU 0.

    Args:
        logits: float32 [N, 4, h, w].
        scores: float32 [N, 4].
        target: float32 [N, h, w], share of each low-resolution pixel that is object.
        is_object: bool [N], false for prompts on the background.
        focal_weight: Weight of the focal loss against dice.
        score_weight: Weight of the squared error of the expected IoU.

    Returns:
        Scalar loss; IoU float32 [N] of output 0.
    """
    wanted = target[:, None].expand_as(logits)
    each = focal_weight * focal(logits, wanted) + dice(logits, wanted)
    per_prompt = each[:, 0] + each[:, 1:].min(1).values
    kept = is_object.to(logits.dtype)
    mask_loss = (per_prompt * kept).sum() / kept.sum().clamp(min=1)
    with torch.no_grad():
        reached = iou(logits, wanted) * kept[:, None]
    score_loss = F.mse_loss(scores, reached)
    return mask_loss + score_weight * score_loss, reached[:, 0]


def dense_loss(logits: Tensor, ids: Tensor) -> Tensor:
    """Return the auxiliary loss: where objects and their borders are.

    Args:
        logits: float32 [B, 2, h, w] (see DenseHead).
        ids: uint8 [B, h, w], instance ids at the same resolution.
    """
    inside = (ids > 0).to(logits.dtype)
    value = ids.to(logits.dtype)[:, None]
    spread = F.max_pool2d(value, 3, 1, 1) + F.max_pool2d(-value, 3, 1, 1)
    border = (spread[:, 0] > 0).to(logits.dtype)
    weight = 1 + 4 * border
    first = F.binary_cross_entropy_with_logits(logits[:, 0], inside)
    second = F.binary_cross_entropy_with_logits(logits[:, 1], border, weight=weight)
    return first + second
