# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipe files: every choice of a training run, checked on reading."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
import difflib
from pathlib import Path
from typing import Any

import yaml

PRECISIONS = ('fp32', 'bf16')
PICTURES = ('events', 'frame')


class RecipeError(ValueError):
    """A recipe cannot be used; the message is one sentence that says why."""


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

    width: int
    height: int
    steps: int
    batch: int = 4
    prompts: int = 6
    rate: float = 4e-4
    final_rate: float = 4e-5
    warm_up: int = 100
    least_crop: float = 0.6
    dense: float = 1.0
    score: float = 1.0


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
    seed: int = 0
    picture: str = 'events'
    backbone: str = 'mobilenetv4_conv_small'
    representation: str = 'robust'
    width: int = 384
    height: int = 288
    mean: float = 128.0
    std: float = 40.0
    frequency: float = 1.0
    detail: int = 0
    precision: str = 'fp32'
    data_seed: int = 1_000_000
    shards: int = 60
    boards: float = 0.0
    photos: dict[str, str] = field(default_factory=dict)
    weight_decay: float = 0.05
    ema: float = 0.998


def _build(kind: type, values: Any, where: str) -> Any:
    """Make a dataclass from a mapping; an unknown key names the nearest right one."""
    if not isinstance(values, dict):
        raise RecipeError(f'{where} must be a mapping, but is a {type(values).__name__}')
    known = [f.name for f in fields(kind)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0.0)[0]
            raise RecipeError(f'{where} has an unknown key {key!r}; did you mean {near!r}?')
    try:
        return kind(**values)
    except TypeError as error:
        raise RecipeError(f'{where} is incomplete: {error}') from error


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: The file is missing, not YAML, or has an unknown or missing key.
    """
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise RecipeError(f'{path} cannot be read: {error}') from error
    if not isinstance(values, dict) or not isinstance(values.get('phases'), list):
        raise RecipeError(f'{path} needs a list of phases')
    phases = tuple(
        _build(Phase, p, f'{path.name}, phase {k}') for k, p in enumerate(values['phases']))
    recipe: Recipe = _build(Recipe, {**values, 'phases': phases}, path.name)
    sizes = [(recipe.width, recipe.height), *((p.width, p.height) for p in phases)]
    for width, height in sizes:
        if width % 32 or height % 32:
            raise RecipeError(
                f'{path.name}: input {width}x{height} must be multiples of 32')
    for name, choices in (('precision', PRECISIONS), ('picture', PICTURES)):
        value = getattr(recipe, name)
        if value not in choices:
            raise RecipeError(
                f'{path.name}: {name} must be one of {", ".join(choices)}, but is {value!r}')
    if not 0 <= recipe.boards <= 1:
        raise RecipeError(f'{path.name}: boards must be 0 to 1, but is {recipe.boards}')
    if not 0 <= recipe.detail <= 32:
        raise RecipeError(f'{path.name}: detail must be 0 to 32, but is {recipe.detail}')
    return recipe
