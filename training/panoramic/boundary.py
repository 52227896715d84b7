# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Boundary enhancement: the sharp edges of masks, as far as they divide classes.

A promptable network sees edges within a class too; the assistant's edges lie between classes but
not quite in place. What both see is kept: B_ref = B_SAM and dilate(B_TA, r).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
from torch.nn import functional as F

from eventsam_ros.events.types import Bool, UInt8


def edges(labels: NDArray[np.generic]) -> Bool:
    """Return which pixels differ from their right or lower neighbour, bool [H, W]."""
    found = np.zeros(labels.shape, np.bool_)
    found[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    found[:-1] |= labels[:-1] != labels[1:]
    return found


def outlines(masks: Bool) -> Bool:
    """Return the edges of all masks [N, h, w] together, bool [h, w]."""
    found = np.zeros(masks.shape[1:], np.bool_)
    for mask in masks:
        found |= edges(mask)
    return found


def dilated(where: Bool, radius: int) -> Bool:
    """Return the pixels at most `radius` rows and columns away from one that is set."""
    side = 2 * radius + 1
    grown = cv2.dilate(where.astype(np.uint8), np.ones((side, side), np.uint8),
                       borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(grown > 0, np.bool_)


def refined(masks: Bool, first: UInt8, second: UInt8, radius: int) -> Bool:
    """Return B_ref of an overlap, bool [h, w].

    Args:
        masks: On the overlap, bool [N, h, w].
        first: Classes that the assistant sees from one window, uint8 [h, w].
        second: From the other.
        radius: How far the assistant's edges may be off, pixels.
    """
    return outlines(masks) & dilated(edges(first) | edges(second), radius)


def soft_edges(shares: Tensor, gain: float, wrap: bool = True) -> Tensor:
    """Return how much of an edge each place is, 0 to 1, [B, H, W], with gradients.

    b = min(1, gain / 2 * max over classes of |s - mean of s over 3 x 3|): a straight edge between
    two sure classes has 1 / 6 * gain on both sides.

    Args:
        shares: Class probabilities of a panorama [B, C, H, W].
        gain: Factor.
        wrap: Whether its sides are neighbours.
    """
    sides = F.pad(shares, (1, 1, 0, 0), 'circular' if wrap else 'replicate')
    around = F.pad(sides, (0, 0, 1, 1), 'replicate')
    mean = F.avg_pool2d(around, 3, 1)
    return torch.clamp(gain / 2 * (shares - mean).abs().amax(1), max=1.0)
