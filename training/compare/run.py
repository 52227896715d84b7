# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Train and score the arms of a study; what is done stays done, so that a rerun goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
import hashlib
import json
import multiprocessing
from pathlib import Path

import torch
from tqdm import tqdm

from ..data.pairs import PairStore
from ..distill.loop import Run, distill
from ..distill.questions import style_of
from ..distill.students import as_plain, load_trained
from ..errors import RecipeError
from ..teachers.teacher import Teacher, load_teacher
from .names import folder_name
from .recipe import Arm, Study
from .score import Judged, pairs_of, score


@dataclass(frozen=True)
class Result:
    """Scores of one run.

    Attributes:
        arm: Name of the arm.
        seed: Of the run.
        scores: Name of the test -> figure -> value.
        seconds: That its training took; 0 for the teacher.
    """

    arm: str
    seed: int
    scores: dict[str, dict[str, float]]
    seconds: float


def _judged(study: Study, arm: Arm, checkpoint: Path) -> Judged:
    if arm.kind == 'distill':
        trained = load_trained(checkpoint)
        choice = trained.recipe.student
        return Judged(trained.student, trained.decoder, trained.style, 'events',
                      choice.mean, choice.std)
    teacher = _teacher(study)
    return Judged(teacher.network, teacher.decoder, style_of(teacher.network.spec), arm.picture,
                  teacher.mean, teacher.std)


def _teacher(study: Study) -> Teacher:
    """Return the teacher, at the size of the pairs."""
    settings = PairStore(study.tests[0].folder).settings
    return load_teacher(
        study.base.teacher, max(settings.width, settings.height), study.base.positions)


def _fill(study: Study, root: Path) -> None:
    """Let the teacher look at all pairs once, before several processes need it."""
    for arm in study.arms:
        if arm.recipe is not None and arm.recipe.cache is not None:
            Run(arm.recipe, root / 'teacher', 'auto').fill_cache()
            return


def _sum_of(study: Study, arm: Arm, seed: int) -> str:
    """Return a checksum of all that a result depends on."""
    parts = [as_plain(asdict(arm)), seed, as_plain([asdict(t) for t in study.tests]),
             str(study.base.teacher)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def folder_of(root: Path, arm: Arm, seed: int) -> Path:
    """Return the folder of one run."""
    return root / folder_name(arm.name) / f'seed_{seed}'


def run_arm(study: Study, arm: Arm, seed: int, root: Path, threads: int) -> Result:
    """Train one arm with one seed, unless that is done, and score it.

    Args:
        study: What to do.
        arm: One of its arms.
        seed: Of weights, order and augmentations.
        root: Folder of the study.
        threads: Of torch.

    Raises:
        RecipeError: Recipe, data and teacher do not go together.
    """
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    folder = folder_of(root, arm, seed)
    done, wanted = folder / 'result.json', _sum_of(study, arm, seed)
    if done.exists():
        found = json.loads(done.read_text())
        if found['of'] == wanted:
            return Result(arm.name, seed, found['scores'], found['seconds'])
    folder.mkdir(parents=True, exist_ok=True)
    seconds, checkpoint = 0.0, Path()
    if arm.recipe is not None:
        trained = distill(replace(arm.recipe, seed=seed), folder, 'auto')
        seconds, checkpoint = trained.seconds, trained.best
    judged, teacher = _judged(study, arm, checkpoint), _teacher(study)
    judged.encoder.eval()
    scores = {t.name: score(judged, teacher, pairs_of(t)) for t in study.tests}
    part = done.with_suffix('.part')
    part.write_text(json.dumps({'of': wanted, 'arm': arm.name, 'seed': seed, 'seconds': seconds,
                                'scores': scores}, indent=1))
    part.replace(done)
    return Result(arm.name, seed, scores, seconds)


def _work(study: Study) -> Iterator[tuple[Arm, int]]:
    for seed in study.seeds:
        for arm in study.arms:
            if arm.kind == 'distill' or seed == study.seeds[0]:
                yield arm, seed


def run_study(study: Study, root: Path, jobs: int, threads: int) -> list[Result]:
    """Run all arms with all seeds; seeds come one after the other, so that every arm has one soon.

    Args:
        study: What to do.
        root: Folder of the study.
        jobs: Processes.
        threads: Of torch in each.

    Returns:
        Results in the order of arms and seeds; the teacher has one seed.

    Raises:
        RecipeError: An arm cannot run; what was done before stays.
    """
    for test in study.tests:
        pairs_of(test)
    _fill(study, root)
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(jobs, context) as pool:
        futures = [pool.submit(run_arm, study, arm, seed, root, threads)
                   for arm, seed in _work(study)]
        done = tqdm(as_completed(futures), total=len(futures), unit='run', disable=None)
        try:
            results = [future.result() for future in done]
        except RecipeError:
            pool.shutdown(cancel_futures=True)
            raise
    order = [arm.name for arm in study.arms]
    return sorted(results, key=lambda r: (order.index(r.arm), r.seed))
