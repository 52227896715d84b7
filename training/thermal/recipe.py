# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of SARTM: pictures, network, losses and schedule.

Where the paper does not say, or paper and code disagree, the choice stands here by name, with the
alternative beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..distill.recipe import changed
from ..errors import RecipeError
from ..fields import build, ranged, read_values
from .pyramid import MULTIPLE


@dataclass(frozen=True)
class PictureChoice:
    """Labelled pairs, read by eventsam_ros.evaluation.datasets.

    Attributes:
        path: Folder of the set.
        format: Its layout.
        options: Of the reader: `classes` for FMB (14 or 15), `thermal` for PST900.
        train: Split to train on.
        validation: Split to validate on; empty holds out `share` of `train`, since a test set
            must not choose the best weights (the published code lets it).
        share: Of the training pairs that are held out, by their names.
        test: Splits that a study judges on; never read in training.
    """

    path: Path
    format: Literal['mfnet', 'pst900', 'fmb'] = 'mfnet'
    options: dict[str, str] = field(default_factory=dict)
    train: str = 'train'
    validation: str = 'val'
    share: float = ranged(0.01, 0.5, default=0.1)
    test: tuple[str, ...] = ('test',)


@dataclass(frozen=True)
class NetworkChoice:
    """The network.

    Attributes:
        encoder: One of training.thermal.pyramid.HIERAS (SAM 2's), or a compact backbone of timm.
        start: Weights to begin with: an official SAM 2 checkpoint, an encoder of
            `python -m training sartm base`, or a bundle whose encoder has the same backbone;
            none for random ones.
        tune: What of the encoder learns: `low_rank` weights beside the frozen ones (needs
            `start`), `full`, or `frozen`: nothing.
        rank: Of the low-rank weights.
        sets: Low-rank weights `shared` by the modalities (published code) or one set
            `per_modality` (text of a review); the code's three summed sets are one of rank 48.
            With tune full all of the encoder is shared, or each modality has one of its own.
        modalities: What the network looks at.
        answer: `both` heads summed (the paper's figure) or the `main` one (published evaluation).
        head: Channels of the pyramid head; 256 is published.
        guess: Whether the fusion, where one picture is missing, is fed with features that are
            guessed from the other picture, not with that one twice. Not of the paper.
    """

    encoder: str = 'mobilenetv4_conv_small'
    start: Path | None = None
    tune: Literal['low_rank', 'full', 'frozen'] = 'full'
    rank: int = ranged(1, 256, default=16)
    sets: Literal['shared', 'per_modality'] = 'shared'
    modalities: Literal['both', 'rgb', 'thermal'] = 'both'
    answer: Literal['both', 'main'] = 'both'
    head: int = ranged(1, 1024, default=256)
    guess: bool = False


@dataclass(frozen=True)
class CrossChoice:
    """CMKD: the two modalities' main logits teach each other. Not published beyond its name.

    Attributes:
        weight: Of the loss; 0 leaves it out.
        direction: Who learns from whom.
        teacher: The `partner`'s logits, or the `fused` ones (both heads); no gradient through it.
        where: At pixels where the teacher gives the true class more than the learner does
            (`better`), or `everywhere`: blind pictures teach, too.
        temperature: Of both distributions.
    """

    weight: float = ranged(0, default=1.0)
    direction: Literal['both', 'rgb_to_thermal', 'thermal_to_rgb'] = 'both'
    teacher: Literal['partner', 'fused'] = 'partner'
    where: Literal['better', 'everywhere'] = 'better'
    temperature: float = ranged(0.1, 100, default=2.0)


@dataclass(frozen=True)
class LanguageChoice:
    """Similarities of classes: as their texts, so their prototypes.

    Attributes:
        weight: Of the KL divergence of the two matrices; 0 leaves it out.
        prototypes: Weight of the pull of a batch's prototypes to their running means.
        vectors: File of text vectors (training.thermal.text); none for the table of attributes
            that comes with the classes.
        temperature: Of both matrices. The published code has none, which is 1: nearly uniform.
        decay: Of the running means.
        assign: Places of a prototype: `nearest` label of each place (published), or all by the
            `area` that the class has there, which small objects need.
    """

    weight: float = ranged(0, default=1.0)
    prototypes: float = ranged(0, default=1.0)
    vectors: Path | None = None
    temperature: float = ranged(0.01, 10, default=0.1)
    decay: float = ranged(0, 0.9999, default=0.9)
    assign: Literal['nearest', 'area'] = 'area'


@dataclass(frozen=True)
class LossChoice:
    """What counts, and how much; a weight of 0 leaves a loss out.

    Attributes:
        main: Cross-entropy of the main head.
        auxiliary: Of the pyramid head.
        alone: Of the answers from each picture by itself, where it is there: what answers when
            the other camera is gone. Not of the paper; 0 is published.
        guess: Of how far guessed features are from the real ones, of pairs that are whole; only
            with `network.guess`.
        balance: Pixels of a class weigh its share of the training pixels to the power of minus
            this, within the cross-entropy: 0 is all alike (published), 1 is every class alike.
        cross: See CrossChoice.
        language: See LanguageChoice.
    """

    main: float = ranged(0, default=1.0)
    auxiliary: float = ranged(0, default=1.0)
    alone: float = ranged(0, default=0.0)
    guess: float = ranged(0, default=1.0)
    balance: float = ranged(0, 1, default=0.0)
    cross: CrossChoice = field(default_factory=CrossChoice)
    language: LanguageChoice = field(default_factory=LanguageChoice)


@dataclass(frozen=True)
class Augmentation:
    """Changes of training pairs, as published.

    Attributes:
        jitter: Share of colour pictures with other brightness, contrast and saturation.
        blur: Share of colour pictures that are blurred, 3 x 3.
        flip: Share of pairs that are mirrored.
        scale: Least and most size of the picture relative to the input, before the random crop.
    """

    jitter: float = ranged(0, 1, default=0.2)
    blur: float = ranged(0, 1, default=0.2)
    flip: float = ranged(0, 1, default=0.5)
    scale: tuple[float, float] = ranged(0.25, 4, default=(0.5, 2.0))


@dataclass(frozen=True)
class RgbtRecipe:
    """All of a run; paths are relative to the working directory.

    Attributes:
        name: Of the model and its bundle.
        data: See PictureChoice.
        network: See NetworkChoice.
        loss: See LossChoice.
        augmentation: See Augmentation.
        width: Columns of the input, a multiple of 32.
        height: Rows of the input, a multiple of 32.
        missing: Share of the training pairs of which one picture, either, is taken away: the
            network then serves with one camera, too. Not published.
        rgb_mean: Grey level to subtract from red, green and blue.
        rgb_std: Grey levels to divide the rest by.
        thermal_mean: The same of the thermal picture. The published code divides by 255 alone
            (0 and 255), which lets the modalities differ in scale.
        thermal_std: See thermal_mean.
        steps: Optimiser steps.
        batch: Pairs a step over all processes, a multiple of their number.
        rate: Peak learning rate.
        final_rate: Rate at the last step of the schedule `cosine`.
        schedule: `poly`: falls with the power 0.9 of what is left (published), or `cosine`.
        warm_up: Steps of linear warm-up.
        weight_decay: Of AdamW, for matrices.
        clip: Greatest norm of the gradient.
        ema: Decay of the averaged weights a step; 0 for none (published).
        precision: `32-true`, or `bf16-mixed`: products in bfloat16.
        seed: Of weights, order and augmentations.
        check_every: Steps between validations and checkpoints.
        check_pairs: Validation pairs looked at each time.
        pictures: Validation pairs that are drawn each time; may be 0.
        absent: What a class that is neither there nor predicted does to mIoU: `skip`, or count
            as 0 (`zero`, published).
        workers: Threads that make batches.
        cache: Folder for decoded pictures; none keeps them in memory.
    """

    name: str
    data: PictureChoice
    network: NetworkChoice = field(default_factory=NetworkChoice)
    loss: LossChoice = field(default_factory=LossChoice)
    augmentation: Augmentation = field(default_factory=Augmentation)
    width: int = ranged(32, 4096, default=320)
    height: int = ranged(32, 4096, default=256)
    missing: float = ranged(0, 0.9, default=0.3)
    rgb_mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    rgb_std: tuple[float, float, float] = ranged(1e-6, default=(58.395, 57.12, 57.375))
    thermal_mean: tuple[float, float, float] = (116.0, 116.0, 116.0)
    thermal_std: tuple[float, float, float] = ranged(1e-6, default=(58.0, 58.0, 58.0))
    steps: int = ranged(1, default=2000)
    batch: int = ranged(1, default=8)
    rate: float = ranged(1e-12, default=1e-4)
    final_rate: float = ranged(0, default=1e-6)
    schedule: Literal['poly', 'cosine'] = 'poly'
    warm_up: int = ranged(0, default=50)
    weight_decay: float = ranged(0, default=0.01)
    clip: float = ranged(1e-12, default=1.0)
    ema: float = ranged(0, 0.999999, default=0.99)
    precision: Literal['32-true', 'bf16-mixed'] = '32-true'
    seed: int = ranged(0, default=0)
    check_every: int = ranged(1, default=500)
    check_pairs: int = ranged(1, default=60)
    pictures: int = ranged(0, default=4)
    absent: Literal['skip', 'zero'] = 'skip'
    workers: int = ranged(1, 64, default=1)
    cache: Path | None = None

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence that says which keys do not go together.
        """
        if self.width % MULTIPLE or self.height % MULTIPLE:
            raise RecipeError(f'{where}: width and height must be multiples of {MULTIPLE}, but '
                              f'are {self.width} and {self.height}')
        if not (self.loss.main or self.loss.auxiliary):
            raise RecipeError(f'{where}: loss: main or auxiliary must be above 0')
        network = self.network
        if network.answer == 'both' and not (self.loss.main and self.loss.auxiliary):
            raise RecipeError(f'{where}: network: answer is both heads, so loss: main and '
                              'auxiliary must be above 0')
        if network.tune != 'full' and network.start is None:
            raise RecipeError(f'{where}: network: tune is {network.tune}, which adapts trained '
                              'weights; say in start where they are')
        if network.sets == 'per_modality' and (
                network.tune == 'frozen' or network.modalities != 'both'):
            raise RecipeError(f'{where}: network: sets per_modality is for weights that learn '
                              'and both modalities')
        if network.guess and (network.modalities != 'both' or not self.one_camera):
            raise RecipeError(f'{where}: network: guess is for both modalities of which one may '
                              'be missing, so missing or loss: alone must be above 0')
        if self.warm_up >= self.steps:
            raise RecipeError(f'{where}: warm_up must be less than steps, but is {self.warm_up} '
                              f'of {self.steps}')
        if self.final_rate > self.rate:
            raise RecipeError(f'{where}: final_rate must be at most rate, but is '
                              f'{self.final_rate:g} against {self.rate:g}')
        low, high = self.augmentation.scale
        if low > high:
            raise RecipeError(f'{where}: augmentation: scale must rise, but is {low} to {high}')

    @property
    def one_camera(self) -> bool:
        """Whether it learns to answer with one of the two pictures missing."""
        return self.missing > 0 or self.loss.alone > 0

    @property
    def crosses(self) -> bool:
        """Whether the modalities teach each other: only where there are two."""
        return self.loss.cross.weight > 0 and self.network.modalities == 'both'

    @property
    def speaks(self) -> bool:
        """Whether prototypes are kept."""
        return self.loss.language.weight > 0 or self.loss.language.prototypes > 0

    def within(self, folder: Path) -> RgbtRecipe:
        """Return the recipe with relative paths taken from a folder."""
        network, language = self.network, self.loss.language
        if network.start is not None:
            network = replace(network, start=folder / network.start)
        if language.vectors is not None:
            language = replace(language, vectors=folder / language.vectors)
        return replace(
            self, network=network, loss=replace(self.loss, language=language),
            data=replace(self.data, path=folder / self.data.path),
            cache=folder / self.cache if self.cache is not None else None)


def make_recipe(values: Any, where: str, changes: Sequence[str] = ()) -> RgbtRecipe:
    """Return a checked recipe from the content of a file and changes like `loss.cross.weight=0`.

    Raises:
        RecipeError: With one sentence that says what is wrong and where.
    """
    recipe = build(RgbtRecipe, changed(values, changes), where)
    recipe.check(where)
    return recipe


def load_recipe(path: Path, changes: Sequence[str] = ()) -> RgbtRecipe:
    """Read and check a recipe file; see make_recipe.

    Raises:
        RecipeError: The file cannot be read or is no recipe.
    """
    return make_recipe(read_values(path), path.name, changes)
