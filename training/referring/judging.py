# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A finished run on its test splits, by scenario and by what sentences use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from eventsam_ros.events.types import UInt8

from .data import read_split
from .drawing import contact_sheet
from .objective import Objective
from .score import SentenceScore, score_clips, summary
from .trained import Trained, load_trained

ALL = 'all'


def opened(run: Path, device: str = 'cpu') -> tuple[Trained, Objective]:
    """Return a run and its network, ready to be asked.

    Raises:
        RecipeError: The run cannot be read.
    """
    trained = load_trained(run)
    there = device != 'cpu' and torch.cuda.is_available()
    objective = Objective(trained.recipe, trained.network)
    return trained, objective.to('cuda' if there else 'cpu').eval()


def by_group(scores: Sequence[SentenceScore]) -> dict[str, dict[str, float]]:
    """Return summaries of all sentences, of each scenario, and of each kind of attribute."""
    groups: dict[str, list[SentenceScore]] = {ALL: list(scores)}
    for score in scores:
        if score.scenario:
            groups.setdefault(score.scenario, []).append(score)
    for score in scores:
        for kind in score.kinds:
            if not kind.startswith('other '):
                groups.setdefault(f'says {kind}', []).append(score)
    return {name: summary(some) for name, some in groups.items()}


def judge(run: Path, device: str = 'cpu') -> dict[str, dict[str, float]]:
    """Return J, F, J&F and how often the named object was found, over all test splits.

    Args:
        run: Folder of a run, or its best.pt.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: The run or its test splits cannot be read.
    """
    trained, objective = opened(run, device)
    scores = [score for split in trained.recipe.data.test for score in score_clips(
        objective, read_split(trained.recipe, split), trained.words)]
    return by_group(scores)


def draw_tests(run: Path, count: int, device: str = 'cpu') -> UInt8:
    """Return a contact sheet of clips of the first test split.

    Raises:
        RecipeError: See judge.
    """
    trained, objective = opened(run, device)
    clips = read_split(trained.recipe, trained.recipe.data.test[0])
    return contact_sheet(objective, clips, trained.words, count)
