# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How far exported graphs in ONNX Runtime are from the network in torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Bool, Float32
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.packing import PackedPrompts, pack_prompts
from eventsam_ros.inference.prompts import Box, Point, Prompt
from eventsam_ros.simulation.samples import windows_of
from eventsam_ros.simulation.scene import random_scene

from ..networks.promptable import LOW_RES, PromptDecoder
from .description import Description
from .graphs import EmbeddingOnly

LEAST_IOU = 0.99
"""Agreement of masks below which a bundle is not written."""
EVENT_WINDOWS = 2
"""Simulated windows of events that the graphs are tried on, beside one picture of noise."""
_SENSOR = (320, 240)


@dataclass(frozen=True)
class Parity:
    """Differences of one pair of graphs from the network.

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

    def as_text(self) -> dict[str, float]:
        """Return the fields, rounded for the manifest."""
        return {key: float(f'{value:.4g}') for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Case:
    """A picture as network input float32 [1, 3, H, W], and prompts on it in decoder calls."""

    image: Float32
    letterbox: Letterbox
    calls: tuple[PackedPrompts, ...]


@dataclass(frozen=True)
class _Answer:
    embedding: Float32
    masks: Bool


def cases(description: Description, width: int, height: int) -> list[Case]:
    """Return the same pictures and prompts for every network of an input size.

    Args:
        description: For the representation and the input rules.
        width: Columns of the input.
        height: Rows of the input.

    Returns:
        One picture of noise and EVENT_WINDOWS simulated windows, each with 8 prompts.
    """
    rng = np.random.default_rng(2026)
    plain = Letterbox(width, height, width, height, LOW_RES)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pictures = [(plain, noise)]
    sensor = Letterbox(*_SENSOR, width, height, LOW_RES)
    while len(pictures) <= EVENT_WINDOWS:
        for window, _ in windows_of(random_scene(rng, *_SENSOR), rng, 1):
            picture = window_image(window, description.representation, *sensor.content)
            pictures.append((sensor, picture))
    found = []
    for letterbox, picture in pictures:
        image = letterbox.tensor(picture, description.mean, description.std, description.padding)
        calls = pack_prompts(
            _prompts(rng, letterbox.width, letterbox.height), letterbox,
            box_prior=description.box_prior, padding=description.point_padding)
        found.append(Case(image, letterbox, tuple(calls)))
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


def _joined(letterbox: Letterbox, logits: list[Float32]) -> Bool:
    """Return masks bool [N * 4, rows, columns] of a picture's decoder calls."""
    cut = [letterbox.cut(each) for each in logits]
    return np.concatenate([each.reshape(-1, *each.shape[-2:]) > 0 for each in cut])


@torch.no_grad()
def answers(encoder: nn.Module, decoder: PromptDecoder, tried: list[Case]) -> list[_Answer]:
    """Return what the network says, in torch, in evaluation mode."""
    only = EmbeddingOnly(encoder).eval()
    decoder.eval()
    found = []
    for case in tried:
        embedding = only(torch.from_numpy(case.image))
        logits = [
            decoder(embedding, *(torch.from_numpy(v) for v in call.inputs().values()))[0].numpy()
            for call in case.calls]
        found.append(_Answer(embedding.numpy(), _joined(case.letterbox, logits)))
    return found


def measure(folder: Path, tried: list[Case], wanted: list[_Answer]) -> Parity:
    """Compare the graphs of a folder, in ONNX Runtime on the CPU, with the network's answers.

    Args:
        folder: Holds encoder.onnx and decoder.onnx.
        tried: From `cases`.
        wanted: From `answers` to the same.
    """
    threads = os.cpu_count() or 1
    encoder = OnnxRuntimeEngine(folder / 'encoder.onnx', threads)
    decoder = OnnxRuntimeEngine(folder / 'decoder.onnx', threads)
    differences, overlaps = [], []
    for case, reference in zip(tried, wanted, strict=True):
        embedding = encoder.run({'image': case.image})['embedding']
        logits = [decoder.run({'embedding': embedding, **call.inputs()})['low_res_masks']
                  for call in case.calls]
        differences.append(np.abs(embedding - reference.embedding))
        overlaps += list(_overlaps(_joined(case.letterbox, logits), reference.masks))
    encoder.close()
    decoder.close()
    # np.max and np.mean keep what is not a number, max would not
    return Parity(
        float(np.max([each.max() for each in differences])),
        float(np.mean([each.mean() for each in differences])),
        float(np.mean(overlaps)), float(np.min(overlaps)))


def _overlaps(found: Bool, wanted: Bool) -> Iterator[float]:
    for one, two in zip(found, wanted, strict=True):
        union = np.count_nonzero(one | two)
        yield np.count_nonzero(one & two) / union if union else 1.0
