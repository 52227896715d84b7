# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Losses of assistant and student; every mean over pixels is 0 where no pixel counts."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F


def told_loss(log_shares: Tensor, told: Tensor) -> Tensor:
    """Return the mean cross-entropy with what was told of each pixel.

    With the windows that say a class as `told` it is the mean, over all windows and their pixels,
    of each window's own cross-entropy: - sum_i sum_p log s(p)[E_i(p)] counts, for every pixel,
    how many windows say what.

    Args:
        log_shares: Logarithm of the class probabilities, [B, C, H, W].
        told: How much is told of each class, at least 0: probabilities, or numbers of windows,
            [B, C, H, W].
    """
    given = told.to(log_shares.dtype)
    return -(given * log_shares).sum() / given.sum().clamp(min=1)


def consistency(first: Tensor, second: Tensor, form: Literal['kl', 'l2'], detach: bool) -> Tensor:
    """Return how far two predictions of the same pixels are apart, the mean over pixels.

    Args:
        first: Logits [C, ...] of one window on the overlap.
        second: Of the other.
        form: `kl`: half of KL(first || second) + KL(second || first); `l2`: squared distance of
            the probabilities.
        detach: Whether what is compared with is left alone by the gradient.
    """
    one, other = F.log_softmax(first.float(), 0), F.log_softmax(second.float(), 0)
    if form == 'l2':
        if detach:
            halves = ((one.exp() - other.exp().detach()) ** 2
                      + (other.exp() - one.exp().detach()) ** 2) / 2
        else:
            halves = (one.exp() - other.exp()) ** 2
        return halves.sum(0).mean()

    def divergence(wanted: Tensor, found: Tensor) -> Tensor:
        known = wanted.detach() if detach else wanted
        return (known.exp() * (known - found)).sum(0).mean()
    return (divergence(one, other) + divergence(other, one)) / 2


def boundary_loss(
    edges: Tensor, hits: Tensor, seen: Tensor, form: Literal['dice', 'bce'],
) -> Tensor:
    """Return how far the student's edges are from the refined ones of the overlaps.

    Args:
        edges: How much of an edge each place is, 0 to 1, [B, h, w].
        hits: Overlaps whose B_ref has an edge there, [B, h, w].
        seen: Overlaps that cover it, [B, h, w].
        form: `bce`: the mean over overlaps and their places, as told_loss counts windows; `dice`:
            1 - 2 |b B| / (|b| + |B|), a place counting as edge where any overlap says so.
    """
    hits, seen = hits.float(), seen.float()
    if form == 'bce':
        sure = edges.float().clamp(1e-6, 1 - 1e-6)
        total = -(hits * sure.log() + (seen - hits) * (1 - sure).log()).sum()
        return total / seen.sum().clamp(min=1)
    wanted = (hits > 0).float()
    found = edges.float() * (seen > 0)
    return 1 - (2 * (found * wanted).sum() + 1) / (found.sum() + wanted.sum() + 1)


def coarse(where: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the largest value in each block of maps [B, H, W], for a grid (rows, columns)."""
    return F.adaptive_max_pool2d(where[:, None].float(), size)[:, 0]
