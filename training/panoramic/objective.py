# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""L_TA of the assistant and L_S of the student; each of their parts can be left out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.segformer import SegFormer
from ..semantic.objective import class_loss
from ..semantic.score import full_size
from .batches import PanoramaBatch, WindowBatch
from .boundary import soft_edges
from .losses import boundary_loss, coarse, consistency, told_loss
from .predict import whole_logits
from .recipe import AssistantLosses, StudentLosses


def _total(
    parts: dict[str, Tensor], weights: AssistantLosses | StudentLosses,
) -> tuple[Tensor, dict[str, Tensor]]:
    loss = torch.stack([getattr(weights, name) * part for name, part in parts.items()]).sum()
    return loss, {'loss': loss.detach(), **{k: v.detach() for k, v in parts.items()}}


class Adapting(nn.Module):
    """The assistant on pairs of windows."""

    def __init__(self, network: SegFormer, given: AssistantLosses) -> None:
        """Take the network and the weights of the losses."""
        super().__init__()
        self.network, self._given = network, given

    def forward(self, batch: WindowBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss; it and its parts by name."""
        given, parts = self._given, {}
        if batch.first.shape == batch.second.shape:
            logits = self.network(torch.cat([batch.first, batch.second])).chunk(2)
        else:
            logits = self.network(batch.first), self.network(batch.second)
        sizes = batch.first.shape[-2:], batch.second.shape[-2:]
        full = [full_size(one, (size[0], size[1])) for one, size in zip(
            logits, sizes, strict=True)]
        if given.consistency:
            parts['consistency'] = torch.stack([
                consistency(full[0][k][:, one[0], one[1]], full[1][k][:, other[0], other[1]],
                            given.form, given.detach)
                for k, (one, other) in enumerate(batch.common)]).mean()
        for name, labels in (('ensemble', batch.ensemble), ('reliable', batch.sure)):
            if getattr(given, name):
                parts[name] = torch.stack([
                    class_loss(one, of) for one, of in zip(full, labels, strict=True)]).mean()
        return _total(parts, given)


class Learning(nn.Module):
    """The student on whole panoramas; nothing of assistant or masks is in it."""

    def __init__(
        self, network: SegFormer, given: StudentLosses, padding: int, wrap: bool = True,
    ) -> None:
        """Take the network, the weights of the losses, and how panoramas go round."""
        super().__init__()
        self.network, self._given, self._padding, self._wrap = network, given, padding, wrap

    def forward(self, batch: PanoramaBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss; it and its parts by name."""
        given, parts = self._given, {}
        logits = whole_logits(self.network, batch.pictures, self._padding)
        full = F.log_softmax(full_size(logits, (batch.hits.shape[1], batch.hits.shape[2])), 1)
        for name, told in (('stitched', batch.stitched), ('ensemble', batch.ensemble),
                           ('reliable', batch.sure)):
            if getattr(given, name):
                parts[name] = told_loss(full, told)
        if given.boundary:
            size = (logits.shape[2], logits.shape[3])
            grown = 2 * given.dilate + 1
            hits = F.max_pool2d(batch.hits[:, None].float(), grown, 1, given.dilate)[:, 0]
            # where edges were grown, no fewer overlaps see them
            seen = torch.maximum(batch.seen.float(), hits)
            parts['boundary'] = boundary_loss(
                soft_edges(logits.float().softmax(1), given.gain, self._wrap), coarse(hits, size),
                coarse(seen, size), given.form)
        return _total(parts, given)
