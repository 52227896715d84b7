# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All stages with several seeds on one or more shifts, and one table.

A recipe's file may have a key `study` beside the recipe's own: `seeds`, and `variants` of stage 3,
each with a `name` and `changes` to the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import csv
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..compare.names import check_names, folder_name
from ..compare.recipe import check_seeds, mapping, merged
from ..compare.table import spread
from ..errors import RecipeError
from ..fields import build, ranged
from .arms import ARMS, FUSION, score_arms
from .pairs import write_sets
from .recipe import CmessRecipe, load_values, make_recipe
from .sheets import write_sheets
from .stages import (
    CROSS,
    EVENTS,
    IMAGES,
    SUPERVISED,
    Place,
    align,
    label_target,
    train_source,
    train_supervised,
)

NAMES: Mapping[str, str] = {
    IMAGES: 'source only, reconstructed images', EVENTS: 'source only, synthetic events',
    FUSION: 'stage 2, fusion of both', CROSS: 'stage 3', SUPERVISED: 'supervised upper bound'}
_VARIED = ('alignment', 'cross', 'weights', 'balance', 'precision')
"""Keys of the recipe that stage 3 alone reads, or reads anew."""
Scores = dict[str, list[dict[str, float]]]
"""Arm -> for each seed: figure -> value."""


@dataclass(frozen=True)
class _Head:
    seeds: tuple[int, ...] = ranged(0, default=(0, 1, 2))


@dataclass(frozen=True)
class Shift:
    """A recipe with its seeds and variants of stage 3.

    Attributes:
        recipe: Of the shift.
        seeds: One run of all stages each.
        variants: Name -> recipe with that variant's changes.
    """

    recipe: CmessRecipe
    seeds: tuple[int, ...]
    variants: dict[str, CmessRecipe] = field(default_factory=dict)


def load_shift(path: Path, changes: Sequence[str]) -> Shift:
    """Read a recipe with its study.

    Raises:
        RecipeError: The file cannot be read or says something wrong.
    """
    values = load_values(path)
    recipe = make_recipe(values, path.name, changes)
    head = values.get('study') or {}
    if not isinstance(head, dict):
        raise RecipeError(f'{path.name}: study must be a mapping, but is {head!r}')
    given = head.get('variants') or []
    if not isinstance(given, list):
        raise RecipeError(f'{path.name}: study: variants must be a list, but is {given!r}')
    found = build(_Head, {k: v for k, v in head.items() if k != 'variants'}, f'{path.name}: study')
    variants: dict[str, CmessRecipe] = {}
    for k, one in enumerate(given, 1):
        where = f'{path.name}: study, variant {k}'
        if not isinstance(one, dict) or set(one) != {'name', 'changes'}:
            raise RecipeError(f'{where} must have name and changes')
        variant = make_recipe(
            merged({k: v for k, v in values.items() if k != 'study'},
                   mapping(one['changes'], f'{where}: changes')), where, changes)
        if replace(variant, **{k: getattr(recipe, k) for k in _VARIED}) != recipe:
            raise RecipeError(f'{where}: a variant is of stage 3 and changes {", ".join(_VARIED)} '
                              'alone; for anything else take a recipe of its own')
        check_names([*variants, str(one['name'])], f'{path.name}: study', 'variant')
        variants[str(one['name'])] = variant
    check_seeds(found.seeds, f'{path.name}: study')
    return Shift(recipe, found.seeds, variants)


def run_shift(shift: Shift, root: Path, device: str, jobs: int) -> Scores:
    """Run all stages of a shift with all seeds, as far as they have not run.

    Args:
        shift: What to run.
        root: Receives data/ and a folder for each seed.
        device: `auto`, `cpu` or `cuda`.
        jobs: Processes that make the data.

    Raises:
        RecipeError: A stage cannot run; what was done before stays.
    """
    write_sets(shift.recipe, root / 'data', jobs)
    scores: Scores = {}
    for seed in shift.seeds:
        place = Place(root / 'data', root / f'seed_{seed}', device)
        recipe = replace(shift.recipe, seed=seed)
        train_source(recipe, place, 'images')
        train_source(recipe, place, 'events')
        label_target(recipe, place)
        align(recipe, place)
        stages = {name: folder_name(name) for name in shift.variants}
        for name, variant in shift.variants.items():
            align(replace(variant, seed=seed), place, stages[name])
        train_supervised(recipe, place)
        found = score_arms(recipe, place, (*ARMS[:-1], *stages.values(), SUPERVISED))
        named = {**NAMES, **{stage: name for name, stage in stages.items()}}
        for arm, figures in found.items():
            scores.setdefault(named[arm], []).append(figures)
        write_sheets(recipe, place)
    return scores


def _cell(values: Sequence[float]) -> str:
    mean, deviation = spread([100 * v for v in values])
    return f'{mean:.1f} ± {deviation:.1f}'


def table(shifts: Mapping[str, Scores]) -> str:
    """Return mIoU and accuracy of all arms on all shifts, in per cent, as Markdown.

    Beside them stands by how much stage 3 is better, paired by seed.
    """
    lines = []
    for name, scores in shifts.items():
        seeds = len(next(iter(scores.values())))
        lines += [f'## {name}', '', f'Per cent, mean ± standard deviation of {seeds} seeds.', '',
                  '| arm | mIoU | pixel accuracy | stage 3 is better by (mIoU) |',
                  '|---|---|---|---|']
        best = [figures['miou'] for figures in scores[NAMES[CROSS]]]
        for arm, found in scores.items():
            ahead = [b - f['miou'] for b, f in zip(best, found, strict=True)]
            margin = '' if arm == NAMES[CROSS] else (
                f'{_cell(ahead)}, {sum(a > 0 for a in ahead)} of {len(ahead)} seeds')
            lines.append(f'| {arm} | {_cell([f["miou"] for f in found])} | '
                         f'{_cell([f["accuracy"] for f in found])} | {margin} |')
        lines.append('')
    return '\n'.join(lines)


def write_csv(
    path: Path, shifts: Mapping[str, Scores], seeds: Mapping[str, Sequence[int]],
) -> None:
    """Write one line a shift, arm, seed and figure; `seeds` are those of each shift."""
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['shift', 'arm', 'seed', 'figure', 'value'])
        for shift, scores in shifts.items():
            for arm, found in scores.items():
                for seed, figures in zip(seeds[shift], found, strict=True):
                    writer.writerows(
                        [shift, arm, seed, k, f'{v:.6f}'] for k, v in figures.items())


def run_study(
    files: Sequence[Path], changes: Sequence[str], root: Path | None, device: str, jobs: int,
) -> str:
    """Run the studies of recipe files; return the table, which is also in results.md.

    Args:
        files: Recipes.
        changes: KEY=VALUE for all of them.
        root: Folder of the study, with a folder for each recipe in it; None takes runs/cmess.
        device: `auto`, `cpu` or `cuda`.
        jobs: Processes that make the data.

    Raises:
        RecipeError: A recipe or a stage cannot be used.
    """
    shifts = [load_shift(path, changes) for path in files]
    root = root or Path('runs') / 'cmess'
    found = {s.recipe.name: run_shift(s, root / s.recipe.name, device, jobs) for s in shifts}
    text = table(found)
    (root / 'results.md').write_text(text)
    write_csv(root / 'results.csv', found, {s.recipe.name: s.seeds for s in shifts})
    return text
