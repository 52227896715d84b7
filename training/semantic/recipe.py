# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of CMESS: which pictures, which events, which networks, and what every stage does.

Where the paper does not say, the choice stands here by name, with the alternative beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from ..distill.recipe import changed
from ..errors import RecipeError
from ..fields import build, ranged
from .sets import SetChoice


@dataclass(frozen=True)
class Reconstruction:
    """From events to a grey picture (the paper: E2VID, frozen).

    Attributes:
        kind: `recurrent`: a small recurrent U-Net of our own, trained on simulated events of the
            source's pictures; `high_pass`: a leaky integral of the events, nothing to train;
            `torchscript`: E2VID or another network of that interface.
        path: Of the torchscript.
        cutoff_hz: Of `high_pass`: rate at which the past is forgotten, 0.01 to 100.
        sequences: Of `recurrent`: simulated sequences to learn from.
        steps: Of `recurrent`: optimiser steps.
        batch: Of `recurrent`: sequences a step.
        rate: Of `recurrent`: peak learning rate.
    """

    kind: Literal['recurrent', 'high_pass', 'torchscript'] = 'recurrent'
    path: Path | None = None
    cutoff_hz: float = ranged(0.01, 100, default=3.0)
    sequences: int = ranged(1, default=96)
    steps: int = ranged(1, default=200)
    batch: int = ranged(1, default=4)
    rate: float = ranged(1e-12, default=2e-3)


@dataclass(frozen=True)
class Schedule:
    """How a network is trained.

    Attributes:
        steps: Optimiser steps.
        batch: Pictures a step, of each stream.
        rate: Peak learning rate.
        final_rate: Learning rate at the last step, reached along a cosine.
        warm_up: Steps of linear warm-up.
        head: Factor of the learning rate of the head (SegFormer: 10, from ImageNet's weights).
        weight_decay: Of AdamW, for matrices.
        clip: Greatest norm of the gradient.
        ema: Decay of the averaged weights a step.
        least_crop: Smallest share of the side that a random crop keeps; 1 is the whole.
        augment: Whether event pictures lose, gain and swap events, and frames their brightness;
            false for event pictures of the representation `eventsam`.
        check_every: Steps between validations and checkpoints.
    """

    steps: int = ranged(1, default=300)
    batch: int = ranged(1, default=8)
    rate: float = ranged(1e-12, default=1e-3)
    final_rate: float = ranged(0, default=1e-5)
    warm_up: int = ranged(0, default=20)
    head: float = ranged(0.01, 100, default=1.0)
    weight_decay: float = ranged(0, default=0.01)
    clip: float = ranged(1e-12, default=1.0)
    ema: float = ranged(0, 0.999999, default=0.98)
    least_crop: float = ranged(0.1, 1, default=0.6)
    augment: bool = True
    check_every: int = ranged(1, default=100)

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence.
        """
        if self.warm_up >= self.steps:
            raise RecipeError(f'{where}: warm_up must be less than steps, but is {self.warm_up} '
                              f'of {self.steps}')
        if self.final_rate > self.rate:
            raise RecipeError(f'{where}: final_rate must be at most rate, but is '
                              f'{self.final_rate:g} against {self.rate:g}')


@dataclass(frozen=True)
class Fusion:
    """How two predictions become a pseudo-label: P* = weight P_S + (1 - weight) P_T.

    Attributes:
        weight: Of the prediction on the reconstruction, 0 to 1 (lambda in the paper, which does
            not give its value).
        of: `probabilities` (as drawn in the paper), or `logits`.
        threshold: Greatest probability under which a pixel is left out, 0 to below 1.
        share: Instead, the share of the pixels of each predicted class that is kept, the surest
            ones, over all samples; 1 goes by the threshold alone.
    """

    weight: float = ranged(0, 1, default=0.5)
    of: Literal['probabilities', 'logits'] = 'probabilities'
    threshold: float = ranged(0, 0.999, default=0.0)
    share: float = ranged(0.01, 1, default=1.0)


@dataclass(frozen=True)
class Alignment:
    """What stage 3 does.

    Attributes:
        source: Weight of L_s, cross-entropy of the source stream with its labels.
        target: Weight of L_t, cross-entropy of the target stream with pseudo-labels.
        distil: Weight of L_KD, from the cross stream to the target stream.
        form: Of L_KD: `soft_ce` as CDTrans, or `kl`.
        temperature: That both are divided by in L_KD, 0.1 to 20.
        detach: Whether the teacher is left alone by L_KD; CDTrans lets gradients into both.
        shown: What the source stream sees: `events` (the final version), or `images` (the first).
        stages: Of the encoder in which the third stream asks across, 0 to 3.
        pairs: Which source sample meets which target sample: nearest by the `histogram` of
            classes in labels and pseudo-labels, nearest by pooled `features` of the network at
            hand, or `random`.
        refresh: Steps between new pairs by features.
        keep: Least likeness of a pair, 0 to 1; pairs under it are left out.
        start: Whether to begin with the network of stage 1 on events (else with `weights`).
        begun: Share of what it began with in the weights that it leaves, the rest being what it
            learnt (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022). CMESS:
            0.
    """

    source: float = ranged(0, default=1.0)
    target: float = ranged(0, default=1.0)
    distil: float = ranged(0, default=1.0)
    form: Literal['soft_ce', 'kl'] = 'soft_ce'
    temperature: float = ranged(0.1, 20, default=1.0)
    detach: bool = True
    shown: Literal['events', 'images'] = 'events'
    stages: tuple[int, ...] = ranged(0, 3, default=(0, 1, 2, 3))
    pairs: Literal['histogram', 'features', 'random'] = 'histogram'
    refresh: int = ranged(1, default=100)
    keep: float = ranged(0, 1, default=0.0)
    start: bool = True
    begun: float = ranged(0, 1, default=0.0)


@dataclass(frozen=True)
class CmessRecipe:
    """All of CMESS; paths are relative to the working directory.

    Attributes:
        name: Of the model and its bundle.
        classes: Table: `ddd17_6`, `dsec_11`, or `shapes` of simulated scenes.
        source: Labelled pictures, and events of them.
        target: Events whose labels, where there are any, only the supervised setting sees.
        test: Events with labels to judge on; never trained on.
        width: Columns of the network's input, a multiple of 4.
        height: Rows of it, a multiple of 4.
        representation: Event picture (eventsam_ros.events.tensors), for E' and E alike.
        packets: Packets of events that lead up to a moment; the reconstruction sees all.
        window_packets: The last so many are the event picture.
        mean: Grey level to subtract from event pictures, for each channel.
        std: Grey levels to divide the rest by.
        frame_mean: The same for grey frames and reconstructions.
        frame_std: The same.
        balance: How much more rare classes count: cross-entropies are weighted by the inverse of
            the class's frequency in the source to this power, 0 to 1. The paper and ESS: 0.
        weights: Checkpoint of SegFormer or its encoder to begin with (ImageNet, Cityscapes), as
            published by its authors or by transformers; none draws random weights.
        reconstruction: See Reconstruction.
        images: Stage 1, the network of pictures.
        events: Stage 1, its twin on events.
        fusion: Stage 2.
        alignment: Stage 3.
        cross: Stage 3, how it is trained.
        supervised: How the supervised setting is trained.
        precision: `32-true`, or `bf16-mixed`.
        validation_share: Share of the source's pictures that only validate. Nothing is chosen
            by it: the last averaged weights are kept.
        seed: Of weights, order and augmentations.
        absent: What a class that is neither there nor predicted does to mIoU: `skip`, or count as
            0 (`zero`, as ESS).
        window_ms: Length of the windows that the bundle asks for; 0 takes that of the target.
    """

    name: str
    classes: Literal['ddd17_6', 'dsec_11', 'shapes']
    source: SetChoice
    target: SetChoice
    test: SetChoice
    width: int = ranged(32, 4096, default=128)
    height: int = ranged(32, 4096, default=96)
    representation: Literal['robust', 'eventsam'] = 'robust'
    packets: int = ranged(1, 64, default=8)
    window_packets: int = ranged(1, 64, default=2)
    mean: tuple[float, float, float] = (128.0, 128.0, 128.0)
    std: tuple[float, float, float] = ranged(1e-6, default=(40.0, 40.0, 40.0))
    frame_mean: float = 116.0
    frame_std: float = ranged(1e-6, default=58.0)
    balance: float = ranged(0, 1, default=0.0)
    weights: Path | None = None
    reconstruction: Reconstruction = field(default_factory=Reconstruction)
    images: Schedule = field(default_factory=Schedule)
    events: Schedule = field(default_factory=Schedule)
    fusion: Fusion = field(default_factory=Fusion)
    alignment: Alignment = field(default_factory=Alignment)
    cross: Schedule = field(default_factory=Schedule)
    supervised: Schedule = field(default_factory=Schedule)
    precision: Literal['32-true', 'bf16-mixed'] = '32-true'
    validation_share: float = ranged(1e-6, 0.5, default=0.05)
    seed: int = ranged(0, default=0)
    absent: Literal['skip', 'zero'] = 'skip'
    window_ms: float = ranged(0, 10_000, default=0.0)

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence that says which keys do not go together.
        """
        for name in ('source', 'target', 'test'):
            getattr(self, name).check(f'{where}: {name}')
        for name in ('images', 'events', 'cross', 'supervised'):
            getattr(self, name).check(f'{where}: {name}')
        if self.width % 4 or self.height % 4:
            raise RecipeError(f'{where}: width and height must be multiples of 4, but are '
                              f'{self.width} and {self.height}')
        changed_events = [name for name in ('events', 'cross', 'supervised')
                          if getattr(self, name).augment]
        if self.representation != 'robust' and changed_events:
            raise RecipeError(f'{where}: {changed_events[0]}: augment must be false with '
                              f'representation {self.representation}, whose level of "no event" '
                              'moves')
        if self.window_packets > self.packets:
            raise RecipeError(f'{where}: window_packets must be at most packets, but is '
                              f'{self.window_packets} of {self.packets}')
        shapes = {getattr(self, k).kind == 'scenes' for k in ('source', 'target', 'test')}
        if shapes != {self.classes == 'shapes'}:
            raise RecipeError(f'{where}: classes shapes and sets of kind scenes belong together')
        if self.source.kind == 'dataset':
            raise RecipeError(f'{where}: source must be labelled pictures, not a dataset')
        given = self.alignment
        if not (given.source or given.target or given.distil):
            raise RecipeError(f'{where}: alignment leaves nothing to learn; give source, target '
                              'or distil a weight above 0')
        if given.begun and not given.start:
            raise RecipeError(f'{where}: alignment: begun mixes in the network of stage 1, which '
                              'start: false leaves out')
        if (self.reconstruction.kind == 'torchscript') != (self.reconstruction.path is not None):
            raise RecipeError(f'{where}: reconstruction: path belongs to kind torchscript')

    @property
    def served_ms(self) -> float:
        """Length of the windows that the trained network wants, ms."""
        return self.window_ms or self.target.packet_ms * self.window_packets


def make_recipe(values: Any, where: str, changes: Sequence[str] = ()) -> CmessRecipe:
    """Return a checked recipe from the content of a file and changes like `fusion.weight=0.3`.

    Raises:
        RecipeError: With one sentence that says what is wrong and where.
    """
    values = changed(values, list(changes))
    if isinstance(values, dict):
        values.pop('study', None)   # what stands beside the recipe in its file (study.py)
    recipe = build(CmessRecipe, values, where)
    recipe.check(where)
    return recipe


def load_values(path: Path) -> Any:
    """Return what stands in a recipe file.

    Raises:
        RecipeError: It cannot be read.
    """
    try:
        return yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f'{path} cannot be read: {error}') from error
