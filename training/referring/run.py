# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One run: its network, what of it learns how fast, and the clips it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from eventsam_ros.events.types import UInt8

from ..distill.descent import groups
from ..distill.kept_run import KeptRun
from ..distill.schedule import learning_rate
from ..thermal.low_rank import learnt
from .data import all_sentences, read_split
from .drawing import contact_sheet
from .network import ReferringNetwork
from .objective import Objective
from .recipe import Rates, ReferringRecipe
from .score import score_clips, summary
from .trained import build_network, checkpoint, words_for


@dataclass(frozen=True)
class _Share:
    """The schedule of what all rates are multiplied by."""

    steps: int
    final_rate: float
    warm_up: int
    rate: float = 1.0


def share_at(recipe: ReferringRecipe, step: int) -> float:
    """Return what the peak rates are multiplied by at a step, from 0."""
    final = 1.0 if recipe.schedule == 'constant' else recipe.final
    return learning_rate(_Share(recipe.steps, final, recipe.warm_up), step)


def parts_of(network: ReferringNetwork) -> dict[str, list[nn.Parameter]]:
    """Return the parameters of each part that has a rate of its own, by its name in Rates."""
    sight = network.sight
    found: dict[str, list[nn.Parameter]] = {name: [] for name in Rates.__dataclass_fields__}
    for name, parameter in sight.sight.named_parameters():
        found['adapters' if '.adapter.' in name else 'encoder'].append(parameter)
    for module in (sight.taps, sight.fusions, network.dense):
        if module is not None:
            found['dense'] += module.parameters()
    found['text'] += network.text.parameters()
    found['words'] += network.words.parameters()
    found['decoder'] += network.decoder.parameters()
    if network.tracking is not None:
        found['track'] += network.tracking.parameters()
    return found


def rated_groups(network: ReferringNetwork, recipe: ReferringRecipe) -> list[dict[str, Any]]:
    """Return the groups of the optimiser, each with its `peak` rate; a rate of 0 learns nothing.

    Gradients still pass through a part whose rate is 0.
    """
    found = []
    for name, parameters in parts_of(network).items():
        peak = float(getattr(recipe.rates, name))
        found += [{**group, 'peak': peak, 'lr': peak}
                  for group in groups(parameters, recipe.weight_decay) if group['params']]
    return found


class Run(KeptRun[ReferringRecipe, Objective]):
    """One run in a folder."""

    FREE = ('name', 'workers', 'pictures', 'check_every', 'threshold', 'gap_s')

    def __init__(self, recipe: ReferringRecipe, folder: Path, device: str = 'auto') -> None:
        """Start a run, or take up the one in the folder.

        Args:
            recipe: What to do.
            folder: Of the run; made where missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            RecipeError: Recipe, clips and folder do not go together.
        """
        super().__init__(recipe, folder, device)
        self.training = read_split(recipe, recipe.data.train)
        self.validation = read_split(recipe, recipe.data.validation)
        self.words = words_for(recipe, lambda: all_sentences(self.training))
        torch.manual_seed(recipe.seed)
        network: nn.Module = build_network(recipe, self.words)
        if self.fabric.device.type == 'cpu':   # convolutions take a quarter less time so
            network = network.to(
                memory_format=torch.channels_last)  # type: ignore[call-overload]
        plain = Objective(recipe, self.spread(network))  # type: ignore[arg-type]
        self.begin(plain, rated_groups(plain.network, recipe), learnt(plain))

    def rate_of(self, group: Mapping[str, Any]) -> float:
        """Return the peak rate of its part, by the schedule."""
        return float(group['peak']) * share_at(self.recipe, self.step)

    def best_content(self, averaged: dict[str, Tensor], scores: dict[str, float]) -> dict[
            str, Any]:
        """Return what best.pt holds."""
        return checkpoint(averaged, self.recipe, self.words, self.step, scores)

    def averaged(self) -> Objective:
        """Return the averaged network, ready to be asked."""
        return Objective(self.recipe, self.average.network).to(self.fabric.device).eval()

    def examine(self) -> dict[str, float]:
        """Return how good the averaged network is; `score` is J&F on validation clips."""
        found = summary(score_clips(
            self.averaged(), self.validation, self.words, self.recipe.check_clips))
        return {'score': found['j_and_f'], **found}

    def draw(self) -> UInt8:
        """Return a contact sheet of validation clips."""
        return contact_sheet(self.averaged(), self.validation, self.words, self.recipe.pictures)
