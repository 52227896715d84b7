# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Contact sheets of the test set: what the networks see, what they say, what is."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

from ..distill.checkpoints import LAST
from ..distill.split import evenly
from .batches import Look, coloured, write_sheet
from .classes import TABLES
from .pairs import open_set
from .pseudo import fused
from .recipe import CmessRecipe
from .run import load_network
from .score import Predictor
from .stages import CROSS, EVENTS, IMAGES, SUPERVISED, Place

_ROWS = 8
_SCALE = 2


def write_sheets(recipe: CmessRecipe, place: Place) -> None:
    """Write pictures/test.png of a run.

    Columns: event picture, reconstruction, source only on it, source only on events, fusion, stage
    3, supervised, truth; what has not been trained is left out.
    """
    test, look = open_set(place.data, 'test'), Look.of(recipe)
    colours = TABLES[recipe.classes].colours
    predict = {
        stage: Predictor(load_network(place.run / stage / LAST), look,
                         'images' if stage == IMAGES else 'events')
        for stage in (IMAGES, EVENTS, CROSS, SUPERVISED)
        if (place.run / stage / LAST).exists()}
    rows = []
    for k in evenly(len(test), _ROWS).tolist():
        pair = test[k]
        logits = {stage: one(pair) for stage, one in predict.items()}
        classes = [logits[s].argmax(0) for s in (IMAGES, EVENTS) if s in logits]
        if len(classes) == 2:
            classes.append(fused(logits[IMAGES], logits[EVENTS], recipe.fusion).argmax(0))
        classes += [logits[s].argmax(0) for s in (CROSS, SUPERVISED) if s in logits]
        shown = [pair.picture, pair.frame,
                 *(coloured(c.astype(np.uint8), colours) for c in classes),
                 coloured(pair.ids, colours)]
        rows.append([_grown(one) for one in shown])
    write_sheet(place.run / 'pictures' / 'test.png', rows)


def _grown(picture: UInt8) -> UInt8:
    return np.asarray(cv2.resize(
        picture, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
