# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How far two ways of running the same network are apart, in masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Bool, Float32, Window
from eventsam_ros.simulation.samples import windows_of
from eventsam_ros.simulation.scene import random_scene

from .engines import Engine
from .letterbox import Letterbox
from .packing import PackedPrompts, pack_prompts
from .prompts import Box, Point, Prompt

EVENT_WINDOWS = 2
"""Simulated windows of events that networks are tried on, beside one picture of noise."""
_SENSOR = (320, 240)
_SEED = 2026


class Feeding(Protocol):
    """How a network wants to be fed and asked; see manifest.Manifest for the attributes."""

    @property
    def mean(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def std(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def representation(self) -> str: ...  # noqa: D102
    @property
    def padding(self) -> str: ...  # noqa: D102
    @property
    def point_padding(self) -> str: ...  # noqa: D102
    @property
    def box_prior(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True)
class Parity:
    """Differences of one pair of graphs from another, or from the network in torch.

    Attributes:
        embedding_max: Largest absolute difference of two embeddings' values.
        embedding_mean: Mean absolute difference.
        mask_iou: IoU of the masks, averaged over pictures, prompts and the decoder's outputs.
        mask_iou_least: IoU of the two masks that agree least.
    """

    embedding_max: float
    embedding_mean: float
    mask_iou: float
    mask_iou_least: float


@dataclass(frozen=True)
class Case:
    """A picture as network input float32 [1, 3, H, W], and prompts on it in decoder calls."""

    image: Float32
    letterbox: Letterbox
    calls: tuple[PackedPrompts, ...]


@dataclass(frozen=True)
class Answer:
    """Of one case: the embedding, and the masks bool [N * 4, rows, columns] of all prompts."""

    embedding: Float32
    masks: Bool


def cases(feeding: Feeding, width: int, height: int, low_res_stride: int = 4) -> list[Case]:
    """Return the same pictures and prompts for every network of an input size.

    Args:
        feeding: For the representation and the input rules.
        width: Columns of the input.
        height: Rows of the input.
        low_res_stride: Input pixels to one mask logit.

    Returns:
        One picture of noise and EVENT_WINDOWS simulated windows, each with 8 prompts.
    """
    rng = np.random.default_rng(_SEED)
    plain = Letterbox(width, height, width, height, low_res_stride)
    sensor = Letterbox(*_SENSOR, width, height, low_res_stride)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pictures = [(plain, noise), *(
        (sensor, window_image(window, feeding.representation, *sensor.content))
        for window in _simulated())]
    found = []
    for letterbox, picture in pictures:
        image = letterbox.tensor(picture, feeding.mean, feeding.std, feeding.padding)
        calls = pack_prompts(
            _prompts(rng, letterbox.width, letterbox.height), letterbox,
            box_prior=feeding.box_prior, padding=feeding.point_padding)
        found.append(Case(image, letterbox, tuple(calls)))
    return found


@cache
def _simulated() -> list[Window]:
    """Return EVENT_WINDOWS windows of random scenes, the same ones every time."""
    rng, found = np.random.default_rng(_SEED), list[Window]()
    while len(found) < EVENT_WINDOWS:
        found += [window for window, _ in windows_of(random_scene(rng, *_SENSOR), rng, 1)]
    return found


def _prompts(rng: np.random.Generator, width: int, height: int) -> list[Prompt]:
    """Return three clicks, three boxes, and two prompts of two and three points."""
    x, y = rng.uniform(0, width - 1, 16), rng.uniform(0, height - 1, 16)
    points = [Point(float(a), float(b), k % 2) for k, (a, b) in enumerate(zip(x, y, strict=True))]
    clicks = [Prompt(points=(points[k],)) for k in (1, 3, 5)]
    boxes = [
        Prompt(box=Box(min(a.x, b.x), min(a.y, b.y), max(a.x, b.x) + 8, max(a.y, b.y) + 8))
        for a, b in (points[6:8], points[8:10], points[10:12])]
    return [*clicks, *boxes, Prompt(points=tuple(points[12:14])),
            Prompt(points=tuple(points[13:16]))]


def joined_masks(letterbox: Letterbox, logits: Sequence[Float32]) -> Bool:
    """Return masks bool [N * 4, rows, columns] of a picture's decoder calls."""
    cut = [letterbox.cut(each) for each in logits]
    return np.concatenate([each.reshape(-1, *each.shape[-2:]) > 0 for each in cut])


def engine_answers(encoder: Engine, decoder: Engine, tried: Sequence[Case]) -> list[Answer]:
    """Return what a pair of engines says.

    Raises:
        EngineError: One of them failed.
    """
    found = []
    for case in tried:
        embedding = encoder.run({'image': case.image})['embedding']
        logits = [decoder.run({'embedding': embedding, **call.inputs()})['low_res_masks']
                  for call in case.calls]
        found.append(Answer(embedding, joined_masks(case.letterbox, logits)))
    return found


def compare(found: Sequence[Answer], wanted: Sequence[Answer]) -> Parity:
    """Return how far answers are from those that are wanted, to the same cases."""
    differences, overlaps = [], []
    for mine, reference in zip(found, wanted, strict=True):
        differences.append(np.abs(mine.embedding - reference.embedding))
        overlaps += list(_overlaps(mine.masks, reference.masks))
    # np.max and np.mean keep what is not a number, max would not
    return Parity(
        float(np.max([each.max() for each in differences])),
        float(np.mean([each.mean() for each in differences])),
        float(np.mean(overlaps)), float(np.min(overlaps)))


def _overlaps(found: Bool, wanted: Bool) -> Iterator[float]:
    for one, two in zip(found, wanted, strict=True):
        union = np.count_nonzero(one | two)
        yield np.count_nonzero(one & two) / union if union else 1.0
