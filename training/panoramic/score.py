# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What trained networks are worth on labelled panoramas: classes, the seam, turns, latitudes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.metrics.panoramic import (
    BAND_EDGES,
    INSIDE,
    SEAM,
    band_confusions,
    neighbour_counts,
)
from eventsam_ros.evaluation.metrics.semantic import semantic_scores
from eventsam_ros.events.types import Int64, UInt8
from eventsam_ros.inference.class_maps import best_classes

from ..data.pair import resized_frame
from ..errors import RecipeError
from ..semantic.score import Judge
from .pictures import TABLES
from .place import SOURCE, STUDENT, STUDENT_SOURCE, Place, adapted
from .predict import Whole, Windowed, windows_of
from .recipe import PanoramicRecipe

FIGURES = ('miou', 'accuracy', 'seam', 'inside', 'turned')
"""mIoU and pixel accuracy; of neighbours of one true class, those that are told two, over the
edges and inside; pixels whose class changes when the panorama is turned."""
BANDS = tuple(f'{low} to {high}' for low, high in pairwise(BAND_EDGES))
"""mIoU by latitude, degrees; NaN where the panoramas do not reach."""
TURN = 0.4375
"""How far panoramas are turned, of the whole circle: between the steps of most windows."""
Say = Callable[[UInt8], UInt8]


def samples(recipe: PanoramicRecipe) -> Iterator[tuple[str, UInt8, UInt8]]:
    """Read name, picture and classes of the labelled panoramas.

    Raises:
        RecipeError: They cannot be read.
    """
    test = recipe.data.test
    try:
        dataset = open_dataset(test.path, test.format or None, **test.options)
        if dataset.classes != TABLES[recipe.classes]:
            raise RecipeError(f'{test.path} has other classes than {recipe.classes}')
        for sequence in dataset.sequences:
            for sample in sequence.samples():
                if sample.image is not None and sample.labels is not None:
                    yield sample.name, sample.image, np.asarray(sample.labels, np.uint8)
    except DatasetError as error:
        raise RecipeError(str(error)) from error


def spoken(recipe: PanoramicRecipe, place: Place, stage: str) -> Say:
    """Return what says the classes of panoramas of any size, as a stage is meant to be used.

    Raises:
        RecipeError: The stage has not been trained.
    """
    network = place.network(stage, finished=False)
    if not stage.startswith(SOURCE):
        return Whole(network, recipe)
    windowed = Windowed(
        network, windows_of(recipe), recipe.taper, recipe.mean, recipe.std)

    def say(picture: UInt8) -> UInt8:
        shares = windowed.shares(resized_frame(picture, (recipe.width, recipe.height)))
        return best_classes(shares, picture.shape[1], picture.shape[0])
    return say


def score_stage(recipe: PanoramicRecipe, place: Place, stage: str) -> dict[str, float]:
    """Return FIGURES, BANDS and IoU of every class of a trained stage.

    Raises:
        RecipeError: It has not been trained, or the test cannot be read.
    """
    say, table = spoken(recipe, place, stage), TABLES[recipe.classes]
    judge = Judge(table, recipe.absent)
    bands: Int64 = np.zeros((len(BANDS), len(table), len(table) + 1), np.int64)
    neighbours: Int64 = np.zeros((2, 2), np.int64)
    turns = []
    for _, picture, truth in samples(recipe):
        found = say(picture)
        judge.add(truth, found)
        bands += band_confusions(truth, found, len(table), table.ignore)
        neighbours += neighbour_counts(truth, found, table.ignore)
        columns = round(TURN * picture.shape[1])
        turned = np.roll(say(np.roll(picture, columns, 1)), -columns, 1)
        turns.append(float(np.mean(turned != found)))
    scores, differ = judge.scores(), 1 - neighbours[:, 0] / np.maximum(neighbours[:, 1], 1)
    return {
        'miou': scores.pop('miou'), 'accuracy': scores.pop('accuracy'),
        'seam': float(differ[SEAM]), 'inside': float(differ[INSIDE]),
        'turned': float(np.mean(turns)),
        **{name: semantic_scores(one, recipe.absent).miou
           for name, one in zip(BANDS, bands, strict=True)}, **scores}


def score_stages(recipe: PanoramicRecipe, place: Place) -> dict[str, dict[str, float]]:
    """Score all of a run that has been trained, stage by stage.

    Raises:
        RecipeError: The test cannot be read.
    """
    stages = [SOURCE, *(adapted(k) for k in range(1, recipe.assistant.rounds + 1)),
              STUDENT_SOURCE, STUDENT]
    return {stage: score_stage(recipe, place, stage) for stage in stages
            if (place.stage(stage) / 'last.pt').exists()}
