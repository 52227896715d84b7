# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What changes from step to step: the learning rate, the mixing of tokens, averaged weights."""

from __future__ import annotations

import copy
import math
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from .recipe import DistillRecipe

N = TypeVar('N', bound=nn.Module)

MIXING_ENDS = 0.5
"""Share of the steps after which the student stands on its own tokens."""


class Schedule(Protocol):
    """What a learning rate goes by; see DistillRecipe."""

    @property
    def steps(self) -> int:
        """Optimiser steps."""

    @property
    def rate(self) -> float:
        """Peak."""

    @property
    def final_rate(self) -> float:
        """At the last step."""

    @property
    def warm_up(self) -> int:
        """Steps of linear warm-up."""


def learning_rate(recipe: Schedule, step: int) -> float:
    """Return the rate at a step, from 0: linear warm-up, then a cosine down to final_rate."""
    if step < recipe.warm_up:
        return recipe.rate * (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(recipe.steps - 1 - recipe.warm_up, 1)
    swing = 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return recipe.final_rate + (recipe.rate - recipe.final_rate) * swing


def mixed_share(recipe: DistillRecipe, step: int) -> float:
    """Return the share of tokens with events that are the teacher's at a step, from 0."""
    return recipe.loss.mixing * max(0.0, 1 - step / (MIXING_ENDS * recipe.steps))


class Average(Generic[N]):
    """Exponential average of a network's weights and statistics.

    Attributes:
        network: A copy in evaluation mode that holds the average.
    """

    def __init__(self, network: N, decay: float) -> None:
        """Begin with the network's own weights.

        Args:
            network: Trained elsewhere; frozen weights are copied once.
            decay: Share that stays, per step; (1 + n) / (10 + n) at step n where that is less.
        """
        self.network: N = copy.deepcopy(network).eval()
        self._decay = decay
        self._pairs: list[tuple[Tensor, Tensor]] = []
        self._counters: list[tuple[Tensor, Tensor]] = []
        moving = {n for n, p in network.named_parameters() if p.requires_grad}
        moving |= {n for n, _ in network.named_buffers()}
        own = dict(self.network.named_parameters()) | dict(self.network.named_buffers())
        live = dict(network.named_parameters()) | dict(network.named_buffers())
        for name in sorted(moving):
            which = self._pairs if own[name].dtype.is_floating_point else self._counters
            which.append((own[name].detach(), live[name].detach()))
        self.network.requires_grad_(False)

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the network after step `step`, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        if self._pairs:
            own, live = map(list, zip(*self._pairs, strict=True))
            torch._foreach_lerp_(own, live, 1 - decay)
        for mean, value in self._counters:
            mean.copy_(value)
