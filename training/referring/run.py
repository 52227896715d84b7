# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One run: its network, optimiser and average, the clips it learns from, and its checkpoints."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
import torch
from torch import Tensor, nn

from eventsam_ros.events.types import UInt8

from ..distill.checkpoints import BEST, LAST, read_checkpoint, refuse_another, write_checkpoint
from ..distill.descent import check_batch, descend, groups, seed_step
from ..distill.processes import make_fabric
from ..distill.schedule import Average, learning_rate
from ..distill.students import as_plain
from ..thermal.low_rank import learnt
from .batches import Batch
from .data import all_sentences, read_split
from .drawing import contact_sheet
from .network import ReferringNetwork
from .objective import Objective
from .recipe import Rates, ReferringRecipe
from .score import score_clips, summary
from .trained import build_network, checkpoint, words_for

_FREE = ('name', 'workers', 'pictures', 'check_every', 'threshold', 'gap_s')
"""Keys that may change in a run that has begun."""


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


class Run:
    """One run in a folder."""

    def __init__(self, recipe: ReferringRecipe, folder: Path, device: str = 'auto') -> None:
        """Start a run, or take up the one in the folder.

        Args:
            recipe: What to do.
            folder: Of the run; made where missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            RecipeError: Recipe, clips and folder do not go together.
        """
        self.recipe, self.folder = recipe, folder
        self.fabric: Fabric = make_fabric(recipe.precision, device)
        self.rank, self.world = self.fabric.global_rank, self.fabric.world_size
        check_batch(recipe.batch, self.world)
        self.training = read_split(recipe, recipe.data.train)
        self.validation = read_split(recipe, recipe.data.validation)
        self.words = words_for(recipe, lambda: all_sentences(self.training))
        torch.manual_seed(recipe.seed)
        network: nn.Module = build_network(recipe, self.words)
        if self.fabric.device.type == 'cpu':   # convolutions take a quarter less time so
            network = network.to(
                memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.world > 1 and self.fabric.device.type == 'cuda':
            network = nn.SyncBatchNorm.convert_sync_batchnorm(  # type: ignore[no-untyped-call]
                network)
        self.plain = Objective(recipe, network)  # type: ignore[arg-type]
        optimiser = torch.optim.AdamW(
            rated_groups(self.plain.network, recipe), fused=True)
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
        return {name: state[name] for name in (
            n.removeprefix('network.') for n in self.kept)}

    def save(self, scores: dict[str, float]) -> None:
        """Write last.pt, and best.pt before it where the score is the best so far.

        Both hold what learns alone; frozen weights are those of the recipe's `start`.
        """
        if scores['score'] > self.best:
            self.best, self.scores = scores['score'], scores
            write_checkpoint(self.folder / BEST, checkpoint(
                self._averaged(), self.recipe, self.words, self.step, scores))
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
            group['lr'] = group['peak'] * share_at(self.recipe, self.step)
        self.plain.train()
        loss, parts = self.objective(batch.to(self.fabric.device))
        descend(self.fabric, self.objective, self.optimiser, loss, self.recipe.clip)
        self.average.update(self.step)
        self.step += 1
        found: dict[str, Tensor] = parts
        return found

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
