# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A finished run on its test splits, shown both pictures and each alone."""

from __future__ import annotations

from pathlib import Path

import torch

from .objective import Objective
from .pictures import read_split
from .score import score, sights
from .trained import load_trained


def judge(run: Path, device: str = 'cpu') -> dict[str, dict[str, float]]:
    """Return mIoU by split and by what is shown (`both`, `rgb`, `thermal`).

    Args:
        run: Folder of a run, or its best.pt.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: The run or its test splits cannot be read.
    """
    trained = load_trained(run)
    recipe = trained.recipe
    there = device != 'cpu' and torch.cuda.is_available()
    objective = Objective(recipe, trained.network, torch.from_numpy(trained.text.vectors))
    objective.to('cuda' if there else 'cpu').eval()
    found: dict[str, dict[str, float]] = {}
    for split in recipe.data.test:
        pairs = read_split(recipe.data, split, recipe.cache)
        found[split] = {
            shown: score(trained.network, objective, pairs, shown, recipe.absent).miou
            for shown in sights(trained.network)}
    return found
