# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the distillation loop takes beside its networks: loading, averaging, clipping, logging.

`python -m benchmarks.training` prints pictures a second of the whole loop, and of forward and
backward passes alone with a batch that is ready, for the same networks and shapes. Both take turns
in one run, so that they share the machine's moods. Teacher and student have random weights; the
teacher's outputs come from its cache. Loading begins anew in each turn: nothing is made ahead
before the clock starts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

import cv2
import numpy as np
import torch

from training.data.pairs import Settings, prepare, write_pairs
from training.data.sources.scenes import Scenes
from training.distill.batches import BatchMaker, Loader
from training.distill.loop import Run
from training.distill.recipe import make_recipe
from training.networks.promptable import PromptDecoder
from training.networks.sam_vit import SPECS, SamVit
from training.teachers.teacher import Teacher

from .results import write_result

PAIRS = 64
LOSSES: dict[str, dict[str, float]] = {
    'tokens': {'tokens': 1.0, 'embedding': 1.0},
    'tokens and prompts': {'tokens': 1.0, 'embedding': 1.0, 'prompts': 1.0},
    'masks': {'tokens': 0.0, 'masks': 1.0}}


def make_world(folder: Path, width: int, height: int) -> None:
    """Write simulated pairs and a teacher with random weights."""
    settings = Settings(width, height)
    scenes = Scenes(1, PAIRS)
    prepare(folder / 'pairs', settings, scenes.name, scenes.description())
    write_pairs(folder / 'pairs', 'scenes', scenes.pairs(0, settings), settings, PAIRS)
    torch.manual_seed(0)
    Teacher(SamVit(SPECS['compact'], height, width), PromptDecoder(width, height), height,
            width).save(folder / 'teacher.pt')


def timed(act: Callable[[], None]) -> float:
    """Return the seconds that a call takes."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def measure(folder: Path, loss: dict[str, float], batch: int, steps: int, turns: int,
            workers: int) -> dict[str, float]:
    """Return pictures a second of both, and how much longer the loop takes.

    Args:
        folder: See make_world.
        loss: Of the recipe.
        batch: Pictures a step.
        steps: Steps a turn.
        turns: Turns of each.
        workers: Threads that load.
    """
    recipe = make_recipe({
        'name': 'benchmark', 'teacher': str(folder / 'teacher.pt'), 'views': 2,
        'data': [str(folder / 'pairs')], 'student': {'kind': 'compact'}, 'loss': loss,
        'batch': batch, 'steps': 10 ** 6, 'cache': str(folder / 'cache'), 'workers': workers,
        'validation_share': 0.2}, 'benchmark')
    run = Run(recipe, folder / 'run')
    maker = BatchMaker(recipe, run.training, run.fill_cache())
    ready = maker.make(0).to(run.fabric.device)
    counts = {name: torch.as_tensor(float(getattr(ready, name).sum()))
              for name in ('valid', 'is_object', 'known') if getattr(ready, name) is not None}

    def passes(count: int) -> None:
        for _ in range(count):
            total, _ = run.objective(ready, counts)
            run.optimiser.zero_grad(set_to_none=True)
            run.fabric.backward(total)

    def loop(count: int) -> None:
        loader = Loader(maker, run.step, run.step + count, recipe.workers)
        parts = [run.train_step(loader.next()) for _ in range(count)]
        torch.stack([p['loss'] for p in parts]).tolist()
        loader.close()

    passes(3)
    loop(3)
    found: dict[str, list[float]] = {'passes': [], 'loop': []}
    for _ in range(turns):
        found['passes'].append(timed(lambda: passes(steps)))
        found['loop'].append(timed(lambda: loop(steps)))
    both = {name: float(np.median(values)) for name, values in found.items()}
    ratios = np.asarray(found['loop']) / np.asarray(found['passes'])
    return {
        'passes_pictures_s': round(steps * batch / both['passes'], 2),
        'loop_pictures_s': round(steps * batch / both['loop'], 2),
        'loop_takes_longer': round(float(np.median(ratios)) - 1, 3)}


def main() -> int:
    """Print the figures and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--width', type=int, default=384, help='columns of the input')
    parser.add_argument('--height', type=int, default=288, help='rows of the input')
    parser.add_argument('--batch', type=int, default=8, help='pictures a step')
    parser.add_argument('--steps', type=int, default=8, help='steps a turn')
    parser.add_argument('--turns', type=int, default=5, help='turns of each')
    parser.add_argument('--workers', type=int, default=1, help='threads that load')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    found: dict[str, Any] = {}
    with TemporaryDirectory() as scratch:
        make_world(Path(scratch), arguments.width, arguments.height)
        for name, loss in LOSSES.items():
            found[name] = measure(Path(scratch), loss, arguments.batch, arguments.steps,
                                  arguments.turns, arguments.workers)
            print(f'{name}: {found[name]["loop_pictures_s"]:g} pictures/s in the loop, '
                  f'{found[name]["passes_pictures_s"]:g} in the passes alone, '
                  f'{found[name]["loop_takes_longer"]:+.1%} time', flush=True)
    if arguments.output:
        write_result(arguments.output, 'training throughput',
                     'python -m benchmarks.training ' + ' '.join(sys.argv[1:]),
                     {'threads': torch.get_num_threads(), 'losses': found})
    return 0


if __name__ == '__main__':
    sys.exit(main())
