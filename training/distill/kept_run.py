# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A run of which what learns is kept: its optimiser, its average and its checkpoints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from lightning_fabric import Fabric
import torch
from torch import Tensor, nn

from .checkpoints import BEST, LAST, read_checkpoint, refuse_another, write_checkpoint
from .descent import check_batch, descend, seed_step
from .processes import make_fabric
from .schedule import Average
from .students import as_plain


class KeptRecipe(Protocol):
    """What of a recipe a run needs to take its steps."""

    @property
    def precision(self) -> str: ...  # noqa: D102
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def clip(self) -> float: ...  # noqa: D102
    @property
    def ema(self) -> float: ...  # noqa: D102


class Moved(Protocol):
    """A batch."""

    def to(self, device: torch.device) -> Any:
        """Return it on a device."""


R = TypeVar('R', bound=KeptRecipe)
O = TypeVar('O', bound=nn.Module)  # noqa: E741


class KeptRun(ABC, Generic[R, O]):
    """One run in a folder: an objective with its `network`, of which the average is judged.

    Checkpoints hold what learns alone; frozen weights are those that the recipe begins with.

    Attributes:
        recipe: What to do.
        folder: Of the run.
        fabric: Its processes.
        rank: This process.
        world: How many there are.
        plain: The objective.
        average: Of its network.
        step: Steps taken.
        seconds: Time they took over all sittings, without validations.
        best: Best validation score so far.
        scores: Validation of the best weights so far.
    """

    FREE: ClassVar[Collection[str]] = ()
    """Keys of the recipe that may change in a run that has begun."""

    def __init__(self, recipe: R, folder: Path, device: str) -> None:
        """Find the processes; `begin` goes on.

        Args:
            recipe: What to do.
            folder: Of the run; made where missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            RecipeError: The batch cannot be shared out.
        """
        self.recipe, self.folder = recipe, folder
        self.fabric: Fabric = make_fabric(recipe.precision, device)
        self.rank, self.world = self.fabric.global_rank, self.fabric.world_size
        check_batch(recipe.batch, self.world)

    def begin(self, plain: O, parameters: list[dict[str, Any]], kept: Collection[str]) -> None:
        """Start, or take up the run in the folder.

        Args:
            plain: The objective.
            parameters: Groups of the optimiser.
            kept: Names of what learns, in the objective's state.

        Raises:
            RecipeError: The folder holds another run, or a damaged one.
        """
        self.plain, self.kept = plain, tuple(kept)
        self.objective, self.optimiser = self.fabric.setup(
            plain, torch.optim.AdamW(parameters, fused=True))
        self.average: Average[Any] = Average(plain.get_submodule('network'), self.recipe.ema)
        self.step, self.seconds, self.best = 0, 0.0, -1.0
        self.scores: dict[str, float] = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    @abstractmethod
    def rate_of(self, group: Mapping[str, Any]) -> float:
        """Return the learning rate of a group of parameters at this step."""

    @abstractmethod
    def best_content(self, averaged: dict[str, Tensor], scores: dict[str, float]) -> Mapping[
            str, Any]:
        """Return what best.pt holds, of the averaged weights that learn and their scores."""

    def spread(self, network: nn.Module) -> nn.Module:
        """Return a network whose batch norms see all processes, where there are several GPUs."""
        if self.world == 1 or self.fabric.device.type != 'cuda':
            return network
        shared: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(  # type: ignore[no-untyped-call]
            network)
        return shared

    def _resume(self) -> None:
        state = read_checkpoint(self.folder / LAST, self.fabric.device)
        if state is None:
            return
        refuse_another(self.folder, state['recipe'], self._said(), self.FREE)
        self.plain.load_state_dict({**self.plain.state_dict(), **state['learnt']})
        average = self.average.network
        average.load_state_dict({**average.state_dict(), **state['average']})
        self.optimiser.load_state_dict(state['optimiser'])
        self.step, self.seconds, self.best = state['step'], state['seconds'], state['best']
        self.scores = state['scores']

    def _said(self) -> dict[str, Any]:
        found: dict[str, Any] = as_plain(asdict(self.recipe))  # type: ignore[call-overload]
        return found

    def _averaged(self) -> dict[str, Tensor]:
        state = self.average.network.state_dict()
        names = [n.removeprefix('network.') for n in self.kept if n.startswith('network.')]
        return {name: state[name] for name in names}

    def save(self, scores: dict[str, float]) -> None:
        """Write last.pt, and best.pt before it where the score is the best so far."""
        if scores['score'] > self.best:
            self.best, self.scores = scores['score'], scores
            write_checkpoint(self.folder / BEST, self.best_content(self._averaged(), scores))
        state = self.plain.state_dict()
        write_checkpoint(self.folder / LAST, {
            'learnt': {name: state[name] for name in self.kept}, 'average': self._averaged(),
            'optimiser': self.optimiser.state_dict(), 'step': self.step,
            'seconds': self.seconds, 'best': self.best, 'scores': self.scores,
            'recipe': self._said()})

    def train_step(self, batch: Moved) -> dict[str, Tensor]:
        """Take one optimiser step; return the loss and its parts."""
        seed_step(self.recipe.seed, self.step, self.rank)
        for group in self.optimiser.param_groups:
            group['lr'] = self.rate_of(group)
        self.plain.train()
        loss, parts = self.objective(batch.to(self.fabric.device))
        descend(self.fabric, self.objective, self.optimiser, loss, self.recipe.clip)
        self.average.update(self.step)
        self.step += 1
        found: dict[str, Tensor] = parts
        return found
