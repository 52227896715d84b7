# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What one optimiser step is, and the steps between two looks at a run, whatever is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import time
from typing import Any, Generic, Protocol, TypeVar

from lightning_fabric import Fabric
import numpy as np
import torch
from torch import Tensor, nn

from ..errors import RecipeError
from .progress import Progress

B = TypeVar('B')
B_contra = TypeVar('B_contra', contravariant=True)
B_co = TypeVar('B_co', covariant=True)


def check_batch(batch: int, world: int) -> None:
    """Check that a batch can be shared out.

    Raises:
        RecipeError: It is no multiple of the processes.
    """
    if batch % world:
        raise RecipeError(f'batch must be a multiple of the {world} processes, but is {batch}')


def groups(parameters: Iterable[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Return the parameters that learn by their decay: matrices have it, all others have none."""
    learning = [p for p in parameters if p.requires_grad]
    return [{'params': [p for p in learning if p.ndim > 1], 'weight_decay': weight_decay},
            {'params': [p for p in learning if p.ndim <= 1], 'weight_decay': 0.0}]


def seed_step(seed: int, step: int, rank: int) -> None:
    """Seed torch for a step, so that a resumed run draws what an uninterrupted one does."""
    drawn = np.random.SeedSequence([seed, step, rank])
    torch.manual_seed(int(drawn.generate_state(1)[0]))


def descend(
    fabric: Fabric, objective: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor,
    clip: float,
) -> None:
    """Take an optimiser step along a loss, gradients clipped to a norm."""
    optimiser.zero_grad(set_to_none=True)
    fabric.backward(loss)
    fabric.clip_gradients(objective, optimiser, max_norm=clip, error_if_nonfinite=False)
    optimiser.step()


def means(parts: list[dict[str, Tensor]]) -> dict[str, float]:
    """Return the mean of each part of the loss over some steps."""
    return {name: float(torch.stack([p[name] for p in parts]).mean()) for name in parts[0]}


class Training(Protocol[B_contra]):
    """A run, as its loop sees it.

    Attributes:
        fabric: Its processes.
        step: Steps taken.
        seconds: Time they took over all sittings, without what comes between.
    """

    fabric: Fabric
    step: int
    seconds: float

    def train_step(self, batch: B_contra) -> dict[str, Tensor]:
        """Take one optimiser step; return the loss and its parts."""


class Batches(Protocol[B_co]):
    """Batches of one step after the other."""

    def next(self) -> B_co:
        """Return the next batch."""


class Sitting(Generic[B]):
    """Takes the steps of a run, and looks at it every so many of them."""

    def __init__(
        self, run: Training[B], every: int, last: int, progress: Progress,
        look: Callable[[dict[str, float], float], None] | None,
    ) -> None:
        """Begin.

        Args:
            run: What learns.
            every: Steps between two looks.
            last: Steps of the whole run; after them comes a look in any case.
            progress: Told of each step.
            look: Takes the mean losses since the look before, and steps a second; None in
                processes that do not look.
        """
        self._run, self._every, self._last = run, every, last
        self._progress, self._look = progress, look
        self._parts: list[dict[str, Tensor]] = []
        self._since = time.perf_counter()

    def take(
        self, batches: Batches[B], until: int,
        each: Callable[[dict[str, Tensor]], None] = lambda _: None,
    ) -> None:
        """Go on until so many steps were taken.

        Args:
            batches: Of these steps.
            until: Steps of the run.
            each: Told the losses of every step.

        Raises:
            RecipeError: The loss is no longer a number.
        """
        run = self._run
        while run.step < until:
            self._parts.append(run.train_step(batches.next()))
            self._progress.advance()
            each(self._parts[-1])
            if run.step % self._every and run.step < self._last:
                continue
            mean = means(self._parts)
            if not np.isfinite(mean['loss']):
                raise RecipeError(f'the loss is {mean["loss"]} at step {run.step}: lower '
                                  'rate or clip')
            spent = time.perf_counter() - self._since
            run.seconds += spent
            if self._look is not None:
                self._look(mean, len(self._parts) / spent)
            run.fabric.barrier()
            self._parts, self._since = [], time.perf_counter()
