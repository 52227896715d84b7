# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is compared on the test set: single paths, their fusion, stage 3, the upper bound."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..data.pairs import PairStore
from ..distill.checkpoints import LAST
from .batches import Look, Shown
from .classes import TABLES
from .pairs import labelled, open_set
from .pseudo import fused
from .recipe import CmessRecipe
from .run import load_network
from .score import Judge, Predictor, score_network
from .stages import CROSS, EVENTS, IMAGES, SUPERVISED, Place

FUSION = 'fusion'
ARMS = (IMAGES, EVENTS, FUSION, CROSS, SUPERVISED)
"""Source-only on reconstructed images; source-only on synthetic events; both fused as in stage 2;
stage 3; the supervised setting."""


def score_arms(
    recipe: CmessRecipe, place: Place, arms: Iterable[str],
) -> dict[str, dict[str, float]]:
    """Score what has been trained on the test set; what has not is left out.

    Args:
        recipe: For classes and fusion.
        place: Where.
        arms: Of ARMS, or other folders of networks of events.

    Returns:
        Arm -> figures, see score.Judge.

    Raises:
        RecipeError: The test set has not been written, or has no labels.
    """
    test = open_set(place.data, 'test')
    labelled(test, recipe.classes)
    look, table = Look.of(recipe), TABLES[recipe.classes]
    found = {}
    for arm in arms:
        needed = (IMAGES, EVENTS) if arm == FUSION else (arm,)
        if not all((place.run / stage / LAST).exists() for stage in needed):
            continue
        if arm == FUSION:
            found[arm] = _score_fusion(recipe, place, test, look)
            continue
        shown: Shown = 'images' if arm == IMAGES else 'events'
        network = load_network(place.run / arm / LAST)
        found[arm] = score_network(network, test, look, shown, table, recipe.absent)
    return found


def _score_fusion(
    recipe: CmessRecipe, place: Place, test: PairStore, look: Look,
) -> dict[str, float]:
    of_images = Predictor(place.network(IMAGES, finished=False), look, 'images')
    of_events = Predictor(place.network(EVENTS, finished=False), look, 'events')
    judge = Judge(TABLES[recipe.classes], recipe.absent)
    for k in range(len(test)):
        pair = test[k]
        both = fused(of_images(pair), of_events(pair), recipe.fusion)
        judge.add(pair.ids, np.asarray(both.argmax(0), np.uint8))
    return judge.scores()
