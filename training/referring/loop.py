# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The training loop: any number of processes, resumed to the bit where it was interrupted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from ..distill.batches import Loader
from ..distill.checkpoints import BEST, LAST
from ..distill.descent import Sitting
from ..distill.log import Log
from ..distill.pictures import write_picture
from ..distill.processes import deterministic
from ..distill.progress import Progress
from .batches import BatchMaker
from .data import Told
from .objective import PARTS
from .recipe import ReferringRecipe
from .run import Run, share_at

_COLUMNS = ('step', 'seconds', 'clips_per_second', 'rate', 'loss',
            *(f'loss_{name}' for name in PARTS), 'score', 'j', 'f', 'right', 'right_late')


@dataclass(frozen=True)
class FitResult:
    """What a run left.

    Attributes:
        last: Checkpoint to resume from.
        best: Checkpoint of the averaged weights with the best validation score (load_trained).
        scores: Validation of the best (see Run.examine).
        steps: Steps taken.
        seconds: Time they took over all sittings, without validations.
    """

    last: Path
    best: Path
    scores: dict[str, float]
    steps: int
    seconds: float


def fit(recipe: ReferringRecipe, folder: Path, device: str = 'auto') -> FitResult:
    """Train; an interrupted run in the folder goes on where its last checkpoint is.

    Args:
        recipe: What to do.
        folder: Receives last.pt, best.pt, log.csv, tensorboard/ and pictures/.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: Recipe, clips and folder do not go together, or the loss is no longer a
            number.
    """
    cv2.setNumThreads(1)   # the threads of the loader are enough
    torch.set_flush_denormal(True)
    run = Run(recipe, folder, device)
    with deterministic(run.fabric.device):
        if run.step < recipe.steps:
            _train(run)
    run.fabric.barrier()
    return FitResult(folder / LAST, folder / BEST, run.scores, run.step, run.seconds)


def _train(run: Run) -> None:
    recipe, first = run.recipe, run.rank == 0
    log = Log(run.folder, _COLUMNS, run.step) if first else None
    clips = Told(run.training, recipe.leave_out) if recipe.leave_out else run.training
    maker = BatchMaker(recipe, clips, run.words, run.rank, run.world)
    loader = Loader(maker, run.step, recipe.steps, recipe.workers)

    def look(means: dict[str, float], speed: float) -> None:
        assert log is not None
        _check(run, log, progress, means, speed)
    try:
        with Progress(recipe.steps, recipe.name, 'steps', first, run.step) as progress:
            Sitting(run, recipe.check_every, recipe.steps, progress, look if first else None).take(
                loader, recipe.steps)
    finally:
        loader.close()
        if log is not None:
            log.close()


def _check(run: Run, log: Log, progress: Progress, means: dict[str, float],
           speed: float) -> None:
    """Validate, log, draw and save: what was written before a checkpoint is there after it."""
    recipe, step = run.recipe, run.step
    scores = run.examine()
    values = {'seconds': run.seconds, 'clips_per_second': speed * recipe.batch,
              'rate': share_at(recipe, step - 1), 'loss': means['loss']}
    values |= {f'loss_{k}': v for k, v in means.items() if k != 'loss'}
    log.scalars(step, values, 'check')
    log.scalars(step, scores, 'validation')
    progress.say(log.row(step, values | scores))
    if recipe.pictures:
        sheet = run.draw()
        write_picture(run.folder / 'pictures' / f'step_{step:06d}.png', sheet)
        log.picture(step, 'predictions', sheet)
    run.save(scores)
