# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Click and box IoU of a network on held-out simulated windows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.priors import box_logits

from .data.prompts import SLOTS, inner_point, loose_box
from .data.windows import training_windows
from .errors import RecipeError
from .losses.prompt import iou
from .networks.encoder import normalise
from .networks.promptable import PromptableSegmenter
from .recipe import Recipe
from .teachers.frames import Frames

VALIDATION_SEED = 900_000_000
"""Scene seeds from here on are for validation; tests use other seeds again."""


def validation_set(
    recipe: Recipe, count: int, held_out: Path | None = None,
) -> list[tuple[UInt8, UInt8]]:
    """Return pictures and ids that training never sees.

    Args:
        recipe: Says what the network looks at.
        count: How many.
        held_out: For frames: a folder of pairs, of which evenly spread ones are taken. Event
            pictures are those of procedural scenes.

    Raises:
        RecipeError: Frames without a folder of them, or of one without labels.
    """
    if recipe.picture == 'frame':
        if held_out is None:
            raise RecipeError('a network of frames is validated on held-out pairs: say where')
        frames = Frames(held_out)
        chosen = np.linspace(0, len(frames) - 1, min(count, len(frames))).astype(int)
        found = [frames[int(k)] for k in chosen]
        if not any(ids.any() for _, ids in found):
            raise RecipeError(f'{held_out} has no labelled pairs to validate on')
        return found
    pairs: list[tuple[UInt8, UInt8]] = []
    seed = VALIDATION_SEED
    while len(pairs) < count:
        pairs += training_windows(
            seed, recipe.width, recipe.height, None, 1, recipe.representation)
        seed += 1
    return pairs[:count]


@torch.no_grad()
def validate(
    network: PromptableSegmenter, pairs: list[tuple[UInt8, UInt8]], recipe: Recipe,
    width: int, height: int,
) -> dict[str, float]:
    """Return mean IoU over objects for single clicks and for exact boxes.

    Clicks are at the point farthest from the object's border; the first output counts, as in the
    exported bundle. `click_best` and `box_best` count the best of the four.

    Args:
        network: In evaluation mode afterwards.
        pairs: Pictures and ids at the recipe's size.
        recipe: Normalisation and stored size.
        width: Columns of the network's input.
        height: Rows of the network's input.
    """
    network.eval()
    found: dict[str, list[float]] = {
        'click': [], 'box': [], 'click_best': [], 'box_best': [], 'score_error': []}
    for stored, stored_ids in pairs:
        picture = cv2.resize(stored, (width, height), interpolation=cv2.INTER_AREA)
        ids = cv2.resize(stored_ids, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        present = [i for i in np.unique(ids) if i]
        if not present:
            continue
        masks = [ids == i for i in present]
        coords = torch.zeros(2 * len(masks), SLOTS, 2)
        labels = torch.full((2 * len(masks), SLOTS), -1.0)
        priors = torch.zeros(2 * len(masks), 1, height // 4, width // 4)
        has_prior = torch.zeros(2 * len(masks))
        for k, mask in enumerate(masks):
            coords[2 * k, 0], labels[2 * k, 0] = torch.tensor(inner_point(mask)), 1
            box = loose_box(mask, None)
            coords[2 * k + 1, :2] = torch.tensor(box).reshape(2, 2)
            labels[2 * k + 1, :2] = torch.tensor([2.0, 3.0])
            priors[2 * k + 1, 0] = torch.from_numpy(box_logits(box, width // 4, height // 4, 4))
            has_prior[2 * k + 1] = 1
        embedding = network.encoder(
            normalise(torch.from_numpy(np.asarray(picture)[None]), recipe.mean, recipe.std))
        logits, scores = network.decoder(embedding, coords, labels, priors, has_prior)
        full = F.interpolate(logits, size=(height, width), mode='bilinear', align_corners=False)
        target = torch.from_numpy(np.repeat(np.stack(masks), 2, 0)).float()
        reached = iou(full, target[:, None].expand_as(full))
        found['click'] += reached[0::2, 0].tolist()
        found['box'] += reached[1::2, 0].tolist()
        found['click_best'] += reached[0::2].max(1).values.tolist()
        found['box_best'] += reached[1::2].max(1).values.tolist()
        found['score_error'] += (scores - reached).abs().mean(1).tolist()
    return {name: float(np.mean(values)) for name, values in found.items()}
