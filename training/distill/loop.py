# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The training loop: any number of processes, resumed to the bit where it was interrupted."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from .batches import BatchMaker, Loader
from .checkpoints import BEST, LAST
from .descent import Sitting, means
from .examine import Example
from .fitting import FitResult, prepare
from .log import Log
from .pictures import write_picture
from .processes import deterministic
from .progress import Progress
from .recipe import DistillRecipe
from .run import Run
from .schedule import learning_rate

__all__ = ['FitResult', 'Run', 'distill']

_BOARD_EVERY = 10
"""Steps between the losses in TensorBoard."""
_SCORES = ('score', 'click', 'box', 'agreement', 'embedding', 'tap_1', 'tap_2', 'tap_3', 'tap_4')
_COLUMNS = (
    'step', 'seconds', 'pictures_per_second', 'rate', 'loss', 'loss_tokens', 'loss_embedding',
    'loss_prompts', 'loss_masks', *_SCORES)


def distill(recipe: DistillRecipe, folder: Path, device: str = 'auto') -> FitResult:
    """Train a student; an interrupted run in the folder goes on where its last checkpoint is.

    Args:
        recipe: What to do.
        folder: Receives last.pt, best.pt, log.csv, tensorboard/ and pictures/.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: Recipe, data, teacher and folder do not go together, or the loss is no
            longer a number.
    """
    prepare()
    run = Run(recipe, folder, device)
    with deterministic(run.fabric.device):
        if run.step < recipe.steps:
            _train(run)
    run.fabric.barrier()
    return FitResult(folder / LAST, folder / BEST, run.scores, run.step, run.seconds)


def _train(run: Run) -> None:
    recipe, first = run.recipe, run.rank == 0
    cache = run.fill_cache()
    examples = run.examples(cache) if first else []
    log = Log(run.folder, _COLUMNS, run.step) if first else None
    maker = BatchMaker(recipe, run.training, cache, run.rank, run.world)
    loader = Loader(maker, run.step, recipe.steps, recipe.workers)

    def look(losses: dict[str, float], speed: float) -> None:
        assert log is not None
        _check(run, log, examples, progress, losses, speed)

    def each(losses: dict[str, Tensor]) -> None:
        if log is not None and run.step % _BOARD_EVERY == 0:
            log.scalars(run.step, means([losses]), 'step')
    try:
        with Progress(recipe.steps, recipe.name, 'steps', first, run.step) as progress:
            Sitting(run, recipe.check_every, recipe.steps, progress, look if first else None).take(
                loader, recipe.steps, each)
    finally:
        loader.close()
        if log is not None:
            log.close()


def _check(run: Run, log: Log, examples: list[Example], progress: Progress,
           means: dict[str, float], speed: float) -> None:
    """Validate, log, draw and save: what was written before a checkpoint is there after it."""
    recipe, step = run.recipe, run.step
    scores = run.examine(examples)
    values = {
        'seconds': run.seconds, 'pictures_per_second': speed * recipe.batch,
        'rate': learning_rate(recipe, step - 1), 'loss': means['loss']}
    values |= {f'loss_{k}': v for k, v in means.items() if k != 'loss'}
    log.scalars(step, {k: v for k, v in values.items() if not k.startswith('loss')}, 'check')
    log.scalars(step, scores, 'validation')
    progress.say(log.row(step, values | scores))
    if recipe.pictures:
        sheet = run.draw(examples)
        write_picture(run.folder / 'pictures' / f'step_{step:06d}.png', sheet)
        log.picture(step, 'predictions', sheet)
    run.save(scores)
