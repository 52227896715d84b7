# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The training loop: any number of processes, resumed to the bit where it was interrupted."""

from __future__ import annotations

from pathlib import Path

from ..distill.fitting import FitResult, fit_run, prepare
from .batches import BatchMaker
from .data import Told
from .objective import PARTS
from .recipe import ReferringRecipe
from .run import Run, share_at

_COLUMNS = (*(f'loss_{name}' for name in PARTS), 'score', 'j', 'f', 'right', 'right_late')


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
    prepare()
    run = Run(recipe, folder, device)

    def maker() -> BatchMaker:
        clips = Told(run.training, recipe.leave_out) if recipe.leave_out else run.training
        return BatchMaker(recipe, clips, run.words, run.rank, run.world)
    return fit_run(run, maker, _COLUMNS, 'clips', lambda step: share_at(recipe, step))
