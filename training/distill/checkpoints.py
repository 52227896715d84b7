# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Checkpoints of runs, whatever is trained: whole or not there, for the same run only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import RecipeError

LAST, BEST = 'last.pt', 'best.pt'


def write_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint; it gets its name when it is complete, its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix('.part')
    torch.save(content, part)
    part.replace(path)


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any] | None:
    """Return what a checkpoint holds, None where there is none.

    Raises:
        RecipeError: The file is damaged or no checkpoint.
    """
    if not path.exists():
        return None
    try:
        return dict(torch.load(path, map_location=device, weights_only=True))
    except Exception as error:  # torch has many for damaged files
        raise RecipeError(f'{path} cannot be read: {error}') from error


def refuse_another(
    folder: Path, was: Mapping[str, Any], now: Mapping[str, Any], free: Collection[str] = (),
) -> None:
    """Compare what a run in a folder depends on with what it is to go on with.

    Args:
        folder: Of the run.
        was: By name, as its checkpoint says.
        now: The same, as wanted.
        free: Names that may change in a run that has begun.

    Raises:
        RecipeError: They differ; the sentence names the first that does.
    """
    for key, value in now.items():
        if key not in free and was.get(key) != value:
            raise RecipeError(f'{folder} holds a run with another {key} ({was.get(key)}, not '
                              f'{value}): choose another --run')
