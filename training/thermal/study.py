# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Arms that differ in a few keys of one recipe, all with the same seeds, and one table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from eventsam_ros.simulation.thermal_folder import StreetFolder, write_streets

from ..compare.arms import Arm, check_differences, read_arms, run_once
from ..compare.recipe import check_seeds
from ..compare.run import Result
from ..distill.checkpoints import write_checkpoint
from ..distill.progress import Progress
from ..distill.students import as_plain
from ..fields import build, ranged, read_values
from .judging import judge
from .loop import fit
from .pyramid import build_encoder
from .recipe import RgbtRecipe, make_recipe
from .scenes import alike
from .start import apply_start, encoder_file, read_start, sum_of
from .table import markdown, write_csv


@dataclass(frozen=True)
class Scenes:
    """Simulated pairs that a study writes for itself (see StreetFolder)."""

    train: int = ranged(1, 100_000, default=600)
    val: int = ranged(1, 100_000, default=90)
    test: int = ranged(1, 100_000, default=150)
    width: int = ranged(32, 2048, default=320)
    height: int = ranged(32, 2048, default=240)
    seed: int = ranged(0, 2 ** 31, default=0)


@dataclass(frozen=True)
class Study:
    """All of a comparison.

    Attributes:
        name: Of the study.
        seeds: One run of each arm a seed.
        arms: What is compared.
        scenes: Pairs to simulate where `data.path` holds none; None for data that is there.
        differences: Pairs of arms whose difference is told: name -> the better one, the other.
    """

    name: str
    seeds: tuple[int, ...]
    arms: tuple[Arm[RgbtRecipe], ...]
    scenes: Scenes | None = None
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Head:
    name: str
    seeds: tuple[int, ...] = ranged(0, default=(0, 1, 2))
    scenes: Scenes | None = None
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)


def make_study(values: Any, where: str) -> Study:
    """Build a study from what stands in its file.

    Args:
        values: A mapping of the keys of Study, with `base`, a recipe without a name, and `arms`,
            each with `name` and `changes` to the base.
        where: Begins every message.

    Raises:
        RecipeError: Something is missing, unknown or out of range; one sentence says what.
    """
    arms = read_arms(values, where, make_recipe)
    head = build(
        _Head, {k: v for k, v in values.items() if k not in {'base', 'arms'}}, where)
    check_seeds(head.seeds, where)
    check_differences(head.differences, arms, where)
    return Study(head.name, head.seeds, arms, head.scenes, head.differences)


def load_study(path: Path) -> Study:
    """Read a study (see make_study).

    Raises:
        RecipeError: The file cannot be read or says something wrong.
    """
    return make_study(read_values(path), path.name)


def _write_scenes(study: Study) -> None:
    folder = study.arms[0].recipe.data.path
    if study.scenes is None:
        return
    wanted = StreetFolder(**asdict(study.scenes))
    alike(folder, wanted)
    if (folder / 'test.txt').exists():
        return
    total = wanted.train + wanted.val + wanted.test
    with Progress(total, 'scenes', 'pairs') as progress:
        write_streets(folder, wanted, lambda _: progress.advance())


def _started(recipe: RgbtRecipe, root: Path) -> RgbtRecipe:
    """Return the recipe beginning with a file in place of a bundle, which takes long to read."""
    start = recipe.network.start
    if start is None or not start.is_dir():
        return recipe
    # another bundle may come under the same name
    path = root / f'{start.name}_{recipe.network.encoder}_{sum_of(start)[:12]}.pt'
    if not path.exists():
        encoder = build_encoder(recipe.network.encoder)
        torch.manual_seed(0)
        apply_start(encoder, read_start(start, encoder), start)
        write_checkpoint(path, encoder_file(encoder))
    return replace(recipe, network=replace(recipe.network, start=path))


def _run_arm(arm: Arm[RgbtRecipe], seed: int, root: Path, device: str) -> Result:
    recipe = replace(arm.recipe, seed=seed)

    def run(folder: Path) -> tuple[dict[str, dict[str, float]], float]:
        trained = fit(_started(recipe, root), folder, device)
        scores = judge(trained.best, device)
        (folder / 'last.pt').unlink()   # what is done is not resumed
        return scores, trained.seconds
    return run_once(arm.name, seed, root, as_plain(asdict(recipe)), run,
                    recipe.network.start)


def run_study(study: Study, root: Path, device: str = 'auto') -> str:
    """Train and judge all arms with the first seed, then all with the next.

    Writes results.csv and results.md after every run, of what is there by then.

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
    _write_scenes(study)
    results: list[Result] = []
    text = ''
    for seed in study.seeds:
        for arm in study.arms:
            results.append(_run_arm(arm, seed, root, device))
            text = markdown(study.name, [a.name for a in study.arms], results,
                            study.differences)
            write_csv(root / 'results.csv', results)
            (root / 'results.md').write_text(text)
    return text
