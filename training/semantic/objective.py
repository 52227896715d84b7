# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Losses: of one network alone, and of the three streams."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.segformer import SegFormer
from .batches import ClassBatch
from .classes import IGNORE
from .recipe import Alignment
from .score import full_size


def class_loss(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the cross-entropy over the pixels that count, 0 where none does.

    Args:
        logits: [B, C, h, w]; enlarged to the labels.
        labels: int64 [B, H, W], 255 does not count.
        weights: Of the classes, float32 [C]; the loss is the weighted mean.
    """
    full = full_size(logits, (labels.shape[1], labels.shape[2]))
    total = F.cross_entropy(full, labels, weights, ignore_index=IGNORE, reduction='sum')
    counted = labels[labels != IGNORE]
    share = len(counted) if weights is None else weights[counted].sum()
    return total / torch.as_tensor(share, device=total.device).clamp(min=1e-6)


def class_weights(counts: Tensor, balance: float) -> Tensor:
    """Return a weight for each class, rarer ones higher, 1 in the mean over pixels.

    Args:
        counts: Pixels of each class, [C]; a class without any counts as one pixel.
        balance: Power of the frequency that is divided by, 0 to 1.
    """
    share = counts.double().clamp(min=1) / counts.sum().clamp(min=1)
    raw = share ** -balance
    return (raw / (raw * share).sum()).float()


def distillation(teacher: Tensor, student: Tensor, given: Alignment) -> Tensor:
    """Return L_KD of logits [B, C, h, w], averaged over places.

    `soft_ce` is - sum p_teacher log p_student (CDTrans); `kl` is less the teacher's entropy.
    Both are multiplied by the temperature squared, as usual (Hinton et al., 2015).
    """
    if given.detach:
        teacher = teacher.detach()
    wanted = F.softmax(teacher.float() / given.temperature, 1)
    found = F.log_softmax(student.float() / given.temperature, 1)
    loss = -(wanted * found).sum(1).mean()
    if given.form == 'kl':
        known = F.log_softmax(teacher.float() / given.temperature, 1)
        loss = loss + (wanted * known).sum(1).mean()
    return loss * given.temperature ** 2


class Supervised(nn.Module):
    """One network and the classes of what it sees."""

    weights: Tensor

    def __init__(self, network: SegFormer, weights: Tensor) -> None:
        """Take the network and the weights of the classes."""
        super().__init__()
        self.network = network
        self.register_buffer('weights', weights)

    def forward(self, batch: ClassBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss, and it by name."""
        loss = class_loss(self.network(batch.pictures), batch.labels, self.weights)
        return loss, {'loss': loss.detach()}


@dataclass
class PairBatch:
    """Source and target, place by place a pair."""

    source: ClassBatch
    target: ClassBatch

    def to(self, device: torch.device) -> PairBatch:
        """Return the batch on a device."""
        return PairBatch(self.source.to(device), self.target.to(device))


class Aligned(nn.Module):
    """Three streams of one network: L = L_s + L_t + L_KD, weighted."""

    weights: Tensor

    def __init__(self, network: SegFormer, given: Alignment, weights: Tensor) -> None:
        """Take the network, the weights of the losses and those of the classes."""
        super().__init__()
        self.network, self._given = network, given
        self.register_buffer('weights', weights)

    def forward(self, batch: PairBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss; it and its parts by name."""
        given = self._given
        if given.distil:
            source, cross, target = self.network.streams(
                batch.source.pictures, batch.target.pictures, given.stages)
        else:
            # nothing reads the third stream
            both = torch.cat([batch.source.pictures, batch.target.pictures])
            source, target = self.network(both).chunk(2)
            cross = target
        parts = {'source': class_loss(source, batch.source.labels, self.weights),
                 'target': class_loss(target, batch.target.labels, self.weights)}
        if given.distil:
            parts['distil'] = distillation(cross, target, given)
        shares = {'source': given.source, 'target': given.target, 'distil': given.distil}
        loss = torch.stack([shares[name] * part for name, part in parts.items()]).sum()
        return loss, {'loss': loss.detach(), **{k: v.detach() for k, v in parts.items()}}
