# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The training loop: any number of processes, resumed to the bit where it was interrupted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
import time
from typing import Any

import cv2
from lightning_fabric import Fabric
import numpy as np
import torch
from torch import Tensor, nn

from ..recipe import RecipeError
from ..teachers.teacher import Teacher, load_teacher
from .batches import Batch, BatchMaker, Loader
from .cache import WEIGHTINGS, TeacherCache, look, patch_tokens
from .examine import Example, examine
from .log import Log
from .objective import COUNTS, Objective
from .pictures import contact_sheet, write_picture
from .processes import deterministic, make_fabric
from .progress import Progress
from .questions import style_of
from .recipe import DistillRecipe
from .schedule import Average, learning_rate
from .split import evenly, split
from .students import as_plain, build_networks, checkpoint

LAST, BEST = 'last.pt', 'best.pt'
_BOARD_EVERY = 10
"""Steps between the losses in TensorBoard."""
_FREE = ('name', 'cache', 'workers', 'pictures', 'test')
"""Keys that may change in a run that has begun."""
_SCORES = ('score', 'click', 'box', 'agreement', 'embedding', 'tap_1', 'tap_2', 'tap_3', 'tap_4')
_COLUMNS = (
    'step', 'seconds', 'pictures_per_second', 'rate', 'loss', 'loss_tokens', 'loss_embedding',
    'loss_prompts', 'loss_masks', *_SCORES)


@dataclass(frozen=True)
class DistillResult:
    """What a run left.

    Attributes:
        last: Checkpoint to resume from.
        best: Checkpoint of the averaged weights with the best validation score (load_trained).
        scores: Validation of the best (see examine).
        steps: Steps taken.
        seconds: Time they took over all sittings, without validations.
    """

    last: Path
    best: Path
    scores: dict[str, float]
    steps: int
    seconds: float


def _write(path: Path, content: dict[str, Any]) -> None:
    part = path.with_suffix('.part')
    torch.save(content, part)
    part.replace(path)


class Run:
    """One run in a folder: networks, optimiser, average, and the data they learn from."""

    def __init__(self, recipe: DistillRecipe, folder: Path, device: str = 'auto') -> None:
        """Start a run, or take up the one in the folder.

        Args:
            recipe: What to do.
            folder: Of the run; made where missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            RecipeError: Recipe, data, teacher and folder do not go together.
        """
        self.recipe, self.folder = recipe, folder
        self.fabric: Fabric = make_fabric(recipe.precision, device)
        self.rank, self.world = self.fabric.global_rank, self.fabric.world_size
        if recipe.batch % self.world:
            raise RecipeError(f'batch must be a multiple of the {self.world} processes, but is '
                              f'{recipe.batch}')
        self.training, validation = split(recipe)
        self.validation = validation.spread(recipe.check_pairs)
        self.teacher = self._load_teacher()
        self.style = style_of(self.teacher.network.spec)
        torch.manual_seed(recipe.seed)
        networks = build_networks(recipe, self.teacher)
        if self.world > 1 and self.fabric.device.type == 'cuda':
            networks = nn.SyncBatchNorm.convert_sync_batchnorm(  # type: ignore[no-untyped-call]
                networks)
        objective = Objective(recipe, networks, self.teacher.decoder, self.style)
        learning = [p for p in networks.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(
            [{'params': [p for p in learning if p.ndim > 1], 'weight_decay': recipe.weight_decay},
             {'params': [p for p in learning if p.ndim <= 1], 'weight_decay': 0.0}],
            lr=recipe.rate, fused=True)
        self.objective, self.optimiser = self.fabric.setup(objective, optimiser)
        self.networks = networks
        self.average = Average(networks, recipe.ema)
        self.step, self.seconds, self.best = 0, 0.0, -1.0
        self.scores: dict[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _load_teacher(self) -> Teacher:
        settings = self.training.settings
        teacher = load_teacher(
            self.recipe.teacher, max(settings.width, settings.height), self.recipe.positions)
        if (teacher.width, teacher.height) != (settings.width, settings.height):
            raise RecipeError(
                f'the teacher looks at {teacher.width}x{teacher.height}, but the pairs are '
                f'{settings.width}x{settings.height}')
        if self.recipe.loss.tokens and (
                len(self.recipe.loss.lambdas) != len(teacher.network.spec.taps)):
            raise RecipeError(f'loss: lambdas must be {len(teacher.network.spec.taps)} numbers, '
                              f'but are {len(self.recipe.loss.lambdas)}')
        teacher.network.to(self.fabric.device)
        teacher.decoder.to(self.fabric.device)
        return teacher

    def _resume(self) -> None:
        path = self.folder / LAST
        if not path.exists():
            return
        try:
            state = torch.load(path, map_location=self.fabric.device, weights_only=True)
        except Exception as error:
            raise RecipeError(f'{path} cannot be read: {error}') from error
        was, now = state['recipe'], as_plain(asdict(self.recipe))
        for key in now:
            if key not in _FREE and was.get(key) != now[key]:
                raise RecipeError(
                    f'{self.folder} holds a run with another {key} ({was.get(key)}, not '
                    f'{now[key]}): choose another --run')
        self.networks.load_state_dict(state['networks'])
        self.average.network.load_state_dict(state['average'])
        self.optimiser.load_state_dict(state['optimiser'])
        self.step, self.seconds, self.best = state['step'], state['seconds'], state['best']
        self.scores = state['scores']

    def save(self, scores: dict[str, float]) -> None:
        """Write last.pt, and best.pt before it where the score is the best so far."""
        settings = self.training.settings
        better = scores['score'] > self.best
        if better:
            self.best, self.scores = scores['score'], scores
            _write(self.folder / BEST, checkpoint(
                self.average.network, self.recipe, self.teacher, settings.representation,
                self.step, scores))
        _write(self.folder / LAST, {
            'networks': self.networks.state_dict(),
            'average': self.average.network.state_dict(),
            'optimiser': self.optimiser.state_dict(), 'step': self.step,
            'seconds': self.seconds, 'best': self.best, 'scores': self.scores,
            'recipe': as_plain(asdict(self.recipe))})

    def fill_cache(self) -> TeacherCache | None:
        """Let the teacher look at what it has not looked at yet; None without a cache."""
        if self.recipe.cache is None:
            return None
        cache = TeacherCache(
            self.recipe.cache, self.teacher, taps=self.recipe.loss.tokens > 0)
        cache.fill(self.training.stores, self.recipe.views, self.rank, self.world)
        cache.fill(self.validation.stores, 1, self.rank, self.world)
        self.fabric.barrier()
        return cache

    def _taught(self, batch: Batch) -> Batch:
        """Return the batch with the teacher's outputs, where it must look at it now."""
        loss = self.recipe.loss
        if batch.embedding is not None or not (loss.tokens or loss.embedding or loss.prompts):
            return batch
        assert batch.frames is not None
        found = look(self.teacher, batch.frames, batch.contents)
        which = None
        if loss.tokens and loss.weighting != 'none':
            which = found['weights'][:, WEIGHTINGS.index(loss.weighting)]
        return replace(batch, embedding=found['embedding'], weights=which,
                       taps=found['taps'] if loss.tokens else None)

    def _counts(self, batch: Batch) -> dict[str, Tensor]:
        values = [getattr(batch, name) for name in COUNTS]
        counts = torch.stack([
            torch.zeros((), device=self.fabric.device) if v is None else v.sum().float()
            for v in values])
        if self.world > 1:
            mean = self.fabric.all_reduce(counts, reduce_op='mean')
            assert isinstance(mean, Tensor)
            counts = mean
        return dict(zip(COUNTS, counts.unbind(), strict=True))

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """Take one optimiser step; return the loss and its parts."""
        batch = self._taught(batch.to(self.fabric.device))
        patches = None
        if batch.mixed is not None:
            assert batch.frames is not None
            patches = patch_tokens(self.teacher, batch.frames, batch.contents)
        seed = np.random.SeedSequence([self.recipe.seed, self.step, self.rank])
        torch.manual_seed(int(seed.generate_state(1)[0]))
        for group in self.optimiser.param_groups:
            group['lr'] = learning_rate(self.recipe, self.step)
        self.networks.train()
        loss, parts = self.objective(batch, self._counts(batch), patches)
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(
            self.objective, self.optimiser, max_norm=self.recipe.clip, error_if_nonfinite=False)
        self.optimiser.step()
        self.average.update(self.step)
        self.step += 1
        found: dict[str, Tensor] = parts
        return found

    def examples(self, cache: TeacherCache | None) -> list[Example]:
        """Return the validation pairs with what the teacher makes of them."""
        found = []
        for k in range(len(self.validation)):
            pair = self.validation[k]
            if cache is not None:
                store, row = self.validation.place(k)
                kept = cache.read(self.validation.stores[store], row, 0)
                embedding, taps = (
                    None if a is None else torch.from_numpy(a.astype(np.float32))[None]
                    for a in (kept.embedding, kept.taps))
            else:
                seen = look(self.teacher, torch.from_numpy(pair.frame)[None],
                            torch.tensor([pair.content]))
                embedding, taps = (seen[n].float().cpu() for n in ('embedding', 'taps'))
            assert embedding is not None
            found.append(Example(pair, embedding, () if taps is None else taps.unbind(1)))
        return found

    def examine(self, examples: list[Example]) -> dict[str, float]:
        """Return the scores of the averaged networks."""
        return examine(
            self.average.network, self.teacher.decoder, examples, self.style, self.objective.mean,
            self.objective.std, self.training.settings.representation)

    def draw(self, examples: list[Example]) -> Any:
        """Return a contact sheet of the first of the examples."""
        shown = evenly(len(examples), self.recipe.pictures)
        return contact_sheet(
            self.average.network, self.teacher.decoder, [examples[k] for k in shown], self.style,
            self.objective.mean, self.objective.std)


def distill(recipe: DistillRecipe, folder: Path, device: str = 'auto') -> DistillResult:
    """Train a student; an interrupted run in the folder goes on where its last checkpoint is.

    Args:
        recipe: What to do.
        folder: Receives last.pt, best.pt, log.csv, tensorboard/ and pictures/.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        RecipeError: Recipe, data, teacher and folder do not go together, or the loss is no
            longer a number.
    """
    cv2.setNumThreads(1)   # the threads of the loader are enough
    torch.set_flush_denormal(True)
    run = Run(recipe, folder, device)
    with deterministic(run.fabric.device):
        if run.step < recipe.steps:
            _train(run)
    run.fabric.barrier()
    return DistillResult(folder / LAST, folder / BEST, run.scores, run.step, run.seconds)


def _train(run: Run) -> None:
    recipe, first = run.recipe, run.rank == 0
    cache = run.fill_cache()
    examples = run.examples(cache) if first else []
    log = Log(run.folder, _COLUMNS, run.step) if first else None
    maker = BatchMaker(recipe, run.training, cache, run.rank, run.world)
    loader = Loader(maker, run.step, recipe.steps, recipe.workers)
    parts: list[dict[str, Tensor]] = []
    since = time.perf_counter()
    try:
        with Progress(recipe.steps, recipe.name, 'steps', first, run.step) as progress:
            while run.step < recipe.steps:
                parts.append(run.train_step(loader.next()))
                progress.advance()
                if log is not None and run.step % _BOARD_EVERY == 0:
                    log.scalars(run.step, _means(parts[-1:]), 'step')
                if run.step % recipe.check_every and run.step < recipe.steps:
                    continue
                means = _means(parts)
                if not np.isfinite(means['loss']):
                    raise RecipeError(f'the loss is {means["loss"]} at step {run.step}: lower '
                                      'rate or clip')
                spent = time.perf_counter() - since
                run.seconds += spent
                if log is not None:
                    _check(run, log, examples, progress, means, len(parts) / spent)
                run.fabric.barrier()
                parts, since = [], time.perf_counter()
    finally:
        loader.close()
        if log is not None:
            log.close()


def _means(parts: list[dict[str, Tensor]]) -> dict[str, float]:
    return {name: float(torch.stack([p[name] for p in parts]).mean()) for name in parts[0]}


def _check(run: Run, log: Log, examples: list[Example], progress: Progress,
           means: dict[str, float], speed: float) -> None:
    """Validate, log, draw and save: what was written before a checkpoint is there after it."""
    recipe, step = run.recipe, run.step
    scores = run.examine(examples)
    values = {
        'seconds': run.seconds, 'pictures_per_second': speed * recipe.batch,
        'rate': learning_rate(recipe, step - 1), 'loss': means['loss']}
    values |= {f'loss_{k}': v for k, v in means.items() if k != 'loss'}
    log.scalars(step, {k: v for k, v in values.items() if not k.startswith('loss')}, 'check')
    log.scalars(step, scores, 'validation')
    progress.say(log.row(step, values | scores))
    if recipe.pictures:
        sheet = run.draw(examples)
        write_picture(run.folder / 'pictures' / f'step_{step:06d}.png', sheet)
        log.picture(step, 'predictions', sheet)
    run.save(scores)
