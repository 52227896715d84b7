# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Train a promptable segmenter, from nothing or from a bundle; a rerun continues the last one."""

from __future__ import annotations

import csv
from functools import partial
import math
from pathlib import Path
import time

import numpy as np
import torch
from torch import Tensor, nn

from .data.augment import augment
from .data.store import Store
from .distill.checkpoints import LAST, read_checkpoint, write_checkpoint
from .errors import RecipeError
from .loader import Batch, Change, Loader, Pictures
from .losses.prompt import dense_loss, prompt_loss
from .networks.encoder import EMBEDDING, normalise
from .networks.promptable import PromptableSegmenter
from .recipe import Phase, Recipe
from .teachers.frames import Frames, augment_frame
from .validate import validate, validation_set
from .warm_start import load_weights, restore_statistics

_LOG = ('step', 'phase', 'seconds', 'images_per_second', 'loss', 'iou', 'rate',
        'click', 'box', 'click_best', 'box_best', 'score_error')

_STATISTICS = 64
"""Pictures that the statistics of a bundle's batch norms are taken from."""


def learning_rate(phase: Phase, step: int) -> float:
    """Return the rate at a step of the phase: linear warm-up, then a cosine."""
    if step < phase.warm_up:
        return phase.rate * (step + 1) / phase.warm_up
    done = (step - phase.warm_up) / max(phase.steps - phase.warm_up, 1)
    swing = 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return phase.final_rate + (phase.rate - phase.final_rate) * swing


def _average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the averaged weights towards the network's; counters and statistics are copied."""
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), network.state_dict().values(),
                        strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1 - decay)
            else:
                a.copy_(b)


def _first(error: Exception) -> str:
    """Return what torch complains of first, on one line."""
    return ' '.join(str(error).split())[:200]


class Run:
    """One training run in a folder: last.pt to resume from, log.csv, the averaged weights."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        """Start a run, or take up the one in the folder.

        Raises:
            RecipeError: There is no such backbone, or the folder holds a run of another build.
        """
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        first = recipe.phases[0]
        build = (
            recipe.backbone, first.width, first.height, recipe.frequency, recipe.detail)
        try:
            self.network = PromptableSegmenter(*build)
            self.average = PromptableSegmenter(*build)
        except (ValueError, RuntimeError) as error:   # timm has the latter for unknown names
            raise RecipeError(f'the network cannot be built: {error}') from error
        self.average.load_state_dict(self.network.state_dict())
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{'params': decayed, 'weight_decay': recipe.weight_decay},
             {'params': plain, 'weight_decay': 0.0}], lr=first.rate, fused=True)
        self.step, self.seconds = 0, 0.0
        self._resume()

    def begin_with(self, bundle: Path, store: Pictures) -> None:
        """Take the weights of a bundle; a run that has begun already goes on with its own.

        Args:
            bundle: Folder, of the recipe's build.
            store: Pictures for the statistics of the batch norms.
        """
        if self.step > 0:
            return
        load_weights(self.network, bundle, self.recipe)
        rng = np.random.default_rng(self.recipe.seed)
        chosen = rng.integers(0, len(store), _STATISTICS).tolist()
        pictures = [torch.from_numpy(store[k][0].copy())[None] for k in chosen]
        restore_statistics(self.network, pictures, self.recipe)
        self.average.load_state_dict(self.network.state_dict())

    def begin_as(self, encoder: dict[str, Tensor], decoder: dict[str, Tensor]) -> None:
        """Take weights by name, empty for none; a run that has begun goes on with its own.

        Raises:
            RecipeError: They are of another build.
        """
        if self.step > 0:
            return
        try:
            for module, state in (
                    (self.network.encoder, encoder), (self.network.decoder, decoder)):
                if state:
                    module.load_state_dict(state)
        except RuntimeError as error:
            raise RecipeError('the weights to begin with are of another build than '
                              f'{self.recipe.backbone}: {_first(error)}') from error
        self.average.load_state_dict(self.network.state_dict())

    def _resume(self) -> None:
        path = self.folder / LAST
        state = read_checkpoint(path, torch.device('cpu'))
        if state is None:
            return
        try:
            self.network.load_state_dict(state['network'])
            self.average.load_state_dict(state['average'])
            self.optimiser.load_state_dict(state['optimiser'])
            self.step, self.seconds = state['step'], state['seconds']
        except (RuntimeError, ValueError, KeyError) as error:
            raise RecipeError(f'{path} is no run of this recipe: {_first(error)}; choose another '
                              '--run') from error

    def save(self) -> None:
        """Write last.pt; it is whole or not there."""
        write_checkpoint(self.folder / LAST, {
            'network': self.network.state_dict(), 'average': self.average.state_dict(),
            'optimiser': self.optimiser.state_dict(), 'step': self.step,
            'seconds': self.seconds})

    def phase_at(self, step: int) -> tuple[int, int]:
        """Return the index of the phase that a step belongs to, and its first step."""
        first = 0
        for k, phase in enumerate(self.recipe.phases):
            if step < first + phase.steps:
                return k, first
            first += phase.steps
        return len(self.recipe.phases), first

    def train_step(self, batch: Batch, phase: Phase, rate: float) -> tuple[float, float]:
        """Take one optimiser step; return the loss and the mean IoU of object prompts."""
        self.network.train()
        for group in self.optimiser.param_groups:
            group['lr'] = rate
        picture = normalise(batch.pictures, self.recipe.mean, self.recipe.std)
        with torch.autocast('cpu', torch.bfloat16, enabled=self.recipe.precision == 'bf16'):
            embedding = self.network.encoder(
                picture.contiguous(memory_format=torch.channels_last))
            logits, scores = self.network.decoder(
                embedding, batch.coords, batch.labels, batch.masks, batch.has_mask,
                batch.picture_of)
            outline = self.network.dense(embedding[:, :EMBEDDING]) if phase.dense > 0 else None
        loss, reached = prompt_loss(
            logits.float(), scores.float(), batch.target, batch.is_object,
            score_weight=phase.score)
        if outline is not None:
            loss = loss + phase.dense * dense_loss(outline.float(), batch.ids)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        early = (1 + self.step) / (10 + self.step)
        _average(self.average, self.network, min(self.recipe.ema, early))
        return float(loss.detach()), float(reached[batch.is_object].mean())


def _log(path: Path, row: dict[str, float]) -> None:
    new = not path.exists()
    with path.open('a', newline='') as file:
        writer = csv.DictWriter(file, _LOG)
        if new:
            writer.writeheader()
        writer.writerow({k: f'{v:.5g}' for k, v in row.items()})
    print('  '.join(f'{k} {v:.4g}' for k, v in row.items()), flush=True)


def _opened(recipe: Recipe, data: Path) -> tuple[Pictures, Change]:
    """Return the training pictures of a recipe and how they are varied.

    Raises:
        RecipeError: There are none.
    """
    frames = recipe.picture == 'frame'
    store: Pictures = Frames(data) if frames else Store(data)
    if not len(store):
        raise RecipeError(f'{data} holds nothing to train on: write it with `python -m training '
                          f'{"pairs" if frames else "data"}`')
    if frames:
        return store, augment_frame
    return store, partial(augment, events=recipe.representation == 'robust')


def fit(
    recipe: Recipe, data: Path, folder: Path, check_every: int = 500, check_windows: int = 60,
    bundle: Path | None = None, held_out: Path | None = None,
) -> None:
    """Train all phases of a recipe.

    Args:
        recipe: What to train.
        data: Folder of shards (training.data.store), or of pairs for a teacher.
        folder: Run folder; an interrupted run in it is continued.
        check_every: Steps between validations and checkpoints.
        check_windows: Held-out windows a validation uses.
        bundle: Folder of a bundle to begin with; None begins from nothing.
        held_out: Folder of pairs that a teacher is validated on; a student of events is
            validated on windows simulated for it.

    Raises:
        RecipeError: There is nothing to train or to validate on, or the folder holds a run of
            another build.
    """
    torch.set_flush_denormal(True)
    run = Run(recipe, folder)
    store, change = _opened(recipe, data)
    if bundle is not None:
        run.begin_with(bundle, store)
    kept = validation_set(recipe, check_windows, held_out)
    total = sum(p.steps for p in recipe.phases)
    while run.step < total:
        index, first = run.phase_at(run.step)
        phase = recipe.phases[index]
        for network in (run.network, run.average):
            network.decoder.resize(phase.width, phase.height)
        loader = Loader(store, phase, recipe.seed, run.step, change)
        losses: list[tuple[float, float]] = []
        since = time.perf_counter()
        while run.step < first + phase.steps:
            rate = learning_rate(phase, run.step - first)
            losses.append(run.train_step(loader.next(), phase, rate))
            run.step += 1
            if run.step % check_every == 0 or run.step == first + phase.steps:
                spent = time.perf_counter() - since
                run.seconds += spent
                mean_loss, mean_iou = np.mean(losses, 0)
                scores = validate(run.average, kept, recipe, phase.width, phase.height)
                run.save()
                _log(folder / 'log.csv', {
                    'step': run.step, 'phase': index, 'seconds': run.seconds,
                    'images_per_second': len(losses) * phase.batch / spent,
                    'loss': float(mean_loss), 'iou': float(mean_iou), 'rate': rate, **scores})
                store.refresh()
                losses, since = [], time.perf_counter()
        loader.close()
