# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Branches that differ in masks, fusion or assistant, arms that differ in the student, and seeds.

A recipe's file may have a key `study` beside the recipe's own: `seeds`; `worlds`, what to simulate
where the data is not there; `branches`, each with a `name`, `changes` to the recipe and `arms`, of
which each has a `name` and `changes`; `differences`, name -> two arms; `segmenter`, the promptable
network to train where its file is not there; and `right`, the branch whose masks are known to be
right, which those of the others are compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
import json
from pathlib import Path
from typing import Any
import zlib

from ..compare import arms as compare
from ..compare.names import check_names, folder_name
from ..compare.recipe import check_seeds, mapping, merged
from ..compare.run import Result
from ..compare.table import write_csv
from ..distill.students import as_plain
from ..errors import RecipeError
from ..fields import build, ranged
from ..recipe import load_recipe
from ..semantic.recipe import load_values
from .mask_quality import mask_quality
from .pictures import SourcePictures
from .place import SOURCE, STUDENT_SOURCE, Place, adapted
from .predict import windows_of
from .recipe import PanoramicRecipe, make_recipe
from .score import score_stage
from .segmenter import train_segmenter, write_region_pairs
from .sheets import write_sheet
from .simulated import write_simulated
from .stages import adapt, make_masks, mask_cache, panoramas_of, train_on_source, train_student
from .table import markdown, masks_table

TEST = 'test'
"""Name of the test in results.csv."""


@dataclass(frozen=True)
class Segmenter:
    """A promptable network for the study's masks, trained on the source's regions.

    Attributes:
        recipe: Of the network (training/recipe.py), with picture: frame.
        output: File that masks are read from.
        bundle: Bundle to begin with; none begins from nothing.
        least: Pixels that a region must have.
    """

    recipe: Path
    output: Path
    bundle: Path | None = None
    least: int = ranged(1, default=16)


@dataclass(frozen=True)
class Arm(compare.Arm[PanoramicRecipe]):
    """One line of the table, its recipe with the changes of its branch and its own.

    Attributes:
        stage: Folder of the network that is scored.
    """

    stage: str


@dataclass(frozen=True)
class Branch:
    """What shares masks, fusion and assistant.

    Attributes:
        name: Of its folder.
        recipe: With its changes.
        arms: Scored networks; students among them are trained.
    """

    name: str
    recipe: PanoramicRecipe
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class Study:
    """All of a comparison.

    Attributes:
        name: Of the study.
        seeds: One run of everything each.
        branches: What is compared.
        differences: Name -> two arms, the first of which should be better.
        worlds: What to simulate where it is not there yet; empty for data that is there.
        segmenter: What to train for masks; None for what is there.
        right: Branch with masks that are right; empty for none.
    """

    name: str
    seeds: tuple[int, ...]
    branches: tuple[Branch, ...]
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)
    worlds: dict[str, Any] = field(default_factory=dict)
    segmenter: Segmenter | None = None
    right: str = ''

    @property
    def arms(self) -> list[Arm]:
        """Return all arms in the order of the table."""
        return [arm for branch in self.branches for arm in branch.arms]


@dataclass(frozen=True)
class _Head:
    seeds: tuple[int, ...] = ranged(0, default=(0, 1, 2))
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)
    segmenter: Segmenter | None = None
    right: str = ''


def _entries(values: dict[str, Any], key: str, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    given = values.get(key)
    if not isinstance(given, list):
        raise RecipeError(f'{where} needs a list of {key}')
    for k, one in enumerate(given, 1):
        if not isinstance(one, dict) or not isinstance(one.get('name'), str):
            raise RecipeError(f'{where}, {key} {k} must be a mapping with a name')
        if unknown := sorted(one.keys() - {'name', 'changes', 'arms', 'stage'}):
            raise RecipeError(f'{where}, {key} {k} has an unknown key {unknown[0]!r}')
        yield one, f'{where}, {one["name"]!r}'


def load_study(path: Path, changes: Sequence[str] = ()) -> Study:
    """Read a recipe with its study.

    An arm with `stage` scores that stage of its branch (`assistant`, `assistant_1`, `pinhole`);
    one without trains a student.

    Raises:
        RecipeError: The file cannot be read or says something wrong.
    """
    values = load_values(path)
    base = make_recipe(values, path.name, changes)
    given, where = values.get('study'), f'{path.name}: study'
    if not isinstance(given, dict):
        raise RecipeError(f'{where} must be a mapping, but is {given!r}')
    head = build(_Head, {
        k: v for k, v in given.items() if k not in {'branches', 'worlds'}}, where)
    check_seeds(head.seeds, where)
    plain = {k: v for k, v in values.items() if k != 'study'}
    branches = []
    for one, at in _entries(given, 'branches', where):
        own = merged(plain, mapping(one.get('changes') or {}, f'{at}: changes'))
        recipe, arms = make_recipe(own, at, changes), []
        for arm, within in _entries(one, 'arms', at):
            stage = arm.get('stage')
            varied = make_recipe(
                merged(own, mapping(arm.get('changes') or {}, f'{within}: changes')), within,
                changes)
            known = [SOURCE, STUDENT_SOURCE, *(
                adapted(k) for k in range(1, recipe.assistant.rounds + 1))]
            if stage is not None and stage not in known:
                raise RecipeError(f'{within}: stage must be one of {", ".join(known)}, but is '
                                  f'{stage!r}')
            if replace(varied, student=recipe.student) != recipe:
                raise RecipeError(f'{within}: an arm changes the student alone; for anything '
                                  'else give it a branch of its own')
            arms.append(Arm(arm['name'], varied, stage or f'student_{folder_name(arm["name"])}'))
        branches.append(Branch(one['name'], recipe, tuple(arms)))
    study = Study(base.name, head.seeds, tuple(branches), head.differences,
                  mapping(given.get('worlds') or {}, f'{where}: worlds'), head.segmenter,
                  head.right)
    if study.right and study.right not in {branch.name for branch in branches}:
        raise RecipeError(f'{where}: right: {study.right!r} is no branch')
    if not study.arms:
        raise RecipeError(f'{where}: a study needs arms')
    check_names((arm.name for arm in study.arms), where)
    compare.check_differences(study.differences, study.arms, where)
    return study


def _judged(
    branch: Branch, arm: Arm, place: Place, seed: int, prepared: set[str], folder: Path,
) -> tuple[dict[str, dict[str, float]], float]:
    """Train what an arm needs and score it; return the scores and the seconds of the student."""
    folder.mkdir(parents=True, exist_ok=True)
    if branch.name not in prepared:
        _prepare(replace(branch.recipe, seed=seed), place)
        prepared.add(branch.name)
    recipe, seconds = replace(arm.recipe, seed=seed), 0.0
    if arm.stage.startswith('student_'):
        seconds = train_student(recipe, place, arm.stage).seconds
    return {TEST: score_stage(recipe, place, arm.stage)}, seconds


def _chosen(study: Study, arms: Sequence[str], seeds: Sequence[int], where: str) -> Study:
    """Return the study with some of its arms and seeds; none is all."""
    known = [arm.name for arm in study.arms]
    for asked, there, what in ((arms, known, 'arm'), (seeds, study.seeds, 'seed')):
        for one in asked:
            if one not in there:
                raise RecipeError(f'{where} has no {what} {one!r}; it has '
                                  f'{", ".join(map(str, there))}')
    kept = (replace(branch, arms=tuple(a for a in branch.arms if not arms or a.name in arms))
            for branch in study.branches)
    return replace(
        study, seeds=tuple(s for s in study.seeds if not seeds or s in seeds),
        branches=tuple(branch for branch in kept if branch.arms),
        differences={name: pair for name, pair in study.differences.items()
                     if not arms or set(pair) <= set(arms)})


def run_study(
    file: Path, changes: Sequence[str], root: Path | None, device: str,
    arms: Sequence[str] = (), seeds: Sequence[int] = (),
) -> str:
    """Run everything with the first seed, then with the next; what has run is kept.

    Writes results.csv and results.md after every arm, of what is there by then, and pictures/ for
    each seed.

    Args:
        file: Recipe with a study.
        changes: KEY=VALUE.
        root: Folder of the study; None takes runs/NAME.
        device: `auto`, `cpu` or `cuda`.
        arms: Names of those to run; none for all.
        seeds: Of the study's; none for all.

    Returns:
        The tables.

    Raises:
        RecipeError: Something cannot run; what was done before stays.
    """
    study = _chosen(load_study(file, changes), arms, seeds, file.name)
    root = root or Path('runs') / study.name
    root.mkdir(parents=True, exist_ok=True)
    if study.worlds:
        write_simulated(study.worlds)
    if study.segmenter is not None and not study.segmenter.output.exists():
        _train_segmenter(study.segmenter, study.branches[0].recipe, root)
    results: list[Result] = []
    text = ''
    for seed in study.seeds:
        shown: list[tuple[str, str, PanoramicRecipe, Place]] = []
        prepared: set[str] = set()
        for branch in study.branches:
            place = Place(root / f'seed_{seed}' / folder_name(branch.name),
                          root / f'seed_{seed}', _masks_folder(branch.recipe, root), device)
            for arm in branch.arms:
                recipe = replace(arm.recipe, seed=seed)
                results.append(compare.run_once(
                    arm.name, seed, root / 'arms', as_plain(asdict(recipe)),
                    partial(_judged, branch, arm, place, seed, prepared)))
                text = markdown(study.name, [a.name for a in study.arms], results,
                                study.differences)
                write_csv(root / 'results.csv', results)
                (root / 'results.md').write_text(text)
                shown.append((arm.name, arm.stage, recipe, place))
        write_sheet(root / 'pictures' / f'seed_{seed}.png', shown)
    text += masks_table(_masks_of(study, root))
    (root / 'results.md').write_text(text)
    return text


def _train_segmenter(given: Segmenter, recipe: PanoramicRecipe, root: Path) -> None:
    pairs = root / 'segmenter' / 'pairs'
    write_region_pairs(SourcePictures(recipe.data.source, recipe.classes), pairs,
                       recipe.validation_share, given.least)
    train_segmenter(load_recipe(given.recipe), pairs, root / 'segmenter' / 'run', given.output,
                    given.bundle)


def _masks_folder(recipe: PanoramicRecipe, root: Path) -> Path:
    """Return where masks lie; branches with the same masks share them."""
    plain = json.dumps(as_plain([asdict(recipe.masks), [asdict(f) for f in recipe.windows]]))
    return root / f'masks_{zlib.crc32(plain.encode()):08x}'


def _masks_of(study: Study, root: Path) -> dict[str, dict[str, float]]:
    """Return how good the masks of each branch are, where it is known."""
    places = {b.name: mask_cache(b.recipe, _masks_folder(b.recipe, root))
              for b in study.branches}
    if study.right not in places or not places[study.right].folder.exists():
        return {}
    recipe = study.branches[0].recipe
    names, count = panoramas_of(recipe).names, len(windows_of(recipe).views)
    return {name: mask_quality(cache, places[study.right], names, count)
            for name, cache in places.items() if name != study.right}


def _prepare(recipe: PanoramicRecipe, place: Place) -> None:
    """Run what all arms of a branch begin with."""
    train_on_source(recipe, place)
    if recipe.student.start == 'source':
        train_on_source(recipe, place, STUDENT_SOURCE)
    make_masks(recipe, place)
    adapt(recipe, place)
