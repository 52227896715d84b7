# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What classes mean to each other, and what one modality can tell the other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .recipe import CrossChoice, LanguageChoice

IGNORE = 255


def relations(vectors: Tensor, temperature: float) -> Tensor:
    """Return log-probabilities [C, C]: rows are the softmax of cosine similarities.

    Args:
        vectors: One a class, [C, D].
        temperature: Divides the similarities; small ones make rows sharp.
    """
    unit = F.normalize(vectors, dim=1)
    return (unit @ unit.T / temperature).log_softmax(1)


def language_loss(text: Tensor, prototypes: Tensor, temperature: float) -> Tensor:
    """Return the mean over i, j of T_ij (log T_ij - log V_ij), a scalar.

    Args:
        text: Vector of each class's text, [C, D].
        prototypes: Of the same classes, [C, E]; 0 is reached where both relate alike, as where
            one is a rotation of the other.
        temperature: Of both matrices T and V.
    """
    wanted = relations(text, temperature)
    found = relations(prototypes, temperature)
    return (wanted.exp() * (wanted - found)).mean()


def class_means(
    features: Tensor, labels: Tensor, classes: int, assign: str,
) -> tuple[Tensor, Tensor]:
    """Return the mean feature of each class.

    Args:
        features: [B, D, h, w].
        labels: int64 [B, H, W], H a multiple of h; 255 does not count.
        classes: Number of classes C.
        assign: See LanguageChoice.

    Returns:
        Means [C, D], 0 for absent classes; and which classes are there, bool [C].
    """
    step = labels.shape[1] // features.shape[2]
    known = labels != IGNORE
    hot = F.one_hot(torch.where(known, labels, 0), classes) * known[..., None]
    if assign == 'nearest':
        half = step // 2
        share = hot[:, half::step, half::step].permute(0, 3, 1, 2).float()
    else:
        share = F.avg_pool2d(hot.permute(0, 3, 1, 2).float(), step)
    total = share.sum((0, 2, 3))
    sums = torch.einsum('bdhw,bchw->cd', features.float(), share)
    return sums / total.clamp_min(1e-6)[:, None], total > 0


class Prototypes(nn.Module):
    """Running mean feature of each class; an absent class stays as it was."""

    def __init__(self, classes: int, channels: int, choice: LanguageChoice) -> None:
        """Begin with no class seen."""
        super().__init__()
        self.choice = choice
        self.register_buffer('means', torch.zeros(classes, channels))
        self.register_buffer('seen', torch.zeros(classes, dtype=torch.bool))

    def forward(
        self, features: Tensor, labels: Tensor, text: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Return the language loss and the prototype loss, and move the means.

        Args:
            features: Fused features at stride 16, [B, D, h, w].
            labels: int64 [B, H, W].
            text: Vector of each class, [C, E].

        Returns:
            Two scalars; classes that are not in the batch relate by their running means, classes
            never seen not at all. Both are 0 where no pixel of the batch counts.
        """
        means, seen = self.means, self.seen
        assert isinstance(means, Tensor)
        assert isinstance(seen, Tensor)
        found, there = class_means(features, labels, len(means), self.choice.assign)
        with torch.no_grad():
            kept = torch.where(seen[:, None], means, found)
            moved = torch.lerp(found, kept, self.choice.decay)
            means.copy_(torch.where(there[:, None], moved, means))
            seen |= there
        if not there.any():
            # the mean over no class is no number, and would be in all weights at once
            return features.new_zeros(()), features.new_zeros(())
        stood = torch.where(there[:, None], found, means)
        told = language_loss(text[seen], stood[seen], self.choice.temperature)
        anchor = means[there].detach().log_softmax(1)
        pull = (anchor.exp() * (anchor - found[there].log_softmax(1))).mean()
        return told, pull


def cross_loss(
    learner: Tensor, teacher: Tensor, labels: Tensor, choice: CrossChoice,
) -> Tensor:
    """Return the KL divergence of one modality's classes from another's, a scalar.

    Args:
        learner: Logits [B, C, h, w].
        teacher: Logits of the same shape; no gradient goes through them.
        labels: int64 [B, h, w]; 255 does not count.
        choice: Where, and at which temperature.
    """
    found = (learner / choice.temperature).log_softmax(1)
    wanted = (teacher.detach() / choice.temperature).log_softmax(1)
    divergence = (wanted.exp() * (wanted - found)).sum(1) * choice.temperature ** 2
    known = labels != IGNORE
    taught = known
    if choice.where == 'better':
        true = torch.where(known, labels, 0)[:, None]
        gain = (teacher.detach().log_softmax(1).gather(1, true)
                - learner.detach().log_softmax(1).gather(1, true))[:, 0]
        taught = known & (gain > 0)
    return (divergence * taught).sum() / known.sum().clamp_min(1)
