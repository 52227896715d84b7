# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How good a student is on pairs that it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from eventsam_ros.events.types import Bool

from ..data.pairs import Pair
from ..data.prompts import inner_point, loose_box
from ..losses.prompt import iou
from ..losses.tokens import token_distance
from ..networks.encoder import EMBEDDING
from ..networks.promptable import PromptDecoder
from .batches import PATCH, busy_cells, content_cells
from .objective import Networks, ask, scaled
from .questions import CELL, Questions, Style, clicks, sampled_points, with_boxes

_CLICKS = 6
"""Clicks in which student and teacher are compared."""


@dataclass(frozen=True)
class Example:
    """A validation pair with what the teacher makes of it.

    Attributes:
        pair: As stored.
        embedding: The teacher's, float32 [1, 256, h, w].
        taps: The teacher's, float32 [1, C, h, w] each; may be empty.
    """

    pair: Pair
    embedding: Tensor
    taps: tuple[Tensor, ...]


def objects_of(pair: Pair) -> list[Bool]:
    """Return the masks of the labelled objects; none where nothing is labelled."""
    if not pair.labelled:
        return []
    return [pair.ids == i for i in np.unique(pair.ids) if i]


def object_prompts(masks: list[Bool], style: Style) -> tuple[Questions, Questions]:
    """Return a click into the middle of each mask, and the exact box around each."""
    height, width = masks[0].shape
    points = torch.tensor([inner_point(m) for m in masks])
    boxes = torch.tensor([loose_box(m, None) for m in masks])
    asked = clicks(points, style, (height // CELL, width // CELL))
    every = torch.ones(len(masks), dtype=torch.bool)
    return asked, with_boxes(asked, boxes, every, style)


def _on(asked: Questions, device: torch.device) -> Questions:
    return Questions(*(t.to(device) for t in (
        asked.coords, asked.labels, asked.masks, asked.has_mask)))


def _reached(
    decoder: PromptDecoder, embedding: Tensor, asked: Questions, masks: list[Bool],
) -> list[float]:
    logits, _ = ask(decoder, embedding, _on(asked, embedding.device))
    full = F.interpolate(
        logits[:, :1], size=masks[0].shape, mode='bilinear', align_corners=False)[:, 0]
    target = torch.from_numpy(np.stack(masks)).float().to(full.device)
    return [float(v) for v in iou(full, target)]


@torch.no_grad()
def examine(
    networks: Networks, teacher: PromptDecoder, examples: Sequence[Example], style: Style,
    mean: Tensor, std: Tensor, representation: str,
) -> dict[str, float]:
    """Return the mean over pairs or objects of what can be measured on them.

    `tap_k` and `embedding` are distances from the teacher's, over tokens with content;
    `agreement` is the IoU of the student's and the teacher's masks of the same clicks; `click` and
    `box` are the IoU with labelled objects of the first output for a click at the point farthest
    from the object's border and for the exact box; `score` is what checkpoints are chosen by: the
    mean of click and box, or agreement where nothing is labelled.

    Args:
        networks: In evaluation mode.
        teacher: The teacher's decoder.
        examples: What to look at.
        style: How the decoders are asked.
        mean: Of the student's normalisation.
        std: Of the student's normalisation.
        representation: Of the event pictures.
    """
    device = mean.device
    found: dict[str, list[float]] = {}

    def add(name: str, values: Sequence[float]) -> None:
        found.setdefault(name, []).extend(values)

    for k, example in enumerate(examples):
        pair = example.pair
        height, width = pair.ids.shape
        valid = torch.from_numpy(content_cells(pair.content, height, width, PATCH))[None]
        inside = torch.from_numpy(content_cells(pair.content, height, width, CELL))
        features = networks.student(scaled(
            torch.from_numpy(pair.picture)[None].to(device), mean, std))
        embedding, wanted = features.embedding.float(), example.embedding.to(device)
        for number, tap in enumerate(example.taps):
            add(f'tap_{number + 1}', [float(token_distance(
                features.taps[number].float(), tap.to(device), None, valid.to(device)))])
        add('embedding', [float(token_distance(
            embedding[:, :EMBEDDING], wanted, None, valid.to(device)))])
        rng = np.random.default_rng(k)
        busy = busy_cells(pair.picture, representation, pair.content)
        asked = _on(clicks(
            torch.from_numpy(sampled_points(pair, busy, _CLICKS, rng)), style,
            (height // CELL, width // CELL)), device)
        ours, theirs = (ask(d, e, asked)[0][:, 0] for d, e in (
            (networks.decoder, embedding), (teacher, wanted)))
        shown = inside.to(device)
        target = ((theirs > 0) & shown).float()
        some = target.flatten(1).any(1)
        alike = iou(torch.where(shown, ours, -1.0), target)
        add('agreement', [float(v) for v in alike[some]])
        if masks := objects_of(pair):
            for name, prompts in zip(
                    ('click', 'box'), object_prompts(masks, style), strict=True):
                add(name, _reached(networks.decoder, embedding, prompts, masks))
    means = {name: float(np.mean(values)) for name, values in found.items() if values}
    both = [means[name] for name in ('click', 'box') if name in means]
    means['score'] = float(np.mean(both)) if both else means.get('agreement', 0.0)
    return means
