# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All losses of a batch in one module, so that Fabric wraps one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .batches import IGNORE, Batch, normalised
from .guidance import Prototypes, cross_loss
from .network import Outputs, RgbtNetwork
from .pyramid import WIDTHS
from .recipe import RgbtRecipe

PARTS = ('main', 'auxiliary', 'alone', 'guess', 'cross', 'language', 'prototypes')


class Objective(nn.Module):
    """The network, the prototypes, and what they are taught."""

    def __init__(
        self, recipe: RgbtRecipe, network: RgbtNetwork, text: Tensor,
        counts: Tensor | None = None,
    ) -> None:
        """Take what learns.

        Args:
            recipe: Weights of the losses.
            network: That learns.
            text: Vector of each class, float32 [C, D].
            counts: Training pixels of each class, float32 [C], for `loss.balance`; None weighs
                all alike.
        """
        super().__init__()
        self.recipe, self.network = recipe, network
        self.prototypes = Prototypes(network.classes, WIDTHS[2], recipe.loss.language)
        for name, values in (
            ('rgb_mean', recipe.rgb_mean), ('rgb_std', recipe.rgb_std),
            ('thermal_mean', recipe.thermal_mean), ('thermal_std', recipe.thermal_std),
        ):
            self.register_buffer(name, torch.tensor(values), persistent=False)
        self.register_buffer('text', text, persistent=False)
        weights = torch.ones(network.classes) if counts is None else class_weights(
            counts, recipe.loss.balance)
        self.register_buffer('weights', weights, persistent=False)

    def inputs(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the network takes."""
        return (normalised(batch.rgb, batch.inside, self.get_buffer('rgb_mean'),
                           self.get_buffer('rgb_std')),
                normalised(batch.thermal, batch.inside, self.get_buffer('thermal_mean'),
                           self.get_buffer('thermal_std')), batch.present)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and its parts, unweighted."""
        loss, labels, weights = self.recipe.loss, batch.labels, self.get_buffer('weights')
        found = self.network.outputs(*self.inputs(batch), apart=loss.alone > 0)
        parts = {'main': entropy(found.main, labels, weights),
                 'auxiliary': entropy(found.auxiliary, labels, weights)}
        total = loss.main * parts['main'] + loss.auxiliary * parts['auxiliary']
        if found.apart is not None:
            parts['alone'] = alone(found.apart, batch.present, labels, weights)
            total = total + loss.alone * parts['alone']
        if found.missed is not None:
            whole = batch.present.prod(1)
            parts['guess'] = (found.missed * whole).sum() / whole.sum().clamp_min(1)
            total = total + loss.guess * parts['guess']
        if self.recipe.crosses:
            parts['cross'] = self._cross(found, labels)
            total = total + loss.cross.weight * parts['cross']
        if self.recipe.speaks:
            told, pull = self.prototypes(
                found.semantic, labels, self.get_buffer('text'))
            parts |= {'language': told, 'prototypes': pull}
            total = total + loss.language.weight * told + loss.language.prototypes * pull
        return total, {'loss': total.detach()} | {k: v.detach() for k, v in parts.items()}

    def _cross(self, found: Outputs, labels: Tensor) -> Tensor:
        choice = self.recipe.loss.cross
        step = labels.shape[1] // found.main.shape[2]
        small = labels[:, step // 2::step, step // 2::step]
        assert found.rgb is not None
        assert found.thermal is not None
        fused = found.main + found.auxiliary
        partners = {'rgb_to_thermal': (found.thermal, found.rgb),
                    'thermal_to_rgb': (found.rgb, found.thermal)}
        total = found.main.new_zeros(())
        for direction, (learner, teacher) in partners.items():
            if choice.direction in {'both', direction}:
                told_by = fused if choice.teacher == 'fused' else teacher
                total = total + cross_loss(learner, told_by, small, choice)
        return total


def class_weights(counts: Tensor, balance: float) -> Tensor:
    """Return the weight of a pixel of each class, of mean 1 over all pixels.

    Args:
        counts: Pixels of each class [C]; absent ones weigh as much as the rarest.
        balance: See LossChoice.
    """
    share = counts / counts.sum()
    share = torch.where(counts > 0, share, share[counts > 0].min())
    weights = share ** -balance
    return weights / (weights * counts / counts.sum()).sum()


def entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the cross-entropy of logits at stride 4, brought to the size of the labels."""
    full = F.interpolate(logits, labels.shape[1:], mode='bilinear', align_corners=False)
    known = (labels != IGNORE).sum().clamp_min(1)
    return F.cross_entropy(full, labels, weights, ignore_index=IGNORE, reduction='sum') / known


def alone(
    logits: tuple[Tensor, Tensor], present: Tensor, labels: Tensor, weights: Tensor,
) -> Tensor:
    """Return the sum of both cameras' cross-entropies, each over the pairs that have its picture.

    Args:
        logits: From the colour and from the thermal picture alone, [B, C, H / 4, W / 4] each.
        present: Which pictures are there, [B, 2], 1 or 0.
        labels: Classes [B, H, W]; IGNORE does not count.
        weights: Of the classes [C].
    """
    total = logits[0].new_zeros(())
    for said, here in zip(logits, present.T, strict=True):
        known = torch.where(here[:, None, None] > 0, labels, IGNORE)
        total = total + entropy(said, known, weights)
    return total
