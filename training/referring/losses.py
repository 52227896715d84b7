# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Dice and focal loss of masks (RefSAM's code), and the error of the expected IoU."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_SMOOTH = 1.0
_NEVER = -1e4


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return 1 - (2 sum(s y) + 1) / (sum s + sum y + 1) of each mask.

    Args:
        logits: float32 [..., H, W].
        target: 0 or 1, of the same shape.

    Returns:
        float32 [...]; of an empty target 0 where nothing is drawn.
    """
    share = logits.sigmoid().flatten(-2)
    truth = target.flatten(-2)
    overlap = (share * truth).sum(-1)
    return 1 - (2 * overlap + _SMOOTH) / (share.sum(-1) + truth.sum(-1) + _SMOOTH)


def focal_loss(logits: Tensor, target: Tensor, alpha: float, gamma: float) -> Tensor:
    """Return the mean over pixels of alpha_t (1 - p_t)^gamma times the cross-entropy.

    Args:
        logits: float32 [..., H, W].
        target: 0 or 1, of the same shape.
        alpha: Weight of the object; the background has 1 - alpha.
        gamma: Power.

    Returns:
        float32 [...].
    """
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
    share = logits.sigmoid()
    right = share * target + (1 - share) * (1 - target)
    weight = alpha * target + (1 - alpha) * (1 - target)
    found: Tensor = (weight * (1 - right) ** gamma * entropy).flatten(-2).mean(-1)
    return found


def contrast_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return how unlikely the right sentence is at a pixel, among all sentences of its clip.

    Minus the logarithm of the share that a softmax over the sentences gives those that name the
    object there, mean over all pixels that some sentence names. Dice and focal loss are content
    for long with masks of everything that could be meant; this is not.

    Args:
        logits: float32 [..., S, H, W].
        target: 0 or 1, of the same shape.

    Returns:
        A number; 0 where nothing is named, or all sentences name the same.
    """
    shares = logits.log_softmax(-3)
    named = target.sum(-3) > 0
    right = shares.masked_fill(target == 0, _NEVER).logsumexp(-3)
    return -torch.where(named, right, 0.0).sum() / named.sum().clamp_min(1)


@torch.no_grad()
def reached_iou(logits: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of each mask with its target, float32 [...].

    It is 0 where there is no object, whatever was drawn: what is not there must not be found.
    """
    drawn, truth = (logits > 0).flatten(-2), (target > 0.5).flatten(-2)
    return (drawn & truth).sum(-1).float() / (drawn | truth).sum(-1).clamp_min(1)
