# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One run: its network, optimiser and average, the pairs it learns from, and its checkpoints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from lightning_fabric import Fabric
import numpy as np
import torch
from torch import Tensor, nn

from eventsam_ros.events.types import UInt8

from ..distill.checkpoints import BEST, LAST, read_checkpoint, refuse_another, write_checkpoint
from ..distill.descent import check_batch, descend, groups, seed_step
from ..distill.processes import make_fabric
from ..distill.schedule import Average, learning_rate
from ..distill.students import as_plain
from .batches import Batch
from .drawing import contact_sheet
from .low_rank import learnt
from .objective import Objective
from .pictures import read_training
from .recipe import RgbtRecipe
from .score import score, sights
from .text import vectors_for
from .trained import build_network, checkpoint

_FREE = ('name', 'cache', 'workers', 'pictures', 'check_every')
"""Keys that may change in a run that has begun."""
_POWER = 0.9


def rate_at(recipe: RgbtRecipe, step: int) -> float:
    """Return the learning rate at a step, from 0."""
    if recipe.schedule == 'cosine' or step < recipe.warm_up:
        return learning_rate(recipe, step)
    done = (step - recipe.warm_up) / (recipe.steps - recipe.warm_up)
    return float(recipe.rate * (1 - done) ** _POWER)


class Run:
    """One run in a folder."""

    def __init__(self, recipe: RgbtRecipe, folder: Path, device: str = 'auto') -> None:
        """Start a run, or take up the one in the folder.

        Args:
            recipe: What to do.
            folder: Of the run; made where missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            RecipeError: Recipe, pictures and folder do not go together.
        """
        self.recipe, self.folder = recipe, folder
        self.fabric: Fabric = make_fabric(recipe.precision, device)
        self.rank, self.world = self.fabric.global_rank, self.fabric.world_size
        check_batch(recipe.batch, self.world)
        self.training, validation = read_training(recipe.data, recipe.cache)
        self.validation = validation.spread(recipe.check_pairs)
        self.classes = self.training.classes
        self.text = vectors_for(self.classes.names, recipe.loss.language.vectors)
        torch.manual_seed(recipe.seed)
        network: nn.Module = build_network(recipe, len(self.classes))
        if self.world > 1 and self.fabric.device.type == 'cuda':
            network = nn.SyncBatchNorm.convert_sync_batchnorm(  # type: ignore[no-untyped-call]
                network)
        counts = np.bincount(np.ravel(self.training.labels), minlength=256)[:len(self.classes)]
        self.plain = Objective(
            recipe, network,   # type: ignore[arg-type]
            torch.from_numpy(self.text.vectors), torch.from_numpy(counts).float())
        optimiser = torch.optim.AdamW(
            groups(self.plain.parameters(), recipe.weight_decay), lr=recipe.rate, fused=True)
        self.kept = tuple(learnt(self.plain))
        self.objective, self.optimiser = self.fabric.setup(self.plain, optimiser)
        self.average = Average(self.plain.network, recipe.ema)
        self.step, self.seconds, self.best = 0, 0.0, -1.0
        self.scores: dict[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _resume(self) -> None:
        state = read_checkpoint(self.folder / LAST, self.fabric.device)
        if state is None:
            return
        refuse_another(
            self.folder, state['recipe'], as_plain(asdict(self.recipe)), _FREE)
        self.plain.load_state_dict({**self.plain.state_dict(), **state['learnt']})
        average = self.average.network
        average.load_state_dict({**average.state_dict(), **state['average']})
        self.optimiser.load_state_dict(state['optimiser'])
        self.step, self.seconds, self.best = state['step'], state['seconds'], state['best']
        self.scores = state['scores']

    def _averaged(self) -> dict[str, Tensor]:
        state = self.average.network.state_dict()
        names = [n.removeprefix('network.') for n in self.kept if n.startswith('network.')]
        return {name: state[name] for name in names}

    def save(self, scores: dict[str, float]) -> None:
        """Write last.pt, and best.pt before it where the score is the best so far.

        Both hold what learns alone; frozen weights are those of the recipe's `start`.
        """
        if scores['score'] > self.best:
            self.best, self.scores = scores['score'], scores
            write_checkpoint(self.folder / BEST, checkpoint(
                self._averaged(), self.recipe, self.classes, self.text, self.step, scores))
        state = self.plain.state_dict()
        write_checkpoint(self.folder / LAST, {
            'learnt': {name: state[name] for name in self.kept}, 'average': self._averaged(),
            'optimiser': self.optimiser.state_dict(), 'step': self.step,
            'seconds': self.seconds, 'best': self.best, 'scores': self.scores,
            'recipe': as_plain(asdict(self.recipe))})

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """Take one optimiser step; return the loss and its parts."""
        seed_step(self.recipe.seed, self.step, self.rank)
        for group in self.optimiser.param_groups:
            group['lr'] = rate_at(self.recipe, self.step)
        self.plain.train()
        loss, parts = self.objective(batch.to(self.fabric.device))
        descend(self.fabric, self.objective, self.optimiser, loss, self.recipe.clip)
        self.average.update(self.step)
        self.step += 1
        found: dict[str, Tensor] = parts
        return found

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
