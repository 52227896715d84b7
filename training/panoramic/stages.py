# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The stages: assistant on pinhole pictures, masks, assistant on panoramas, fusion, student."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eventsam_ros.events.types import Int64

from ..distill.split import evenly, held_out
from ..distill.students import as_plain
from ..errors import RecipeError
from ..networks.segformer import SIZES, SegFormer
from ..networks.segformer_weights import load_published
from ..semantic.classes import IGNORE
from ..semantic.objective import Supervised, class_weights
from ..semantic.recipe import Schedule
from ..semantic.run import Job, Trained, said, train
from ..semantic.score import Judge
from ..semantic.stages import places_of
from .batches import PanoramaBatch, PanoramaMaker, SourceMaker, WindowBatch, WindowMaker
from .mask_cache import MaskCache
from .masks import open_masks
from .objective import Adapting, Learning
from .pictures import TABLES, Panoramas, SourcePictures
from .place import SOURCE, STUDENT, STUDENT_SOURCE, Place, adapted, told_by
from .predict import Whole, Windowed, windows_of
from .recipe import PanoramicRecipe, SizeName
from .targets import Targets, Telling
from .windows import View, Windows

KIND = 'eventsam_ros panoramic'
"""What a checkpoint of this module says that it is."""
_CHECKED = 8
"""Panoramas that a check compares with what they were taught."""


def _fresh(recipe: PanoramicRecipe, size: SizeName, weights: Path | None) -> SegFormer:
    torch.manual_seed(recipe.seed)
    network = SegFormer(len(TABLES[recipe.classes]), SIZES[size])
    if weights is not None:
        load_published(network, weights)
    return network


def panoramas_of(recipe: PanoramicRecipe) -> Panoramas:
    """Return the panoramas without labels."""
    return Panoramas(recipe.data.panoramas, (recipe.width, recipe.height))


def _said(recipe: PanoramicRecipe, plan: Schedule, **more: Any) -> dict[str, Any]:
    return said(plan=plan, seed=recipe.seed, classes=recipe.classes, mean=recipe.mean,
                std=recipe.std, precision=recipe.precision, **more)


def _panoramic(recipe: PanoramicRecipe) -> dict[str, Any]:
    """Return what all of the stages on panoramas depend on."""
    return {'size': (recipe.width, recipe.height),
            'panoramas': as_plain(asdict(recipe.data.panoramas)),
            'windows': [as_plain(asdict(f)) for f in recipe.windows], 'wrap': recipe.wrap}


def _extra(recipe: PanoramicRecipe, size: SizeName) -> dict[str, Any]:
    """Return what a checkpoint says for `export`."""
    return {'kind': KIND, 'size': size, 'table': recipe.classes, 'width': recipe.width,
            'height': recipe.height, 'wrap': recipe.wrap_padding, 'name': recipe.name,
            'mean': list(recipe.mean), 'std': list(recipe.std)}


def train_on_source(recipe: PanoramicRecipe, place: Place, stage: str = SOURCE) -> Trained:
    """Train the assistant, or the student's beginning, on labelled pinhole pictures.

    Args:
        recipe: What to do.
        place: Where.
        stage: SOURCE or STUDENT_SOURCE.

    Raises:
        RecipeError: The pictures are missing.
    """
    of = recipe.assistant if stage == SOURCE else recipe.student
    pictures = SourcePictures(recipe.data.source, recipe.classes)
    held = np.asarray([held_out(name, recipe.validation_share) for name in pictures.names])
    if held.all() or not held.any():
        raise RecipeError(f'{recipe.data.source.path} cannot be parted into training and '
                          'validation: give validation_share another value')
    training, kept = np.flatnonzero(~held).tolist(), np.flatnonzero(held).tolist()
    network = _fresh(recipe, of.size, of.weights)
    classes = len(TABLES[recipe.classes])
    counts: Int64 = np.zeros(classes, np.int64)
    for k in training if recipe.balance else ():
        labels = pictures[k][1]
        counts += np.bincount(labels[labels != IGNORE], minlength=classes)

    def examine(average: SegFormer) -> dict[str, float]:
        judge = Judge(TABLES[recipe.classes], recipe.absent)
        for k in kept:
            picture, truth = pictures[k]
            rows, columns = truth.shape
            view = _plain(columns, rows)
            found = Windowed(average, view, 'flat', recipe.mean, recipe.std)(picture)
            judge.add(truth, found)
        scores = judge.scores()
        return {'miou': scores['miou'], 'accuracy': scores['accuracy']}
    return train(
        Job(f'{stage}, pinhole pictures', of.source, network,
            Supervised(network, class_weights(torch.from_numpy(counts), recipe.balance)),
            SourceMaker(pictures, training, recipe, of.source, places_of(of.source.batch)),
            examine, _said(
                recipe, of.source, source=recipe.data.source, balance=recipe.balance,
                network=of.size, weights=of.weights, pictures=pictures.description()),
            recipe.seed, extra=_extra(recipe, of.size)),
        place.stage(stage), recipe.precision, place.device)


def mask_cache(recipe: PanoramicRecipe, folder: Path) -> MaskCache:
    """Return the masks of a recipe's windows, and of its overlaps where they are looked at."""
    windows = windows_of(recipe)
    overlaps = [o.view for o in windows.overlaps] if recipe.masks.boundary == 'overlap' else []
    return MaskCache(folder, [*windows.views, *overlaps])


def make_masks(recipe: PanoramicRecipe, place: Place) -> None:
    """Make the masks of all panoramas; they belong to the data, not to a seed.

    Raises:
        RecipeError: Panoramas or what gives masks are missing, or masks are there of others.
    """
    given = recipe.data.panoramas
    mask_cache(recipe, place.masks).fill(
        open_masks(recipe.masks), panoramas_of(recipe),
        {'size': [recipe.width, recipe.height], 'boundary': recipe.masks.boundary,
         # names alone do not tell one set from another; more of the same set may come
         'panoramas': [str(given.path), given.layout, given.split]})


def tell(recipe: PanoramicRecipe, place: Place, number: int) -> dict[str, Any]:
    """Fuse masks with the assistant after so many rounds; return the summary.

    Raises:
        RecipeError: Assistant or masks are missing.
    """
    network, windows = place.network(adapted(number)), windows_of(recipe)
    targets = Targets(place.run / told_by(number), windows)
    depends = _said(
        recipe, recipe.assistant.source, fusion=recipe.fusion, masks=recipe.masks,
        radius=recipe.radius, taper=recipe.taper, assistant=recipe.assistant, number=number,
        **_panoramic(recipe))
    return targets.make(
        Windowed(network, windows, recipe.taper, recipe.mean, recipe.std), panoramas_of(recipe),
        mask_cache(recipe, place.masks),
        Telling(recipe.fusion, recipe.masks, recipe.radius, recipe.taper), depends)


def _agreement(
    predict: Callable[[SegFormer], Callable[[Any], Any]], panoramas: Panoramas, targets: Targets,
) -> Callable[[SegFormer], dict[str, float]]:
    """Return a check without labels: how often a network says what the assistant said before."""
    def examine(network: SegFormer) -> dict[str, float]:
        say, shares = predict(network), []
        for k in evenly(len(panoramas), _CHECKED).tolist():
            told = targets.read(panoramas.names[k])
            shares.append(float(np.mean(say(panoramas[k].picture) == told.labels)))
        return {'agreement': float(np.mean(shares))}
    return examine


def _told(recipe: PanoramicRecipe, place: Place, number: int, panoramas: Panoramas) -> Targets:
    targets = Targets(place.run / told_by(number), windows_of(recipe))
    if not targets.whole(panoramas.names):
        raise RecipeError(f'{targets.folder} is not complete: run the stage adapt first')
    return targets


def adapt(recipe: PanoramicRecipe, place: Place) -> dict[str, Any]:
    """Train the assistant on panoramas, round by round; return the last summary of `tell`.

    Raises:
        RecipeError: Assistant or masks are missing.
    """
    panoramas, given = panoramas_of(recipe), recipe.assistant
    windows = windows_of(recipe)
    for number in range(given.rounds):
        tell(recipe, place, number)
        targets = _told(recipe, place, number, panoramas)
        network = place.network(adapted(number))
        network.requires_grad_(True)

        def windowed(average: SegFormer) -> Windowed:
            return Windowed(average, windows, recipe.taper, recipe.mean, recipe.std)
        job: Job[WindowBatch] = Job(
            f'{adapted(number + 1)}, panoramas', given.adapt, network,
            Adapting(network, given.losses),
            WindowMaker(panoramas, targets, recipe, places_of(given.adapt.batch)),
            _agreement(windowed, panoramas, targets),
            _said(recipe, given.adapt, assistant=given, fusion=recipe.fusion, masks=recipe.masks,
                  number=number, **_panoramic(recipe)),
            recipe.seed, extra=_extra(recipe, given.size))
        train(job, place.run / adapted(number + 1), recipe.precision, place.device)
    return tell(recipe, place, given.rounds)


def train_student(recipe: PanoramicRecipe, place: Place, stage: str = STUDENT) -> Trained:
    """Train the student on whole panoramas, from what the assistant and fusion told.

    Args:
        recipe: What to do.
        place: Where.
        stage: Name of the folder; other losses may stand beside each other.

    Raises:
        RecipeError: An earlier stage is missing.
    """
    panoramas, given = panoramas_of(recipe), recipe.student
    targets = _told(recipe, place, recipe.assistant.rounds, panoramas)
    network = (place.network(STUDENT_SOURCE) if given.start == 'source'
               else _fresh(recipe, given.size, given.weights))
    network.requires_grad_(True)
    classes = len(TABLES[recipe.classes])
    job: Job[PanoramaBatch] = Job(
        stage, given.plan, network,
        Learning(network, given.losses, recipe.wrap_padding, recipe.wrap),
        PanoramaMaker(panoramas, targets, recipe, classes, places_of(given.plan.batch)),
        _agreement(lambda average: Whole(average, recipe), panoramas, targets),
        _said(recipe, given.plan, student=given, assistant=recipe.assistant,
              fusion=recipe.fusion, masks=recipe.masks, radius=recipe.radius,
              taper=recipe.taper, padding=recipe.wrap_padding, **_panoramic(recipe)),
        recipe.seed, extra=_extra(recipe, given.size))
    return train(job, place.run / stage, recipe.precision, place.device)


def _plain(width: int, height: int) -> Windows:
    """Return one window that is the whole of a pinhole picture."""
    return Windows(width, height, (View(0, 0, height, width),), ())
