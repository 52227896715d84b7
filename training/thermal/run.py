# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One run: its network and the pairs it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import UInt8

from ..distill.descent import groups
from ..distill.kept_run import KeptRun
from ..distill.schedule import learning_rate
from .drawing import contact_sheet
from .low_rank import learnt
from .objective import Objective
from .pictures import read_training
from .recipe import RgbtRecipe
from .score import score, sights
from .text import vectors_for
from .trained import build_network, checkpoint

_POWER = 0.9


def rate_at(recipe: RgbtRecipe, step: int) -> float:
    """Return the learning rate at a step, from 0."""
    if recipe.schedule == 'cosine' or step < recipe.warm_up:
        return learning_rate(recipe, step)
    done = (step - recipe.warm_up) / (recipe.steps - recipe.warm_up)
    return float(recipe.rate * (1 - done) ** _POWER)


class Run(KeptRun[RgbtRecipe, Objective]):
    """One run in a folder."""

    FREE = ('name', 'cache', 'workers', 'pictures', 'check_every')

    def __init__(self, recipe: RgbtRecipe, folder: Path, device: str = 'auto') -> None:
        """Start a run, or take up the one in the folder.

        Args:
            recipe: What to do.
            folder: Of the run; made where missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            RecipeError: Recipe, pictures and folder do not go together.
        """
        super().__init__(recipe, folder, device)
        self.training, validation = read_training(recipe.data, recipe.cache)
        self.validation = validation.spread(recipe.check_pairs)
        self.classes = self.training.classes
        self.text = vectors_for(self.classes.names, recipe.loss.language.vectors)
        torch.manual_seed(recipe.seed)
        network = self.spread(build_network(recipe, len(self.classes)))
        counts = np.bincount(np.ravel(self.training.labels), minlength=256)[:len(self.classes)]
        plain = Objective(
            recipe, network,   # type: ignore[arg-type]
            torch.from_numpy(self.text.vectors), torch.from_numpy(counts).float())
        self.begin(plain, groups(plain.parameters(), recipe.weight_decay), learnt(plain))

    def rate_of(self, group: Mapping[str, Any]) -> float:   # noqa: ARG002
        """Return the rate of all by the schedule."""
        return rate_at(self.recipe, self.step)

    def best_content(self, averaged: dict[str, Tensor], scores: dict[str, float]) -> dict[
            str, Any]:
        """Return what best.pt holds."""
        return checkpoint(
            averaged, self.recipe, self.classes, self.text, self.step, scores)

    def examine(self) -> dict[str, float]:
        """Return the averaged network's mIoU with all that it can be shown; `score` is the mean.

        A network that serves with one camera, too, is judged by all three.
        """
        network = self.average.network
        found: dict[str, float] = {shown: score(network, self.plain, self.validation, shown,
                              self.recipe.absent).miou for shown in sights(network)}
        values = [v for v in found.values() if np.isfinite(v)]
        return {'score': float(np.mean(values)) if values else 0.0, **found}

    def draw(self) -> UInt8:
        """Return a contact sheet of the first of the validation pairs."""
        return contact_sheet(self.average.network, self.plain,
                             self.validation.spread(self.recipe.pictures))
