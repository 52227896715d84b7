# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Arms that differ in a few keys of one recipe, all with the same seeds and the same clips."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..compare.arms import Arm, check_differences, read_arms, run_folder, run_once
from ..compare.recipe import check_seeds
from ..compare.run import Result
from ..compare.table import write_csv
from ..distill.checkpoints import BEST
from ..distill.pictures import write_picture
from ..distill.progress import Progress
from ..distill.students import as_plain
from ..errors import RecipeError
from ..fields import build, ranged, read_values
from ..thermal.start import sum_of
from .clips.filming import ClipSettings
from .clips.scenarios import SCENARIOS
from .clips.store import write_clips
from .judging import draw_tests, judge
from .loop import fit
from .recipe import ReferringRecipe, make_recipe
from .start import read_start
from .table import markdown

_SHEET_CLIPS = 8


@dataclass(frozen=True)
class SimulatedClips:
    """Clips that a study writes for itself where `data.path` holds none (see ClipSettings).

    Attributes:
        train: Clips.
        val: Clips.
        test: Clips.
        width: Columns.
        height: Rows.
        frames: Of a clip.
        scenarios: Of training.referring.clips.scenarios; they take turns.
        taught: The same for the training clips; none for `scenarios`.
        seed: Of the first clip of each split.
    """

    train: int = ranged(1, 100_000, default=600)
    val: int = ranged(1, 100_000, default=40)
    test: int = ranged(1, 100_000, default=80)
    width: int = ranged(32, 1024, default=128)
    height: int = ranged(32, 1024, default=96)
    frames: int = ranged(3, 64, default=6)
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    taught: tuple[str, ...] = ()
    seed: int = ranged(0, 2 ** 31, default=0)


@dataclass(frozen=True)
class Study:
    """All of a comparison.

    Attributes:
        name: Of the study.
        seeds: One run of each arm a seed.
        arms: What is compared.
        clips: To simulate; None for data that is there.
        differences: Pairs of arms whose difference is told: name -> the better one, the other.
        first: Runs that arms or later ones of them begin with, each trained once: the first of
            several stages.
        after: Arm, or one of `first` -> the one of `first` that it begins with.
    """

    name: str
    seeds: tuple[int, ...]
    arms: tuple[Arm[ReferringRecipe], ...]
    clips: SimulatedClips | None = None
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)
    first: tuple[Arm[ReferringRecipe], ...] = ()
    after: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Head:
    name: str
    seeds: tuple[int, ...] = ranged(0, default=(0, 1, 2))
    clips: SimulatedClips | None = None
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


def make_study(values: Any, where: str) -> Study:
    """Build a study from what stands in its file.

    Args:
        values: A mapping of the keys of Study, with `base`, a recipe without a name, and `arms`
            and `first`, each entry with `name` and `changes` to the base.
        where: Begins every message.

    Raises:
        RecipeError: Something is missing, unknown or out of range; one sentence says what.
    """
    arms = read_arms(values, where, make_recipe)
    head = build(
        _Head, {k: v for k, v in values.items() if k not in {'base', 'arms', 'first'}}, where)
    first = read_arms({**values, 'arms': values['first']}, f'{where}, first', make_recipe) if (
        'first' in values) else ()
    order = [stage.name for stage in first] + [arm.name for arm in arms]
    for name, begun in head.after.items():
        if name not in order or begun not in order[:min(order.index(name), len(first))]:
            raise RecipeError(f'{where}: after: {name}: {begun} must name an arm or one of first, '
                              'and one of first before it')
    check_seeds(head.seeds, where)
    check_differences(head.differences, arms, where)
    shown = () if head.clips is None else (*head.clips.scenarios, *head.clips.taught)
    if unknown := set(shown) - set(SCENARIOS):
        raise RecipeError(f'{where}: clips: scenarios must be of {", ".join(SCENARIOS)}, but '
                          f'there is {min(unknown)!r}')
    return Study(
        head.name, head.seeds, arms, head.clips, head.differences, first, head.after)


def load_study(path: Path) -> Study:
    """Read a study (see make_study).

    Raises:
        RecipeError: The file cannot be read or says something wrong.
    """
    return make_study(read_values(path), path.name)


def simulate(folder: Path, wanted: SimulatedClips, splits: dict[str, int]) -> None:
    """Write clips; what is there already stays.

    Args:
        folder: Of the clips.
        wanted: What they are like.
        splits: Clips of each split.

    Raises:
        RecipeError: The folder holds clips made otherwise, or a size is out of range.
    """
    try:
        settings = ClipSettings(wanted.width, wanted.height, wanted.frames)
        for split, count in splits.items():
            with Progress(count, f'clips of {split}', 'clips') as progress:
                done = 0

                def tell(now: int, progress: Progress = progress) -> None:
                    nonlocal done
                    progress.advance(now - done)
                    done = now
                shown = wanted.taught if split == 'train' and wanted.taught else (
                    wanted.scenarios)
                write_clips(folder, split, count, seed=wanted.seed, scenarios=shown,
                            settings=settings, progress=tell)
    except ValueError as error:
        raise RecipeError(f'clips: {error}') from error


def _started(recipe: ReferringRecipe, root: Path) -> ReferringRecipe:
    """Return the recipe beginning with a file in place of a bundle, which takes long to read."""
    start = recipe.network.start
    if start is None or not start.is_dir():
        return recipe
    # another bundle may come under the same name
    path = root / f'{start.name}_{recipe.network.detail}_{sum_of(start)[:12]}.pt'
    if not path.exists():
        torch.manual_seed(0)
        root.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix('.part')
        torch.save(read_start(start, recipe.network.detail), part)
        part.replace(path)
    return replace(recipe, network=replace(recipe.network, start=path))


def _run_arm(
    arm: Arm[ReferringRecipe], seed: int, root: Path, device: str, begun: Path | None = None,
) -> Result:
    recipe = replace(arm.recipe, seed=seed)
    if begun is not None:
        recipe = replace(recipe, network=replace(recipe.network, start=begun))

    def run(folder: Path) -> tuple[dict[str, dict[str, float]], float]:
        trained = fit(_started(recipe, root), folder, device)
        scores = judge(trained.best, device)
        write_picture(folder / 'test.png', draw_tests(trained.best, _SHEET_CLIPS, device))
        (folder / 'last.pt').unlink()   # what is done is not resumed
        return scores, trained.seconds
    return run_once(arm.name, seed, root, as_plain(asdict(recipe)), run,
                    recipe.network.start)


def run_study(study: Study, root: Path, device: str = 'auto') -> str:
    """Train and judge all arms with the first seed, then all with the next.

    Writes results.csv and results.md after every run, of what is there by then, and a contact
    sheet of test clips beside every run.

    Args:
        study: What to do.
        root: Folder of the study.
        device: `auto`, `cpu` or `cuda`.

    Returns:
        The tables.

    Raises:
        RecipeError: An arm cannot run; what was done before stays.
    """
    root.mkdir(parents=True, exist_ok=True)
    if study.clips is not None:
        wanted = study.clips
        simulate(study.arms[0].recipe.data.path, wanted,
                 {'train': wanted.train, 'val': wanted.val, 'test': wanted.test})
    begun: dict[str, Path] = {}
    for stage in study.first:
        _run_arm(stage, stage.recipe.seed, root / 'first', device,
                 begun.get(study.after.get(stage.name, '')))
        begun[stage.name] = run_folder(
            root / 'first', stage.name, stage.recipe.seed) / BEST
    results: list[Result] = []
    text = ''
    for seed in study.seeds:
        for arm in study.arms:
            results.append(_run_arm(
                arm, seed, root, device, begun.get(study.after.get(arm.name, ''))))
            text = markdown(study.name, [a.name for a in study.arms], results, study.differences)
            write_csv(root / 'results.csv', results)
            (root / 'results.md').write_text(text)
    return text
