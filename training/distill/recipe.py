# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of distillation: who teaches whom what, on which pairs, for how long."""

from __future__ import annotations

from collections.abc import Sequence
import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from ..errors import RecipeError
from ..fields import build, ranged

Weighting = Literal['none', 'next', 'product', 'clean']


@dataclass(frozen=True)
class StudentChoice:
    """The network that learns.

    Attributes:
        kind: `paper`: a copy of the teacher of which patch embedding and the MLPs of the tapped
            blocks learn; `compact`: a timm backbone with projections to the teacher's tokens;
            `scratch`: the teacher's build with random weights, all of which learn.
        backbone: Name in timm; for `compact` only.
        decoder: `frozen`: the teacher's decoder as it is; `tuned`: it learns too; `new`: one with
            random weights that learns.
        detail: Channels of detail at stride 4 that a `compact` student hands to the decoder
            beside the embedding (CompactEncoder), 0 to 64; 0 for none. The decoder must learn.
        start: Checkpoint of an earlier run of the same student to begin with, or none.
        mean: Grey level to subtract from each channel of the event picture.
        std: Grey levels to divide the rest by, above 0.
    """

    kind: Literal['paper', 'compact', 'scratch']
    backbone: str = 'mobilenetv4_conv_small'
    decoder: Literal['frozen', 'tuned', 'new'] = 'frozen'
    detail: int = ranged(0, 64, default=0)
    start: Path | None = None
    mean: tuple[float, float, float] = (128.0, 128.0, 128.0)
    std: tuple[float, float, float] = ranged(1e-6, default=(40.0, 40.0, 40.0))


@dataclass(frozen=True)
class LossChoice:
    """What counts, and how much; a weight of 0 leaves a loss out.

    Attributes:
        tokens: Weight of the token loss (training.losses.tokens), at least 0.
        weighting: Of the tokens within it.
        lambdas: Weight of each tap within it, shallow to deep, at least 0.
        embedding: Weight of the L1 distance of the embeddings, at least 0.
        prompts: Weight of prompt-in-the-loop: the student's masks learn the teacher's under the
            same prompts, at least 0. Needs no labels.
        masks: Weight of the masks of labelled instances, at least 0.
        score: Weight of the squared error of the expected IoU within `prompts` and `masks`.
        mixing: Share of the tokens with events that are the teacher's at the first step, 0 to 1;
            it falls to 0 at half of the steps. Not for `compact` students, which have no patch
            tokens.
    """

    tokens: float = ranged(0, default=1.0)
    weighting: Weighting = 'product'
    lambdas: tuple[float, ...] = ranged(0, default=(0.1, 0.4, 0.7, 1.0))
    embedding: float = ranged(0, default=0.0)
    prompts: float = ranged(0, default=0.0)
    masks: float = ranged(0, default=0.0)
    score: float = ranged(0, default=1.0)
    mixing: float = ranged(0, 1, default=0.0)


@dataclass(frozen=True)
class DistillRecipe:
    """All of a distillation run; paths are relative to the working directory.

    Attributes:
        name: Of the student and its bundle.
        teacher: Checkpoint: SAM's official file or a teacher of our own.
        positions: How position tables of an official checkpoint come to the size of the pairs.
        data: Folders of training pairs (training.data.pairs); one listed twice counts twice.
        student: See StudentChoice.
        loss: See LossChoice.
        validation: Folders of pairs to validate on; none holds out `validation_share` of the
            sources of `data`.
        validation_share: Share of the sources that are held out, above 0 to 0.5.
        test: Folders of pairs that the result will be judged on. They are never read here: a run
            is refused where one of their sources is among those it trains or validates on.
        steps: Optimiser steps.
        batch: Pairs a step over all processes, a multiple of their number.
        rate: Peak learning rate, above 0.
        final_rate: Learning rate at the last step, reached along a cosine.
        warm_up: Steps of linear warm-up, less than `steps`.
        weight_decay: Of AdamW, for matrices; 0 makes it Adam.
        clip: Greatest norm of the gradient, above 0.
        ema: Decay of the averaged weights a step, 0 to below 1; the first steps average less.
        precision: `32-true`, or `bf16-mixed`: products in bfloat16.
        seed: Of weights, order and augmentations.
        views: Flipped and cropped views of a pair that are trained on; 1 is the pair as it is.
        augment: Whether event pictures lose, gain and swap events (never the frame); false for
            pairs of the representation `eventsam`.
        prompts: Prompts a picture in `loss.prompts` and `loss.masks`, 1 to 64.
        cache: Folder of the teacher's outputs (fp16), which is filled first; none: the teacher
            looks at each batch anew.
        check_every: Steps between validations and checkpoints.
        check_pairs: Validation pairs looked at each time.
        pictures: Validation pairs of which predictions are drawn each time; may be 0.
        workers: Threads that make batches.
    """

    name: str
    teacher: Path
    data: tuple[Path, ...]
    student: StudentChoice
    loss: LossChoice = field(default_factory=LossChoice)
    positions: Literal['crop', 'interpolate'] = 'crop'
    validation: tuple[Path, ...] = ()
    validation_share: float = ranged(1e-6, 0.5, default=0.05)
    test: tuple[Path, ...] = ()
    steps: int = ranged(1, default=2000)
    batch: int = ranged(1, default=16)
    rate: float = ranged(1e-12, default=2e-4)
    final_rate: float = ranged(0, default=2e-6)
    warm_up: int = ranged(0, default=50)
    weight_decay: float = ranged(0, default=0.0)
    clip: float = ranged(1e-12, default=1.0)
    ema: float = ranged(0, 0.999999, default=0.998)
    precision: Literal['32-true', 'bf16-mixed'] = '32-true'
    seed: int = ranged(0, default=0)
    views: int = ranged(1, default=1)
    augment: bool = True
    prompts: int = ranged(1, 64, default=6)
    cache: Path | None = None
    check_every: int = ranged(1, default=500)
    check_pairs: int = ranged(1, default=60)
    pictures: int = ranged(0, default=4)
    workers: int = ranged(1, 64, default=1)

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence that says which keys do not go together.
        """
        loss = self.loss
        if not self.data:
            raise RecipeError(f'{where}: data names no folder')
        if not any((loss.tokens, loss.embedding, loss.prompts, loss.masks)):
            raise RecipeError(
                f'{where}: loss leaves nothing to learn; give tokens, embedding, prompts or masks '
                'a weight above 0')
        if loss.tokens and not any(loss.lambdas):
            raise RecipeError(f'{where}: loss: lambdas are all 0, which leaves no token loss')
        if self.student.kind == 'compact' and loss.mixing:
            raise RecipeError(
                f'{where}: loss: mixing must be 0 for a compact student, which has no patch '
                'tokens to mix')
        if self.student.detail and (
                self.student.kind != 'compact' or self.student.decoder == 'frozen'):
            raise RecipeError(
                f'{where}: student: detail is for compact students whose decoder is tuned or new')
        if self.student.decoder == 'new' and not loss.masks:
            raise RecipeError(
                f'{where}: student: decoder is new, but loss: masks is 0, so it would not learn')
        if self.student.decoder == 'tuned' and not (loss.masks or loss.prompts):
            raise RecipeError(f'{where}: student: decoder is tuned, but neither loss: masks nor '
                              'loss: prompts is above 0, so it would not learn')
        if self.warm_up >= self.steps:
            raise RecipeError(f'{where}: warm_up must be less than steps, but is {self.warm_up} '
                              f'of {self.steps}')
        if self.final_rate > self.rate:
            raise RecipeError(f'{where}: final_rate must be at most rate, but is '
                              f'{self.final_rate:g} against {self.rate:g}')

    def within(self, folder: Path) -> DistillRecipe:
        """Return the recipe with relative paths taken from a folder."""
        student = self.student
        if student.start is not None:
            student = replace(student, start=folder / student.start)
        return replace(
            self, student=student, teacher=folder / self.teacher,
            data=tuple(folder / p for p in self.data),
            validation=tuple(folder / p for p in self.validation),
            test=tuple(folder / p for p in self.test),
            cache=folder / self.cache if self.cache is not None else None)


def _set(values: dict[str, Any], change: str) -> None:
    """Apply one KEY=VALUE; a dot in the key goes into a mapping."""
    key, found, text = change.partition('=')
    if not found or not key:
        raise RecipeError(f'--set needs KEY=VALUE, but got {change!r}')
    *outer, last = key.split('.')
    for name in outer:
        inner = values.get(name, {})
        if not isinstance(inner, dict):
            raise RecipeError(f'--set {change}: {name} is not a mapping')
        # what a file names twice by an alias is one mapping: the other place stays as it is
        values[name] = dict(inner)
        values = values[name]
    try:
        values[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f'--set {change}: the value is not YAML') from error


def changed(values: Any, changes: Sequence[str]) -> Any:
    """Return the content of a recipe file with changes like `loss.tokens=0` applied.

    Raises:
        RecipeError: A change is not KEY=VALUE.
    """
    if isinstance(values, dict):
        values = copy.deepcopy(values)
        for change in changes:
            _set(values, change)
    return values


def make_recipe(values: Any, where: str, changes: Sequence[str] = ()) -> DistillRecipe:
    """Return a checked recipe from the content of a file and changes like `loss.tokens=0`.

    Raises:
        RecipeError: With one sentence that says what is wrong and where.
    """
    recipe = build(DistillRecipe, changed(values, changes), where)
    recipe.check(where)
    return recipe


def load_recipe(path: Path, changes: Sequence[str] = ()) -> DistillRecipe:
    """Read and check a recipe file.

    Args:
        path: YAML.
        changes: KEY=VALUE, applied before the check; a dot goes into a mapping.

    Raises:
        RecipeError: The file cannot be read or is no recipe.
    """
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f'{path} cannot be read: {error}') from error
    return make_recipe(values, path.name, changes)
