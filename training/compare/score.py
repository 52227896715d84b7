# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Every figure of a comparison for one pair of networks on one set of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eventsam_ros.evaluation.metrics.best_match import best_match
from eventsam_ros.evaluation.metrics.overlap import iou

from ..data.pairs import Pair, PairStore
from ..distill.batches import PATCH, content_cells
from ..distill.examine import object_prompts, objects_of
from ..distill.objective import ask, scaled
from ..distill.questions import Style
from ..errors import RecipeError
from ..losses.tokens import token_distance
from ..networks.promptable import PromptDecoder
from ..networks.sam_vit import Features
from ..teachers.teacher import Teacher
from .everything import everything
from .recipe import JudgedOn

FIGURES = ('click', 'box', 'mP', 'mR', 'mIoU', 'aIoU', 'corrected',
           'tap_1', 'tap_2', 'tap_3', 'tap_4')
"""IoU of single clicks and of boxes; EventSAM's four of everything at once, as its script counts;
mIoU where segments are matched one to one and the background is none (evaluation.metrics);
unweighted distance of the tokens from the teacher's on the frame, tap by tap."""


@dataclass(frozen=True)
class Judged:
    """A network to score.

    Attributes:
        encoder: Gives Features of normalised pictures.
        decoder: Of its embedding.
        style: How the decoder is asked.
        picture: `events` or `frame`: what the encoder is shown.
        mean: Subtracted from the three channels.
        std: Divides what is left.
    """

    encoder: nn.Module
    decoder: PromptDecoder
    style: Style
    picture: str
    mean: Sequence[float]
    std: Sequence[float]


def pairs_of(test: JudgedOn) -> list[Pair]:
    """Return the labelled pairs of a test set.

    Raises:
        RecipeError: There are none.
    """
    store = PairStore(test.folder)
    every = [k for k in range(len(store))
             if not test.sources or store.names[k].startswith(test.sources)]
    chosen = np.linspace(0, len(every) - 1, min(test.most, len(every))).astype(int)
    found = [store[every[k]] for k in chosen] if every else []
    found = [pair for pair in found if objects_of(pair)]
    if not found:
        raise RecipeError(f'test {test.name}: {test.folder} has no labelled pairs of '
                          f'{test.sources or "any source"}')
    return found


def _overlaps(judged: Judged, embedding: Tensor, pair: Pair) -> dict[str, list[float]]:
    masks = objects_of(pair)
    found = {}
    for name, prompts in zip(('click', 'box'), object_prompts(masks, judged.style), strict=True):
        logits, _ = ask(judged.decoder, embedding, prompts)
        full = F.interpolate(
            logits[:, :1], size=pair.ids.shape, mode='bilinear', align_corners=False)[:, 0]
        found[name] = [iou(m.numpy(), truth) for m, truth in zip(full > 0, masks, strict=True)]
    return found


def _segments(judged: Judged, embedding: Tensor, pair: Pair) -> dict[str, list[float]]:
    predicted = everything(judged.decoder, embedding, pair.content, judged.style)
    rows, columns = predicted.shape
    truth = cv2.resize(pair.ids[:pair.content[1], :pair.content[0]], (columns, rows),
                       interpolation=cv2.INTER_NEAREST_EXACT)
    published = best_match(truth, predicted)
    corrected = best_match(truth, predicted, 'corrected')
    return {'mP': [published.precision], 'mR': [published.recall], 'mIoU': [published.iou],
            'aIoU': [published.area_iou],
            'corrected': [] if np.isnan(corrected.iou) else [corrected.iou]}


@torch.no_grad()
def score(judged: Judged, teacher: Teacher, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return the mean of each of FIGURES: clicks and boxes over objects, the rest over pairs.

    Args:
        judged: Networks in evaluation mode.
        teacher: What tokens are compared with, on the frames.
        pairs: Labelled.
    """
    mean, std = torch.tensor(judged.mean), torch.tensor(judged.std)
    found: dict[str, list[float]] = {name: [] for name in FIGURES}
    for pair in pairs:
        height, width = pair.ids.shape
        valid = torch.from_numpy(content_cells(pair.content, height, width, PATCH))[None]
        frame = torch.from_numpy(pair.frame)[None]
        shown = frame if judged.picture == 'frame' else torch.from_numpy(pair.picture)[None]
        image = scaled(shown, mean, std)
        if judged.picture == 'frame':
            image = image * F.interpolate(valid.float(), (height, width), mode='nearest')
        features: Features = judged.encoder(image)
        wanted = teacher.look(teacher.normalise(frame), valid)
        for k, (ours, theirs) in enumerate(zip(features.taps, wanted.taps, strict=True), 1):
            if f'tap_{k}' in found and ours.shape == theirs.shape:
                found[f'tap_{k}'].append(float(token_distance(ours, theirs, None, valid)))
        for part in (_overlaps(judged, features.embedding, pair),
                     _segments(judged, features.embedding, pair)):
            for name, values in part.items():
                found[name] += values
    return {name: float(np.mean(values)) for name, values in found.items() if values}
