# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All objects of a picture at once: a grid of clicks through the filters that the node runs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.inference.automatic import select_masks
from eventsam_ros.inference.options import AutomaticOptions
from eventsam_ros.inference.proposals import grid_points

from ..distill.objective import ask
from ..distill.questions import CELL, Style, clicks
from ..networks.promptable import PromptDecoder

OPTIONS = AutomaticOptions(
    strategy='grid', points_per_side=8, pred_iou=0.4, stability=0.5, min_area=60, min_region=60,
    min_events=0, min_density=0)
"""One choice for all arms, frames and events alike: 64 clicks, no condition on events."""
_BATCH = 48


@torch.no_grad()
def everything(
    decoder: PromptDecoder, embedding: Tensor, content: tuple[int, int], style: Style,
    options: AutomaticOptions = OPTIONS,
) -> UInt8:
    """Return the segments of a picture.

    Args:
        decoder: Any.
        embedding: Of one picture, float32 [1, C, h, w].
        content: Columns and rows that are not padding.
        style: How the decoder is asked.
        options: Clicks and thresholds.

    Returns:
        Ids at a quarter of the input's size, uint8 [rows, columns] of the content, 0 where
        nothing was found; where masks overlap the smaller one is seen, as EventSAM paints.
    """
    columns, rows = (-(-side // CELL) for side in content)
    height, width = (16 * side for side in embedding.shape[-2:])
    logits, scores = [], []
    # SAM's first output is not meant for lone clicks; ours is trained for them too
    first = 0 if style.box_prior else 1
    points = torch.from_numpy(grid_points(options.points_per_side, *content))
    for first_click in range(0, len(points), _BATCH):
        asked = points[first_click:first_click + _BATCH]
        found, expected = ask(
            decoder, embedding, clicks(asked, style, (height // CELL, width // CELL)))
        logits.append(found[:, first:, :rows, :columns].flatten(0, 1).numpy())
        scores.append(expected[:, first:].flatten().numpy())
    anywhere: Float32 = np.ones((rows, columns), np.float32)
    chosen, _ = select_masks(
        np.concatenate(logits), np.concatenate(scores), anywhere, float(CELL ** 2), options)
    masks = chosen > 0
    order = np.argsort(-masks.sum((1, 2)), kind='stable')
    ids = np.zeros((rows, columns), np.uint8)
    for k, which in enumerate(order, 1):
        ids[masks[which]] = k
    return ids
