# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class maps of a network, and how good they are with both pictures and with one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from eventsam_ros.evaluation.metrics.semantic import (
    Absent,
    SemanticScores,
    confusion_matrix,
    semantic_scores,
)
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.letterbox import Letterbox

from .batches import Batch, sized, stacked
from .network import RgbtNetwork
from .objective import Objective
from .pictures import PairPictures

Shown = Literal['both', 'rgb', 'thermal']
"""What is shown to the network."""
PRESENT: dict[Shown, tuple[int, int]] = {'both': (1, 1), 'rgb': (1, 0), 'thermal': (0, 1)}
_BATCH = 8


def fitted_batch(
    pairs: PairPictures, which: range, width: int, height: int, shown: Shown,
) -> tuple[Batch, Letterbox]:
    """Return whole pairs as the vehicle's input: scaled to fit, content at the top left."""
    rows, columns = pairs.labels.shape[1:]
    letterbox = Letterbox(columns, rows, width, height)
    placed = [
        sized((pairs.rgb[k], pairs.thermal[k], pairs.labels[k]), letterbox.content,
              (height, width)) for k in which]
    return stacked(placed, [PRESENT[shown]] * len(placed)), letterbox


def classes_of(logits: Tensor, letterbox: Letterbox) -> UInt8:
    """Return class maps uint8 [B, H, W] in the camera's pixels of logits at stride 4."""
    columns, rows = letterbox.cells
    full = F.interpolate(logits[..., :rows, :columns], (letterbox.height, letterbox.width),
                         mode='bilinear', align_corners=False)
    return np.asarray(full.argmax(1).to(torch.uint8).cpu().numpy(), np.uint8)


@torch.no_grad()
def class_maps(
    network: RgbtNetwork, objective: Objective, pairs: PairPictures, shown: Shown,
) -> Iterator[tuple[int, UInt8]]:
    """Yield the index of each pair and its class map, uint8 [H, W].

    Args:
        network: In evaluation mode; may be an average of the objective's.
        objective: For the normalisation and the size of the input.
        pairs: To look at.
        shown: Which pictures.
    """
    recipe = objective.recipe
    device = objective.get_buffer('rgb_mean').device
    for first in range(0, len(pairs), _BATCH):
        which = range(first, min(first + _BATCH, len(pairs)))
        batch, letterbox = fitted_batch(pairs, which, recipe.width, recipe.height, shown)
        maps = classes_of(network(*objective.inputs(batch.to(device))), letterbox)
        yield from zip(which, maps, strict=True)


def score(
    network: RgbtNetwork, objective: Objective, pairs: PairPictures, shown: Shown = 'both',
    absent: Absent = 'skip',
) -> SemanticScores:
    """Return the scores over a whole set, from one confusion matrix."""
    count = len(pairs.classes)
    confusion = np.zeros((count, count + 1), np.int64)
    for k, found in class_maps(network, objective, pairs, shown):
        confusion += confusion_matrix(pairs.labels[k], found, count, pairs.classes.ignore)
    return semantic_scores(confusion, absent)


def sights(network: RgbtNetwork) -> tuple[Shown, ...]:
    """Return what a network can be shown."""
    return ('both', 'rgb', 'thermal') if network.modalities == 'both' else (network.modalities,)
