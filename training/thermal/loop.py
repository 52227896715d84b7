# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The training loop: any number of processes, resumed to the bit where it was interrupted."""

from __future__ import annotations

from pathlib import Path

from ..distill.fitting import FitResult, fit_run, prepare
from .batches import BatchMaker
from .objective import PARTS
from .recipe import RgbtRecipe
from .run import Run, rate_at

_COLUMNS = (*(f'loss_{name}' for name in PARTS), 'score', 'both', 'rgb', 'thermal')


def fit(recipe: RgbtRecipe, folder: Path, device: str = 'auto') -> FitResult:
    """Train; an interrupted run in the folder goes on where its last checkpoint is.

    Args:
        recipe: What to do.
        folder: Receives last.pt, best.pt, log.csv, tensorboard/ and pictures/.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: Recipe, pictures and folder do not go together, or the loss is no longer a
            number.
    """
    prepare()
    run = Run(recipe, folder, device)
    return fit_run(
        run, lambda: BatchMaker(recipe, run.training, run.rank, run.world), _COLUMNS, 'pairs',
        lambda step: rate_at(recipe, step))
