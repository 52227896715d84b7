# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of comparisons: arms that differ in a few keys of one distillation recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..distill.recipe import DistillRecipe, make_recipe
from ..errors import RecipeError
from ..fields import build, ranged, read_values
from .names import check_names


@dataclass(frozen=True)
class JudgedOn:
    """Pairs that the arms are judged on.

    Attributes:
        name: Of the set.
        folder: Of pairs (training.data.pairs), none of which is trained on.
        sources: Beginning of the names of the pairs that belong to it; empty takes all.
        most: Pairs to take at most, evenly spread.
    """

    name: str
    folder: Path
    sources: str = ''
    most: int = ranged(1, default=200)


@dataclass(frozen=True)
class Arm:
    """One line of the comparison.

    Attributes:
        name: Of the line.
        kind: `distill`: a student trained for each seed; `teacher`: the teacher itself.
        picture: What a teacher is shown: `frame`, its upper bound, or `events`, unadapted.
        recipe: The distillation recipe with this arm's changes; none for a teacher.
    """

    name: str
    kind: Literal['distill', 'teacher']
    picture: Literal['events', 'frame']
    recipe: DistillRecipe | None


@dataclass(frozen=True)
class Study:
    """All of a comparison.

    Attributes:
        name: Of the study.
        seeds: One run of each arm a seed.
        base: What all arms share.
        arms: What is compared, in the order in which the best is expected last.
        tests: What they are judged on.
    """

    name: str
    seeds: tuple[int, ...]
    base: DistillRecipe
    arms: tuple[Arm, ...]
    tests: tuple[JudgedOn, ...]




@dataclass(frozen=True)
class _Head:
    name: str
    seeds: tuple[int, ...] = ranged(0, default=(0,))


@dataclass(frozen=True)
class _ArmHead:
    name: str
    kind: Literal['distill', 'teacher'] = 'distill'
    picture: Literal['events', 'frame'] = 'events'


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return base with changes laid over it; mappings within are merged alike."""
    result = dict(base)
    for key, value in changes.items():
        inner = result.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            result[key] = merged(inner, value)
        else:
            result[key] = value
    return result


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Return a value that must be a mapping.

    Raises:
        RecipeError: It is something else.
    """
    if not isinstance(value, dict):
        raise RecipeError(f'{where} must be a mapping, but is {value!r}')
    return value


def check_seeds(seeds: tuple[int, ...], where: str) -> None:
    """Check that a study has seeds, each once: one that came twice would narrow the spread.

    Raises:
        RecipeError: It has none, or one twice.
    """
    if not seeds or len(set(seeds)) != len(seeds):
        raise RecipeError(f'{where} needs seeds, each of them once, but has {list(seeds)}')


def _items(values: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = values.get(key)
    if not isinstance(found, list) or not found:
        raise RecipeError(f'{where} needs a list of {key}')
    return [mapping(v, f'{where}, {key} {k}') for k, v in enumerate(found, 1)]


def _head(kind: Any, values: dict[str, Any], apart: tuple[str, ...], where: str) -> Any:
    return build(kind, {k: v for k, v in values.items() if k not in apart}, where)


def make_study(values: Any, where: str) -> Study:
    """Build a study from what stands in its file.

    Args:
        values: A mapping of the keys of Study, where `base` is a distillation recipe without a
            name, and each arm has `name`, `kind`, `picture` and `changes` to the base.
        where: Begins every message.

    Raises:
        RecipeError: Something is missing, unknown or out of range; one sentence says what.
    """
    values = mapping(values, where)
    head: _Head = _head(_Head, values, ('base', 'arms', 'tests'), where)
    check_seeds(head.seeds, where)
    base = {**mapping(values.get('base'), f'{where}: base'), 'name': head.name}
    tests = tuple(build(JudgedOn, t, f'{where}, tests {k}')
                  for k, t in enumerate(_items(values, 'tests', where), 1))
    base['test'] = sorted({str(t.folder) for t in tests})
    arms = []
    for k, given in enumerate(_items(values, 'arms', where), 1):
        own: _ArmHead = _head(_ArmHead, given, ('changes',), f'{where}, arms {k}')
        changes = mapping(given.get('changes') or {}, f'{where}, arm {own.name!r}: changes')
        if own.kind == 'teacher' and changes:
            raise RecipeError(f'{where}, arm {own.name!r} is the teacher and takes no changes')
        recipe = None
        if own.kind == 'distill':
            recipe = make_recipe(
                merged(base, {**changes, 'name': own.name}), f'{where}, arm {own.name!r}')
        arms.append(Arm(own.name, own.kind, own.picture, recipe))
    check_names((arm.name for arm in arms), where)
    return Study(head.name, head.seeds, make_recipe(base, f'{where}: base'), tuple(arms), tests)


def load_study(path: Path) -> Study:
    """Read a study (see make_study).

    Raises:
        RecipeError: The file cannot be read or says something wrong.
    """
    return make_study(read_values(path), path.name)
