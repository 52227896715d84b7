# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipe files: every choice of a training run, checked on reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .errors import RecipeError
from .fields import build, ranged, read_values


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one input size.

    Attributes:
        width: Columns of the input in pixels, a multiple of 32.
        height: Rows of the input in pixels, a multiple of 32.
        steps: Optimiser steps.
        batch: Pictures a step.
        prompts: Prompts a picture.
        rate: Peak learning rate.
        final_rate: Learning rate at the end of the phase, reached along a cosine.
        warm_up: Steps of linear warm-up.
        least_crop: Smallest share of the side that a random crop keeps, 0.2 to 1.
        dense: Weight of the auxiliary dense loss.
        score: Weight of the squared error of the expected IoU.
    """

    width: int = ranged(32)
    height: int = ranged(32)
    steps: int = ranged(1)
    batch: int = ranged(1, default=4)
    prompts: int = ranged(1, 64, default=6)
    rate: float = ranged(1e-12, default=4e-4)
    final_rate: float = ranged(0, default=4e-5)
    warm_up: int = ranged(0, default=100)
    least_crop: float = ranged(0.2, 1, default=0.6)
    dense: float = ranged(0, default=1.0)
    score: float = ranged(0, default=1.0)


@dataclass(frozen=True)
class Recipe:
    """All of a training run.

    Attributes:
        name: Name of the bundle.
        seed: Seed of weights, order and augmentations.
        picture: What the network looks at: events, or frame for a teacher.
        backbone: Encoder's backbone: a name in timm, or of a transformer in
            networks.sam_vit.SPECS.
        representation: Event representation (eventsam_ros.events.tensors).
        width: Columns of the stored pictures and of the exported network.
        height: Rows of the stored pictures and of the exported network.
        mean: Subtracted from the picture's grey levels.
        std: Divides what is left.
        frequency: Spread of the position encoding's frequencies; SAM has 1.
        detail: Channels of detail at stride 4 beside the embedding, 0 to 32; 0 for none.
        precision: Arithmetic of forward and backward passes: fp32, or bf16 where the processor
            has it; weights and losses stay fp32.
        data_seed: First scene seed of the training set; held-out scenes use others.
        shards: Shards of training pairs to simulate (training.data.store).
        boards: Share of scenes with a printed board, 0 to 1.
        photos: Photo folder -> mask folder of objects to mix in; may be empty.
        weight_decay: Of AdamW.
        ema: Decay of the averaged weights, per step.
        phases: What is trained in which order.
    """

    name: str
    phases: tuple[Phase, ...]
    seed: int = ranged(0, default=0)
    picture: Literal['events', 'frame'] = 'events'
    backbone: str = 'mobilenetv4_conv_small'
    representation: Literal['robust', 'eventsam'] = 'robust'
    width: int = ranged(32, default=384)
    height: int = ranged(32, default=288)
    mean: float = 128.0
    std: float = ranged(1e-6, default=40.0)
    frequency: float = 1.0
    detail: int = ranged(0, 32, default=0)
    precision: Literal['fp32', 'bf16'] = 'fp32'
    data_seed: int = ranged(0, default=1_000_000)
    shards: int = ranged(1, default=60)
    boards: float = ranged(0, 1, default=0.0)
    photos: dict[str, str] = field(default_factory=dict)
    weight_decay: float = ranged(0, default=0.05)
    ema: float = ranged(0, 0.999999, default=0.998)


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: The file is missing, not YAML, or has an unknown, missing or impossible key.
    """
    recipe = build(Recipe, read_values(path), path.name)
    if not recipe.phases:
        raise RecipeError(f'{path.name} needs a list of phases')
    sizes = [(recipe.width, recipe.height), *((p.width, p.height) for p in recipe.phases)]
    for width, height in sizes:
        if width % 32 or height % 32:
            raise RecipeError(
                f'{path.name}: input {width}x{height} must be multiples of 32')
    return recipe
