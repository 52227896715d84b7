# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The three stages, and the supervised setting beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data.pairs import PairStore
from ..distill.checkpoints import LAST
from ..distill.split import PairSet, held_out, sequence_of
from ..errors import RecipeError
from ..networks.segformer import SegFormer
from ..networks.segformer_weights import load_published
from .batches import ClassMaker, Look, Shown
from .classes import IGNORE, TABLES
from .objective import Aligned, PairBatch, Supervised, class_weights
from .pairing import PairMaker
from .pairs import labelled, open_set
from .pseudo import PseudoLabels
from .recipe import CmessRecipe, Schedule
from .run import Job, Trained, begun_with, load_network, said, train
from .score import score_network

IMAGES, EVENTS, LABELS, CROSS, SUPERVISED = 'images', 'events', 'pseudo', 'cross', 'supervised'
"""Folders of the stages in a run."""


@dataclass(frozen=True)
class Place:
    """Where things are.

    Attributes:
        data: Folder of the sets' pairs (pairs.write_sets).
        run: Folder of the stages.
        device: `auto`, `cpu` or `cuda`.
    """

    data: Path
    run: Path
    device: str = 'auto'

    def network(self, stage: str, finished: bool = True) -> SegFormer:
        """Return the trained network of a stage.

        Args:
            stage: Its folder.
            finished: Whether one that was interrupted will not do.

        Raises:
            RecipeError: It has not been trained, or not to its end.
        """
        path = self.run / stage / LAST
        if not path.exists():
            raise RecipeError(f'{path} is missing: run the stage before first')
        return load_network(path, finished=finished)


def places_of(batch: int) -> range:
    """Return the places of a batch that this process makes, as torchrun says."""
    world, rank = int(os.environ.get('WORLD_SIZE', '1')), int(os.environ.get('RANK', '0'))
    share = batch // world
    return range(rank * share, (rank + 1) * share)


def _parts(store: PairStore, share: float) -> tuple[PairSet, PairSet]:
    """Return what is trained on and what validates."""
    held = np.asarray([held_out(sequence_of(name), share) for name in store.names])
    if held.all() or not held.any():
        raise RecipeError(f'{store.folder} cannot be parted into training and validation: give '
                          'validation_share another value')
    places = np.stack([np.zeros(len(held), np.int64), np.arange(len(held))], 1)
    return PairSet((store,), places[~held]), PairSet((store,), places[held])


def _fresh(recipe: CmessRecipe) -> SegFormer:
    torch.manual_seed(recipe.seed)
    network = SegFormer(len(TABLES[recipe.classes]))
    if recipe.weights is not None:
        load_published(network, recipe.weights)
    return network


def _weights(recipe: CmessRecipe, source: PairSet) -> torch.Tensor:
    """Return the weights of the classes, by what the source's labels hold."""
    classes = len(TABLES[recipe.classes])
    counts = np.zeros(classes, np.int64)
    if recipe.balance:
        for k in range(len(source)):
            labels = source[k].ids
            counts += np.bincount(labels[labels != IGNORE], minlength=classes)
    return class_weights(torch.from_numpy(counts), recipe.balance)


def _examiner(
    recipe: CmessRecipe, held: PairSet, shown: Shown,
) -> Callable[[SegFormer], dict[str, float]]:
    def examine(network: SegFormer) -> dict[str, float]:
        found = score_network(
            network, held, Look.of(recipe), shown, TABLES[recipe.classes], recipe.absent)
        return {'miou': found['miou'], 'accuracy': found['accuracy']}
    return examine


def _said(recipe: CmessRecipe, plan: Schedule, **more: Any) -> dict[str, Any]:
    return said(
        plan=plan, seed=recipe.seed, classes=recipe.classes, look=Look.of(recipe),
        weights=recipe.weights, source=recipe.source, precision=recipe.precision,
        balance=recipe.balance, **more)


def _extra(recipe: CmessRecipe, shown: Shown = 'events') -> dict[str, Any]:
    """Return what a checkpoint says for `export`."""
    return {
        'shown': shown, 'table': recipe.classes, 'width': recipe.width, 'height': recipe.height,
        'representation': recipe.representation, 'mean': list(recipe.mean),
        'std': list(recipe.std), 'window_ms': recipe.served_ms, 'name': recipe.name}


def train_source(recipe: CmessRecipe, place: Place, shown: Shown) -> Trained:
    """Stage 1: train M_S on the source's pictures, or M_T' on its events, begun with M_S.

    Raises:
        RecipeError: The source has not been written, has no labels, or M_S is missing.
    """
    store = open_set(place.data, 'source')
    labelled(store, recipe.classes)
    training, held = _parts(store, recipe.validation_share)
    plan = recipe.images if shown == 'images' else recipe.events
    network = _fresh(recipe) if shown == 'images' else place.network(IMAGES)
    network.requires_grad_(True)
    maker = ClassMaker(
        training, Look.of(recipe), plan, shown, recipe.seed, places_of(plan.batch))
    stage = IMAGES if shown == 'images' else EVENTS
    return train(
        Job(f'stage 1, {shown}', plan, network, Supervised(network, _weights(recipe, training)),
            maker, _examiner(recipe, held, shown), _said(recipe, plan), recipe.seed,
            extra=_extra(recipe, shown)),
        place.run / stage, recipe.precision, place.device)


def label_target(recipe: CmessRecipe, place: Place) -> dict[str, Any]:
    """Stage 2: write the pseudo-labels of the target; return their summary.

    Raises:
        RecipeError: Stage 1 is missing, or the folder holds other labels.
    """
    target = open_set(place.data, 'target')
    images, events = place.network(IMAGES), place.network(EVENTS)
    depends = _said(recipe, recipe.events, fusion=recipe.fusion, images=recipe.images,
                    target=recipe.target)
    return PseudoLabels(place.run / LABELS).make(
        images, events, target, Look.of(recipe), recipe.fusion, depends)


def align(recipe: CmessRecipe, place: Place, stage: str = CROSS) -> Trained:
    """Stage 3: train one network on source and target, three streams of the same weights.

    Args:
        recipe: What to do.
        place: Where.
        stage: Name of the folder; other settings of `alignment` may stand beside each other.

    Raises:
        RecipeError: An earlier stage is missing.
    """
    source, target = open_set(place.data, 'source'), open_set(place.data, 'target')
    training, held = _parts(source, recipe.validation_share)
    pseudo = PseudoLabels(place.run / LABELS)
    if not pseudo.whole(target.names):
        raise RecipeError(f'{pseudo.folder} is not complete: run stage 2 first')
    given, plan = recipe.alignment, recipe.cross
    network = place.network(EVENTS) if given.start else _fresh(recipe)
    network.requires_grad_(True)
    look, places = Look.of(recipe), places_of(plan.batch)

    def labels(index: int) -> Any:
        return pseudo.read('labels', target.names[index])

    maker = PairMaker(
        ClassMaker(training, look, plan, given.shown, recipe.seed, places),
        ClassMaker(target, look, plan, 'events', recipe.seed + 1, places, labels),
        plan, given, recipe.seed, places)
    # pairs by class histograms never change; those by features do
    refresh = given.refresh if given.pairs == 'features' else plan.steps
    job: Job[PairBatch] = Job(
        f'stage 3, {stage}', plan, network, Aligned(network, given, _weights(recipe, training)),
        maker,
        _examiner(recipe, held, 'events'),
        _said(recipe, plan, alignment=given, fusion=recipe.fusion, target=recipe.target),
        recipe.seed, refresh, maker.renew, maker.restore,
        {**_extra(recipe), **begun_with(network, given.begun)})
    return train(job, place.run / stage, recipe.precision, place.device)


def train_supervised(recipe: CmessRecipe, place: Place) -> Trained:
    """Train on the target's own labels: the supervised setting, and an upper bound for the rest.

    Begins with M_T' where there is one and `alignment.start` says so.

    Raises:
        RecipeError: The target has no labels.
    """
    target = open_set(place.data, 'target')
    labelled(target, recipe.classes)
    training, held = _parts(open_set(place.data, 'source'), recipe.validation_share)
    begun = recipe.alignment.start and (place.run / EVENTS / LAST).exists()
    network = place.network(EVENTS) if begun else _fresh(recipe)
    network.requires_grad_(True)
    plan = recipe.supervised
    maker = ClassMaker(
        target, Look.of(recipe), plan, 'events', recipe.seed + 1, places_of(plan.batch))
    return train(
        Job('supervised', plan, network, Supervised(network, _weights(recipe, training)), maker,
            _examiner(recipe, held, 'events'),
            _said(recipe, plan, target=recipe.target, begun=begun), recipe.seed,
            extra=_extra(recipe)),
        place.run / SUPERVISED, recipe.precision, place.device)
