# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which source sample meets which target sample in stage 3.

CDTrans pairs pictures by their one class; pictures of many classes are paired here by how alike
their classes or features are (the paper does not give its rule). Each target goes to its nearest
source and each source to its nearest target, as there.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from eventsam_ros.events.types import Float32, Int64, UInt8

from ..distill.order import Order
from .batches import ClassMaker, Look, PairList, Shown
from .classes import IGNORE
from .objective import PairBatch
from .recipe import Alignment, Schedule

_BATCH = 16


def histogram(labels: UInt8, classes: int) -> Float32:
    """Return the share of each class among the pixels that count, float32 [C]; 0 without any."""
    counts = np.bincount(labels[labels != IGNORE], minlength=classes)[:classes]
    return np.asarray(counts / max(int(counts.sum()), 1), np.float32)


def overlap(one: Float32, other: Float32) -> Float32:
    """Return how much of histograms [N, C] and [M, C] is the same, float32 [N, M], 0 to 1."""
    return np.asarray(np.minimum(one[:, None], other[None]).sum(2), np.float32)


def cosine(one: Float32, other: Float32) -> Float32:
    """Return the cosine of vectors [N, C] and [M, C], float32 [N, M]."""
    a, b = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (one, other))
    return np.asarray(a @ b.T, np.float32)


def nearest_pairs(likeness: Float32, least: float) -> Int64:
    """Pair rows with columns: each column's best row, and each row's best column.

    Args:
        likeness: float32 [N, M], higher is nearer.
        least: Pairs below it are left out, unless none would be left.

    Returns:
        int64 [P, 2] of row and column; a pair that is best both ways is there twice, so that
        each sample stands for one.
    """
    rows, columns = likeness.shape
    pairs = np.concatenate([
        np.stack([likeness.argmax(0), np.arange(columns)], 1),
        np.stack([np.arange(rows), likeness.argmax(1)], 1)])
    kept = pairs[likeness[pairs[:, 0], pairs[:, 1]] >= least]
    return np.asarray(kept if len(kept) else pairs, np.int64)


def random_pairs(rows: int, columns: int, seed: int) -> Int64:
    """Pair every row and every column with a random partner, int64 [rows + columns, 2]."""
    rng = np.random.default_rng([seed, 11])
    return np.concatenate([
        np.stack([rng.integers(0, rows, columns), np.arange(columns)], 1),
        np.stack([np.arange(rows), rng.integers(0, columns, rows)], 1)]).astype(np.int64)


@torch.no_grad()
def pooled_features(
    network: nn.Module, store: PairList, look: Look, shown: Shown,
) -> Float32:
    """Return the mean of the last stage over each picture, float32 [N, C]."""
    backbone = network.get_submodule('backbone')
    device = next(network.parameters()).device
    found = []
    for first in range(0, len(store), _BATCH):
        pictures = np.stack([
            look.tensor(store[k], shown) for k in range(first, min(first + _BATCH, len(store)))])
        features = backbone(torch.from_numpy(pictures).to(device))[-1]
        found.append(features.mean((2, 3)).cpu().numpy())
    return np.asarray(np.concatenate(found), np.float32)


class PairMaker:
    """Makes batches of pairs of source and target."""

    def __init__(
        self, source: ClassMaker, target: ClassMaker, plan: Schedule, given: Alignment,
        seed: int, places: range,
    ) -> None:
        """Prepare; pairs are random until `restore` sets them.

        Args:
            source: Makes the source's part.
            target: Makes the target's part.
            plan: For the size of batches.
            given: For the rule.
            seed: Of the order.
            places: Of the batch that this process makes.
        """
        self._source, self._target, self._plan = source, target, plan
        self._given, self._seed, self._places = given, seed, places
        self.restore(torch.from_numpy(
            random_pairs(len(source.pairs), len(target.pairs), seed)))

    def restore(self, pairs: torch.Tensor) -> None:
        """Take these pairs from now on, int64 [P, 2] of source and target."""
        self._pairs = pairs.numpy()
        self._order = Order(self._seed, len(self._pairs), self._plan.batch)

    def renew(self, network: nn.Module) -> torch.Tensor:
        """Return pairs by the recipe's rule."""
        given, of = self._given, (self._source, self._target)
        if given.pairs == 'random':
            return torch.from_numpy(
                random_pairs(len(of[0].pairs), len(of[1].pairs), self._seed))
        if given.pairs == 'features':
            likeness = cosine(*(pooled_features(network, m.pairs, m.look, m.shown) for m in of))
        else:
            classes = int(network.get_parameter('decode_head.linear_pred.bias').shape[0])
            likeness = overlap(*(
                np.stack([histogram(m.classes_of(k), classes) for k in range(len(m.pairs))])
                for m in of))
        return torch.from_numpy(nearest_pairs(likeness, given.keep))

    def make(self, step: int) -> PairBatch:
        """Return the batch of a step, counted from 0."""
        chosen = [self._pairs[self._order.index(step, place)] for place in self._places]
        return PairBatch(
            self._source.take([int(pair[0]) for pair in chosen], step),
            self._target.take([int(pair[1]) for pair in chosen], step))
