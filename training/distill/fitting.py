# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A run from its last checkpoint to its end, whatever is trained: steps, looks, log, pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import torch

from eventsam_ros.events.types import UInt8

from .batches import Loader, Maker
from .checkpoints import BEST, LAST
from .descent import Sitting, Training
from .log import Log
from .pictures import write_picture
from .processes import deterministic
from .progress import Progress

B = TypeVar('B')
B_contra = TypeVar('B_contra', contravariant=True)


class Plan(Protocol):
    """What of a recipe says how long, how often and how much at once; all but `name` counts."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def workers(self) -> int: ...  # noqa: D102
    @property
    def check_every(self) -> int: ...  # noqa: D102
    @property
    def pictures(self) -> int: ...  # noqa: D102


class Fitted(Training[B_contra], Protocol[B_contra]):
    """A run that judges and draws itself.

    Attributes:
        folder: Of the run.
        rank: This process.
        scores: Validation of the best weights so far.
    """

    folder: Path
    rank: int
    scores: dict[str, float]

    @property
    def recipe(self) -> Plan:
        """Return what to do."""

    def examine(self) -> dict[str, float]:
        """Return how good the averaged network is; `score` chooses the best."""

    def draw(self) -> UInt8:
        """Return a contact sheet."""

    def save(self, scores: dict[str, float]) -> None:
        """Write the checkpoints."""


@dataclass(frozen=True)
class FitResult:
    """What a run left.

    Attributes:
        last: Checkpoint to resume from.
        best: Checkpoint of the averaged weights with the best validation score (load_trained).
        scores: Validation of the best (see Fitted.examine).
        steps: Steps taken.
        seconds: Time they took over all sittings, without validations.
    """

    last: Path
    best: Path
    scores: dict[str, float]
    steps: int
    seconds: float


def prepare() -> None:
    """Leave the processor to the loader's threads and to torch, whatever numbers it meets."""
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)


def fit_run(
    run: Fitted[B], maker: Callable[[], Maker[B]], columns: Sequence[str], unit: str,
    rate_at: Callable[[int], float],
) -> FitResult:
    """Train until the recipe's steps are taken; what is done already is not done again.

    Args:
        run: What learns, at its last checkpoint.
        maker: Gives what makes its batches; not asked where nothing is left to do.
        columns: Of the log, behind step, seconds, rate in units and steps, and the loss.
        unit: What a batch consists of, for the log: pairs or clips.
        rate_at: Learning rate of a step.

    Raises:
        RecipeError: The loss is no longer a number.
    """
    recipe, first = run.recipe, run.rank == 0
    per_second = f'{unit}_per_second'

    def look(means: dict[str, float], speed: float) -> None:
        """Validate, log, draw and save: what was written before a checkpoint is there after."""
        assert log is not None
        step, scores = run.step, run.examine()
        values = {'seconds': run.seconds, per_second: speed * recipe.batch,
                  'rate': rate_at(step - 1), 'loss': means['loss']}
        values |= {f'loss_{k}': v for k, v in means.items() if k != 'loss'}
        log.scalars(step, values, 'check')
        log.scalars(step, scores, 'validation')
        progress.say(log.row(step, values | scores))
        if recipe.pictures:
            sheet = run.draw()
            write_picture(run.folder / 'pictures' / f'step_{step:06d}.png', sheet)
            log.picture(step, 'predictions', sheet)
        run.save(scores)

    with deterministic(run.fabric.device):
        if run.step < recipe.steps:
            log = Log(run.folder, ('step', 'seconds', per_second, 'rate', 'loss', *columns),
                      run.step) if first else None
            loader = Loader(maker(), run.step, recipe.steps, recipe.workers)
            try:
                with Progress(recipe.steps, recipe.name, 'steps', first, run.step) as progress:
                    Sitting(run, recipe.check_every, recipe.steps, progress,
                            look if first else None).take(loader, recipe.steps)
            finally:
                loader.close()
                if log is not None:
                    log.close()
    run.fabric.barrier()
    return FitResult(run.folder / LAST, run.folder / BEST, run.scores, run.step, run.seconds)
