# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Batches made ahead in threads; step k gives the same batch in every run.

What a pair becomes is drawn from the seed, the step and its place in the batch, so that it does
not matter how many processes share a batch, nor when a run was interrupted.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import Bool, Float32, Int64, UInt8

from ..data.pairs import Pair, event_augment, views
from ..data.prompts import SLOTS, Prompts, draw
from .cache import WEIGHTINGS, TeacherCache
from .questions import CELL, sampled_points
from .recipe import DistillRecipe
from .schedule import mixed_share
from .split import PairSet

PATCH = 16
"""Side of a token, input pixels."""
Made = TypeVar('Made')
Made_co = TypeVar('Made_co', covariant=True)
_AHEAD = 4
"""Batches that may wait."""


@dataclass
class Batch:
    """B pairs with P prompts each; what the recipe does not need is None.

    Attributes:
        pictures: Event pictures, uint8 [B, H, W, 3].
        inside: Low-resolution pixels with content, bool [B, 1, H / 4, W / 4].
        valid: Tokens with content, bool [B, 1, h, w].
        contents: Columns and rows that are not padding, int64 [B, 2].
        frames: RGB, uint8 [B, H, W, 3].
        embedding: The teacher's, float16 [B, 256, h, w].
        taps: The teacher's, float16 [B, T, C, h, w].
        weights: Token weights, float16 [B, T, h, w].
        mixed: Tokens that are the teacher's, bool [B, h, w].
        points: To ask teacher and student about, x and y in input pixels, float32 [B, P, 2].
        coords: Of the prompts with labels, float32 [B * P, SLOTS, 2]; likewise the following.
        labels: float32 [B * P, SLOTS].
        masks: float32 [B * P, 1, H / 4, W / 4].
        has_mask: float32 [B * P].
        target: float32 [B * P, H / 4, W / 4], share of each cell that is object.
        is_object: bool [B * P].
        known: bool [B * P], false where the pair has no labels.
    """

    pictures: Tensor
    inside: Tensor
    valid: Tensor
    contents: Tensor
    frames: Tensor | None = None
    embedding: Tensor | None = None
    taps: Tensor | None = None
    weights: Tensor | None = None
    mixed: Tensor | None = None
    points: Tensor | None = None
    coords: Tensor | None = None
    labels: Tensor | None = None
    masks: Tensor | None = None
    has_mask: Tensor | None = None
    target: Tensor | None = None
    is_object: Tensor | None = None
    known: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        if device.type == 'cpu':
            return self
        moved: dict[str, Any] = {
            f.name: None if (t := getattr(self, f.name)) is None
            else t.pin_memory().to(device, non_blocking=True) for f in fields(self)}
        return Batch(**moved)


def content_cells(content: tuple[int, int], height: int, width: int, side: int) -> Bool:
    """Return which cells of a side show content, bool [1, height / side, width / side]."""
    columns, rows = (-(-n // side) for n in content)
    found = np.zeros((1, height // side, width // side), np.bool_)
    found[:, :rows, :columns] = True
    return found


def busy_cells(picture: UInt8, representation: str, content: tuple[int, int]) -> Bool:
    """Return the tokens with events, bool [h, w].

    The level of "no event" is NO_EVENT, or the median of the content in representations where it
    moves.
    """
    columns, rows = content
    height, width = picture.shape[0], picture.shape[1]
    quiet = np.full(3, NO_EVENT, np.float64)
    if representation != 'robust':
        quiet = np.median(picture[:rows, :columns].reshape(-1, 3), 0)
    changed = picture != quiet.astype(np.uint8)
    changed[rows:], changed[:, columns:] = False, False
    # the channels of a row of a cell lie side by side: one reduction for both
    cells = changed.reshape(height // PATCH, PATCH, width // PATCH, 3 * PATCH)
    return np.asarray(cells.any((1, 3)), np.bool_)


def shares(masks: Bool) -> Float32:
    """Return the share of each 4x4 cell that is mask, float32 [N, h / 4, w / 4]."""
    height, width = masks.shape[1:]
    size = (width // CELL, height // CELL)
    return np.stack([
        np.asarray(cv2.resize(m, size, interpolation=cv2.INTER_AREA), np.float32)
        for m in masks.astype(np.float32)])


def _asked(pair: Pair, count: int, rng: np.random.Generator) -> tuple[Prompts, bool]:
    """Return prompts with labels, and whether there were labels to draw them from."""
    if pair.labelled and pair.ids.any():
        return draw(pair.ids, count, rng), True
    height, width = pair.ids.shape
    low = (height // CELL, width // CELL)
    empty = Prompts(
        np.zeros((count, SLOTS, 2), np.float32), np.full((count, SLOTS), -1, np.float32),
        np.zeros((count, 1, *low), np.float32), np.zeros(count, np.float32),
        np.zeros((count, height, width), np.bool_), np.zeros(count, np.bool_))
    return empty, False


class BatchMaker:
    """Makes the share of any step's batch that one process takes."""

    def __init__(
        self, recipe: DistillRecipe, pairs: PairSet, cache: TeacherCache | None, rank: int = 0,
        world: int = 1,
    ) -> None:
        """Prepare.

        Args:
            recipe: What is needed.
            pairs: To train on.
            cache: Filled; None where the teacher looks at each batch itself.
            rank: This process.
            world: Number of processes, a divisor of the recipe's batch.
        """
        self._recipe, self._pairs, self._cache = recipe, pairs, cache
        share = recipe.batch // world
        self._places = range(rank * share, (rank + 1) * share)
        self._orders: dict[int, Int64] = {}

    def _index(self, step: int, place: int) -> int:
        """Return the pair at a place of a step's batch; each epoch is a new shuffle."""
        epoch, position = divmod(step * self._recipe.batch + place, len(self._pairs))
        order = self._orders.get(epoch)
        if order is None:
            rng = np.random.default_rng([self._recipe.seed, epoch, 0])
            order = rng.permutation(len(self._pairs)).astype(np.int64)
            self._orders = {**dict(list(self._orders.items())[-2:]), epoch: order}
        return int(order[position])

    def _one(self, step: int, place: int) -> dict[str, Any]:
        recipe, loss = self._recipe, self._recipe.loss
        index = self._index(step, place)
        rng = np.random.default_rng([recipe.seed, step, place, 1])
        version = int(rng.integers(recipe.views))
        pair = views(self._pairs[index], version)
        height, width = pair.ids.shape
        busy = np.zeros((0, 0), np.bool_)
        if loss.mixing or loss.prompts:
            busy = busy_cells(pair.picture, self._pairs.settings.representation, pair.content)
        picture = event_augment(pair.picture, rng) if recipe.augment else pair.picture
        made: dict[str, Any] = {
            'pictures': picture, 'inside': content_cells(pair.content, height, width, CELL),
            'valid': content_cells(pair.content, height, width, PATCH),
            'contents': np.asarray(pair.content, np.int64)}
        if self._cache is None or loss.mixing:
            made['frames'] = pair.frame
        if self._cache is not None:
            store, row = self._pairs.place(index)
            taught = self._cache.read(self._pairs.stores[store], row, version)
            made['embedding'] = taught.embedding
            if loss.tokens:
                made['taps'] = taught.taps
                if loss.weighting != 'none':
                    made['weights'] = taught.weights[WEIGHTINGS.index(loss.weighting)]
        if loss.mixing:
            made['mixed'] = busy & (rng.random(busy.shape) < mixed_share(recipe, step))
        if loss.prompts:
            made['points'] = sampled_points(pair, busy, recipe.prompts, rng)
        if loss.masks:
            drawn, known = _asked(pair, recipe.prompts, rng)
            made |= {n: getattr(drawn, n)
                     for n in ('coords', 'labels', 'masks', 'has_mask', 'is_object')}
            made['target'] = shares(drawn.target)
            made['known'] = np.full(recipe.prompts, known)
        return made

    def make(self, step: int) -> Batch:
        """Return this process's share of the batch of a step, counted from 0."""
        rows = [self._one(step, place) for place in self._places]
        joined = {}
        flat = {'coords', 'labels', 'masks', 'has_mask', 'target', 'is_object', 'known'}
        for name in rows[0]:
            join: Any = np.concatenate if name in flat else np.stack
            joined[name] = torch.from_numpy(join([row[name] for row in rows]))
        return Batch(**joined)


class Maker(Protocol[Made_co]):
    """What makes the batch of a step."""

    def make(self, step: int) -> Made_co:
        """Return the batch of a step, counted from 0; called in threads."""


class Loader(Generic[Made]):
    """Batches from a step onwards, made ahead."""

    def __init__(self, maker: Maker[Made], first: int, last: int, workers: int) -> None:
        """Start making the batches of steps first to last - 1; close() ends the threads."""
        self._maker, self._next, self._last = maker, first, last
        self._pool = ThreadPoolExecutor(workers, 'batches')
        self._waiting: deque[Future[Made]] = deque()
        for _ in range(max(_AHEAD, 2 * workers)):
            self._submit()

    def _submit(self) -> None:
        if self._next < self._last:
            self._waiting.append(self._pool.submit(self._maker.make, self._next))
            self._next += 1

    def next(self) -> Made:
        """Return the next batch; what went wrong in a thread is raised here."""
        batch = self._waiting.popleft().result()
        self._submit()
        return batch

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)
