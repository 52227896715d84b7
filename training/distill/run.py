# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One run: its networks, optimiser and average, the data they learn from, and its checkpoints."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from lightning_fabric import Fabric
import numpy as np
import torch
from torch import Tensor, nn

from eventsam_ros.events.types import UInt8

from ..errors import RecipeError
from ..teachers.teacher import Teacher, load_teacher
from .batches import Batch
from .cache import WEIGHTINGS, TeacherCache, look, patch_tokens
from .checkpoints import BEST, LAST, read_checkpoint, refuse_another, write_checkpoint
from .descent import check_batch, descend, groups, seed_step
from .examine import Example, examine
from .objective import COUNTS, Objective
from .pictures import contact_sheet
from .processes import make_fabric
from .questions import style_of
from .recipe import DistillRecipe
from .schedule import Average, learning_rate
from .split import evenly, split
from .students import as_plain, build_networks, checkpoint

_FREE = ('name', 'cache', 'workers', 'pictures', 'test')
"""Keys that may change in a run that has begun."""


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
        check_batch(recipe.batch, self.world)
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
        optimiser = torch.optim.AdamW(
            groups(networks.parameters(), recipe.weight_decay), lr=recipe.rate, fused=True)
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
        state = read_checkpoint(self.folder / LAST, self.fabric.device)
        if state is None:
            return
        refuse_another(
            self.folder, state['recipe'], as_plain(asdict(self.recipe)), _FREE)
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
            write_checkpoint(self.folder / BEST, checkpoint(
                self.average.network, self.recipe, self.teacher, settings.representation,
                self.step, scores))
        write_checkpoint(self.folder / LAST, {
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
        seed_step(self.recipe.seed, self.step, self.rank)
        for group in self.optimiser.param_groups:
            group['lr'] = learning_rate(self.recipe, self.step)
        self.networks.train()
        loss, parts = self.objective(batch, self._counts(batch), patches)
        descend(self.fabric, self.objective, self.optimiser, loss, self.recipe.clip)
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

    def draw(self, examples: list[Example]) -> UInt8:
        """Return a contact sheet of the first of the examples."""
        shown = evenly(len(examples), self.recipe.pictures)
        return contact_sheet(
            self.average.network, self.teacher.decoder, [examples[k] for k in shown], self.style,
            self.objective.mean, self.objective.std)
