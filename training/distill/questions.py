# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts of distillation: where the student's masks are compared with the teacher's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Bool, Float32
from eventsam_ros.inference.priors import BOX_GAIN

from ..data.pairs import Pair
from ..data.prompts import SLOTS
from ..networks.sam_vit import SPECS, VitSpec

CELL = 4
"""Input pixels to one pixel of the decoder's masks."""
_PAIR_OF_POINTS = 2
"""Points of a prompt as SAM pads them: a click and none, or two corners."""


@dataclass(frozen=True)
class Style:
    """How a decoder is asked.

    Attributes:
        slots: Points that each prompt is padded to.
        box_prior: Whether a box also comes as mask logits.
    """

    slots: int
    box_prior: bool


OWN = Style(SLOTS, True)
"""Of decoders that were trained here."""
SAM = Style(_PAIR_OF_POINTS, False)
"""Of official checkpoints."""


def style_of(spec: VitSpec) -> Style:
    """Return how the decoder of a teacher is asked: those of SAM's own sizes are SAM's own."""
    return SAM if spec in {SPECS[name] for name in ('vit_b', 'vit_l', 'vit_h')} else OWN


@dataclass(frozen=True)
class Questions:
    """N prompts (see PromptDecoder).

    Attributes:
        coords: float32 [N, P, 2].
        labels: float32 [N, P].
        masks: float32 [N, 1, h / 4, w / 4], or [1, 1, h / 4, w / 4] where no prompt has one.
        has_mask: float32 [N], or [1].
    """

    coords: Tensor
    labels: Tensor
    masks: Tensor
    has_mask: Tensor


def clicks(points: Tensor, style: Style, low: tuple[int, int]) -> Questions:
    """Return one click for each of the points.

    Args:
        points: x and y in input pixels, float32 [N, 2].
        style: How the decoder is asked.
        low: Rows and columns of the decoder's masks.
    """
    coords = points.new_zeros(len(points), style.slots, 2)
    labels = points.new_full((len(points), style.slots), -1)
    coords[:, 0], labels[:, 0] = points, 1
    return Questions(coords, labels, points.new_zeros(1, 1, *low), points.new_zeros(1))


def box_priors(boxes: Tensor, low: tuple[int, int]) -> Tensor:
    """Return eventsam_ros.inference.priors.box_logits of boxes [N, 4] as [N, 1, rows, columns]."""
    rows, columns = low
    x0, y0, x1, y1 = boxes.unbind(1)
    x = (torch.arange(columns, device=boxes.device) + 0.5) * CELL - ((x0 + x1) / 2)[:, None]
    y = (torch.arange(rows, device=boxes.device) + 0.5) * CELL - ((y0 + y1) / 2)[:, None]
    across = x.abs() / ((x1 - x0) / 2).clamp_min(CELL / 2)[:, None]
    down = y.abs() / ((y1 - y0) / 2).clamp_min(CELL / 2)[:, None]
    distance = torch.maximum(across[:, None, :], down[:, :, None])
    return (BOX_GAIN * (1 - distance)).clamp_min(-2 * BOX_GAIN)[:, None]


def with_boxes(asked: Questions, boxes: Tensor, chosen: Tensor, style: Style) -> Questions:
    """Return the prompts with the chosen ones, bool [N], replaced by boxes, float32 [N, 4]."""
    coords, labels = asked.coords.clone(), asked.labels.clone()
    corners = chosen[:, None]
    coords[:, :2] = torch.where(corners[..., None], boxes.reshape(-1, 2, 2), coords[:, :2])
    labels[:, :2] = torch.where(corners, labels.new_tensor([2.0, 3.0]), labels[:, :2])
    if not style.box_prior:
        return Questions(coords, labels, asked.masks, asked.has_mask)
    low = (asked.masks.shape[-2], asked.masks.shape[-1])
    masks = torch.where(chosen[:, None, None, None], box_priors(boxes, low), asked.masks)
    return Questions(coords, labels, masks, torch.where(chosen, 1.0, asked.has_mask))


def boxes_around(masks: Tensor) -> tuple[Tensor, Tensor]:
    """Return the boxes around masks, bool [N, rows, columns], and which masks are not empty.

    Returns:
        float32 [N, 4]: x0, y0, x1, y1 in input pixels, x1 and y1 exclusive; bool [N].
    """
    across, down = masks.any(1), masks.any(2)

    def ends(line: Tensor) -> tuple[Tensor, Tensor]:
        place = torch.arange(line.shape[1], device=line.device).expand_as(line)
        first = place.masked_fill(~line, line.shape[1]).amin(1)
        return first, place.masked_fill(~line, -1).amax(1) + 1

    (x0, x1), (y0, y1) = ends(across), ends(down)
    return (CELL * torch.stack([x0, y0, x1, y1], 1)).float(), down.any(1)


def sampled_points(pair: Pair, busy: Bool, count: int, rng: np.random.Generator) -> Float32:
    """Draw points of the content, half of them in cells with events where there are any.

    Args:
        pair: Says what is content.
        busy: Cells with events, bool [h, w].
        count: Points.
        rng: Source of chance.

    Returns:
        x and y in input pixels, float32 [count, 2].
    """
    columns, rows = pair.content
    points = rng.uniform((0, 0), (columns, rows), (count, 2))
    places = np.argwhere(busy)
    if len(places):
        side = pair.ids.shape[0] // busy.shape[0]
        half = count // 2
        cells = places[rng.integers(len(places), size=half)][:, ::-1]
        points[:half] = (cells + rng.random((half, 2))) * side
    last = np.asarray([columns, rows]) - 1
    return np.asarray(np.minimum(np.floor(points), last), np.float32)
