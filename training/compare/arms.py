# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Arms that differ in a few keys of one recipe, and results that are kept once they are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..errors import RecipeError
from .names import check_names, folder_name
from .recipe import mapping, merged
from .run import Result

R = TypeVar('R')


@dataclass(frozen=True)
class Arm(Generic[R]):
    """One line of the table.

    Attributes:
        name: Of the line.
        recipe: The base with this arm's changes.
    """

    name: str
    recipe: R


def read_arms(values: Any, where: str, make: Callable[[Any, str], R]) -> tuple[Arm[R], ...]:
    """Return the arms of a study.

    Args:
        values: What stands in its file: `base`, a recipe without a name, and `arms`, each with
            `name` and `changes` to the base.
        where: Begins every message.
        make: Builds a recipe from values; its second argument begins its messages.

    Raises:
        RecipeError: Something is missing, unknown or out of range; one sentence says what.
    """
    if not isinstance(values, dict):
        raise RecipeError(f'{where} must be a mapping, but is {values!r}')
    base, given = values.get('base'), values.get('arms')
    if not isinstance(base, dict) or not isinstance(given, list) or not given:
        raise RecipeError(f'{where} needs a mapping base and a list of arms')
    arms = []
    for k, arm in enumerate(given, 1):
        if not isinstance(arm, dict) or not isinstance(arm.get('name'), str) or (
                arm.keys() - {'name', 'changes'}):
            raise RecipeError(f'{where}, arms {k} must have a name and changes alone')
        own = mapping(arm.get('changes') or {}, f'{where}, arm {arm["name"]!r}: changes')
        changed = merged(base, {**own, 'name': arm['name']})
        arms.append(Arm(arm['name'], make(changed, f'{where}, arm {arm["name"]!r}')))
    check_names((arm.name for arm in arms), where)
    return tuple(arms)


def check_differences(
    differences: Mapping[str, tuple[str, str]], arms: Sequence[Arm[R]], where: str,
) -> None:
    """Check that differences are of arms that there are.

    Raises:
        RecipeError: One is not.
    """
    names = {arm.name for arm in arms}
    for what, pair in differences.items():
        if unknown := sorted(set(pair) - names):
            raise RecipeError(f'{where}: differences: {what} names {unknown[0]!r}, which is no '
                              'arm')


def run_folder(root: Path, arm: str, seed: int) -> Path:
    """Return the folder of one arm and seed in that of a study."""
    return root / folder_name(arm) / f'seed_{seed}'


def _sum_of(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def run_once(
    arm: str, seed: int, root: Path, depends_on: Any,
    run: Callable[[Path], tuple[dict[str, dict[str, float]], float]], begun: Path | None = None,
) -> Result:
    """Return the result of one arm and seed; where it is there already, nothing runs.

    Args:
        arm: Name of the arm.
        seed: Of the run.
        root: Folder of the study.
        depends_on: What the result depends on, as plain values; another one runs again.
        run: Trains and judges in a folder; gives the scores and the seconds of the training.
        begun: Weights that training begins with, a file or a bundle, or None: others under the
            same name run again. Results from before this was written down, and those whose file
            is gone, are taken as they are.
    """
    folder = run_folder(root, arm, seed)
    done = folder / 'result.json'
    wanted = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    start = None if begun is None else _sum_of(begun / 'encoder.onnx' if begun.is_dir() else begun)
    if done.exists():
        found = json.loads(done.read_text())
        if found['of'] == wanted and (start is None or found.get('begun', start) == start):
            return Result(arm, seed, found['scores'], found['seconds'])
    scores, seconds = run(folder)
    part = done.with_suffix('.part')
    part.write_text(json.dumps(
        {'of': wanted, 'begun': start, 'arm': arm, 'seed': seed, 'seconds': seconds,
         'scores': scores}, indent=1))
    part.replace(done)
    return Result(arm, seed, scores, seconds)
