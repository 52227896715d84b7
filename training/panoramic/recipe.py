# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of GoodSAM: pictures, windows, masks, fusion, the seven losses and three trainings.

Where the papers do not say, the choice stands here by name, with the alternative beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from eventsam_ros.inference.class_bundle import STRIDE

from ..distill.recipe import changed
from ..errors import RecipeError
from ..fields import build, ranged
from ..semantic.recipe import Schedule
from ..teachers.teacher import SAM_MEAN, SAM_STD
from .fusion import Fusion
from .masks import Masks
from .pictures import PanoramaChoice, SourceChoice
from .windows import LEAST, Family, lay_out

SizeName = Literal['b0', 'b1', 'b2', 'b3', 'b4', 'b5']


@dataclass(frozen=True)
class TestChoice:
    """Labelled panoramas to score on.

    Attributes:
        path: Folder.
        format: Of eventsam_ros.evaluation; empty recognises it.
        options: Of its reader, as `split`.
    """

    path: Path
    format: str = 'densepass'
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """Where pictures are.

    Attributes:
        source: Labelled pinhole pictures.
        panoramas: Panoramas without labels.
        test: Labelled panoramas.
    """

    source: SourceChoice
    panoramas: PanoramaChoice
    test: TestChoice


@dataclass(frozen=True)
class AssistantLosses:
    """L_TA: weights of what trains the teacher assistant on panoramas; 0 leaves a loss out.

    Attributes:
        consistency: Of L_CC, the same classes from both windows of an overlap.
        ensemble: Of L_CE^{T,TA} against E, all pixels.
        reliable: Of L_CE^{T,TA} against E_H, reliable pixels.
        form: Of L_CC: `kl`, both ways; or `l2` between probabilities.
        detach: Whether each window is compared with the other one as it is (stop-gradient).
    """

    consistency: float = ranged(0, default=1.0)
    ensemble: float = ranged(0, default=1.0)
    reliable: float = ranged(0, default=1.0)
    form: Literal['kl', 'l2'] = 'kl'
    detach: bool = True


@dataclass(frozen=True)
class StudentLosses:
    """L_S: weights of what trains the student; 0 leaves a loss out.

    Attributes:
        stitched: Of L_CE^{TA,S}, against the stitched assistant, whole image.
        ensemble: Of L_CE^{T,S} against E, all pixels of the windows.
        reliable: Of L_CE^{T,S} against E_H, reliable pixels.
        boundary: Of L_bd, against B_ref on the overlaps.
        soft: Whether the stitched assistant tells probabilities; else its likeliest class.
        form: Of L_bd: `dice`, or `bce` (binary cross-entropy).
        gain: Of the student's edges (boundary.soft_edges).
        dilate: B_ref is grown by so many pixels.
    """

    stitched: float = ranged(0, default=1.0)
    ensemble: float = ranged(0, default=1.0)
    reliable: float = ranged(0, default=1.0)
    boundary: float = ranged(0, default=1.0)
    soft: bool = False
    form: Literal['dice', 'bce'] = 'dice'
    gain: float = ranged(0.1, 100, default=6.0)
    dilate: int = ranged(0, 32, default=1)


@dataclass(frozen=True)
class Assistant:
    """The teacher assistant.

    Attributes:
        size: Of its SegFormer; the paper's is of the class of b5.
        weights: Checkpoint of ImageNet or Cityscapes to begin with, by SegFormer's authors or
            transformers.
        source: How it is trained on pinhole pictures; `adapt` alone needs no source where
            `weights` knows the classes already.
        adapt: How it is trained on panoramas.
        rounds: How often; each round fuses anew with the averaged assistant of the one before,
            so that it never learns from labels that change under it. 0 leaves it as the source
            made it.
        losses: See AssistantLosses.
    """

    size: SizeName = 'b5'
    weights: Path | None = None
    source: Schedule = field(default_factory=Schedule)
    adapt: Schedule = field(default_factory=Schedule)
    rounds: int = ranged(0, 10, default=1)
    losses: AssistantLosses = field(default_factory=AssistantLosses)


@dataclass(frozen=True)
class Student:
    """The student.

    Attributes:
        size: Of its SegFormer.
        weights: Checkpoint to begin with.
        start: `weights` (random where there are none), or `source`: it is trained on the pinhole
            pictures first, by `source`.
        source: See `start`.
        plan: How it is trained on panoramas.
        losses: See StudentLosses.
    """

    size: SizeName = 'b0'
    weights: Path | None = None
    start: Literal['weights', 'source'] = 'weights'
    source: Schedule = field(default_factory=Schedule)
    plan: Schedule = field(default_factory=Schedule)
    losses: StudentLosses = field(default_factory=StudentLosses)


@dataclass(frozen=True)
class PanoramicRecipe:
    """All of GoodSAM; paths are relative to the working directory.

    Attributes:
        name: Of the model and its bundle.
        data: Where pictures are.
        classes: Table of classes.
        width: Columns of panoramas in training and in the bundle, a multiple of 4.
        height: Rows, a multiple of 4.
        windows: Families of windows: one slides to the side (GoodSAM), two or more cross
            (GoodSAM++).
        wrap: Whether windows, flips and the student go round the panorama.
        wrap_padding: Columns of the other edge that the student sees beyond each edge, a
            multiple of 4; 0 where `wrap` is false.
        taper: Weight of a window's pixels in the stitched panorama.
        radius: How far the assistant's edges may be off those of masks, pixels.
        masks: Where masks come from.
        fusion: How they are joined with classes.
        assistant: The teacher assistant.
        student: The student.
        mean: Subtracted from the RGB channels, grey levels.
        std: Divides the rest.
        balance: How much more rare classes count on the source: power of the inverse frequency.
        precision: `32-true`, or `bf16-mixed`.
        validation_share: Share of the source's pictures that only validate; nothing is chosen
            by it.
        seed: Of weights, order and augmentations.
        absent: What a class that is neither there nor predicted does to mIoU.
    """

    name: str
    data: Data
    windows: tuple[Family, ...]
    masks: Masks
    classes: Literal['cityscapes_19', 'cityscapes_13', 'stanford_13', 'stanford_8'] = (
        'cityscapes_19')
    width: int = ranged(32, 8192, default=2048)
    height: int = ranged(32, 4096, default=400)
    wrap: bool = True
    wrap_padding: int = ranged(0, 1024, default=64)
    taper: Literal['cosine', 'flat'] = 'cosine'
    radius: int = ranged(0, 64, default=3)
    fusion: Fusion = field(default_factory=Fusion)
    assistant: Assistant = field(default_factory=Assistant)
    student: Student = field(default_factory=Student)
    mean: tuple[float, float, float] = SAM_MEAN
    std: tuple[float, float, float] = ranged(1e-6, default=SAM_STD)
    balance: float = ranged(0, 1, default=0.0)
    precision: Literal['32-true', 'bf16-mixed'] = '32-true'
    validation_share: float = ranged(1e-6, 0.5, default=0.05)
    seed: int = ranged(0, default=0)
    absent: Literal['skip', 'zero'] = 'skip'

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence that says which keys do not go together.
        """
        sides = (self.width, self.height, self.wrap_padding)
        if any(side % STRIDE for side in sides):
            raise RecipeError(f'{where}: width, height and wrap_padding must be multiples of '
                              f'{STRIDE}, but are {", ".join(map(str, sides))}')
        if self.wrap_padding > self.width or (self.wrap_padding and not self.wrap):
            raise RecipeError(f'{where}: wrap_padding must be 0 without wrap and at most the '
                              f'width, but is {self.wrap_padding}')
        if not self.windows or any(0 < f.height < LEAST for f in self.windows):
            raise RecipeError(f'{where}: windows needs a family, each of at least {LEAST} rows')
        try:
            lay_out(self.windows, self.width, self.height, self.wrap)
        except RecipeError as error:
            raise RecipeError(f'{where}: {error}') from error
        self.fusion.check(f'{where}: fusion')
        for name, part in (('assistant', self.assistant), ('student', self.student)):
            part.source.check(f'{where}: {name}: source')
        self.assistant.adapt.check(f'{where}: assistant: adapt')
        self.student.plan.check(f'{where}: student: plan')
        for name, losses, keys in (
            ('assistant', self.assistant.losses, ('consistency', 'ensemble', 'reliable')),
            ('student', self.student.losses, ('stitched', 'ensemble', 'reliable', 'boundary')),
        ):
            if not any(getattr(losses, key) for key in keys):
                raise RecipeError(f'{where}: {name}: losses leave nothing to learn; give one of '
                                  f'{", ".join(keys)} a weight above 0')


def make_recipe(values: Any, where: str, changes: Sequence[str] = ()) -> PanoramicRecipe:
    """Return a checked recipe from the content of a file and changes like `fusion.theta=60`.

    Raises:
        RecipeError: With one sentence that says what is wrong and where.
    """
    values = changed(values, list(changes))
    if isinstance(values, dict):
        values.pop('study', None)   # what stands beside the recipe in its file (study.py)
    recipe = build(PanoramicRecipe, values, where)
    recipe.check(where)
    return recipe
