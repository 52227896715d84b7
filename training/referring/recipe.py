# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of RefSAM: clips, network, losses and schedule.

Where the paper does not say, the choice stands here by name, with the alternative beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..distill.recipe import changed
from ..errors import RecipeError
from ..fields import build, ranged, read_values
from .clips.augment import Augmentation

MULTIPLE = 32
"""What the sides of every input are multiples of."""


@dataclass(frozen=True)
class ClipChoice:
    """Clips with sentences, as shards of `python -m training refsam clips` or a public set.

    Attributes:
        path: Folder.
        format: `shards`, or a layout of eventsam_ros.evaluation.datasets.
        options: Of that layout, such as `which: refcoco,refcoco+,refcocog`.
        longest: Longer side that larger pictures of a public set are brought to, pixels; 0 keeps
            them.
        train: Split to train on.
        validation: Split to validate on.
        test: Splits that a study judges on; never read in training.
    """

    path: Path
    format: Literal['shards', 'ref-youtube-vos', 'ref-davis17', 'refcoco'] = 'shards'
    options: dict[str, str] = field(default_factory=dict)
    longest: int = ranged(0, 100_000, default=0)
    train: str = 'train'
    validation: str = 'val'
    test: tuple[str, ...] = ('test',)


@dataclass(frozen=True)
class TextChoice:
    """The text encoder.

    Attributes:
        kind: `small`, ours, trained with the rest; or one of transformers that lies in a folder
            (`t5`, `clip`, `roberta`), frozen.
        path: Folder of weights and tokenizer, for all but `small`; nothing is fetched.
        words: Tokens of a sentence at most, the end included.
        learns: Whether it is trained; the published ones are frozen.
        width: Of the small encoder's vectors.
        layers: Of the small encoder.
    """

    kind: Literal['small', 't5', 'clip', 'roberta'] = 'small'
    path: Path | None = None
    words: int = ranged(2, 512, default=16)
    learns: bool = True
    width: int = ranged(16, 4096, default=128)
    layers: int = ranged(0, 24, default=1)


@dataclass(frozen=True)
class NetworkChoice:
    """The network.

    Attributes:
        encoder: One of training.networks.sam_vit.SPECS (SAM's), or a compact backbone of timm.
        start: Weights to begin with: an official SAM checkpoint, a start file of
            `python -m training refsam base`, a bundle of task events whose encoder has the same
            backbone, or best.pt of an earlier run, whose words are kept; none for random ones.
        tune: What of the encoder learns: `adapters` beside frozen weights (needs `start`; what
            stands behind a compact backbone learns too), `full`, or `frozen`: nothing.
        zero_adapters: Whether adapters change nothing at first; the published code's are random.
        recompute: Whether adapted blocks of a transformer are computed again in the backward
            pass, to save memory (published).
        norms: `keep` the statistics of the encoder's batch norms, or let them `learn`.
        modalities: What the network looks at: `images`, `events`, or `both`.
        fusion: How both become one embedding: `joined` by a 1x1 convolution that begins as the
            mean, or the `mean`. Both go through one encoder in one batch.
        detail: Channels of detail at stride 4 beside a compact encoder's embedding; 0 for none.
        text: See TextChoice.
        hidden: Hidden layers of the Cross-Modal MLP; 1 is the paper's best.
        dropout: In the Cross-Modal MLP.
        dense: `hierarchical` dense attention (final paper; reconstructed), `single`: on the
            embedding alone, or `sentence`: the sentence added at every place.
        sharpness: Factor on similarities in dense attention. 1 / 16 is published: with vectors
            of length 1 the attention is nearly uniform.
        likeness: Whether dense attention also tells how alike place and sentence are; false is
            published.
        scale: Factor on what the decoder looks at, places and words. Published is 1: they come
            with length 1, where SAM's decoder was trained on about 16.
        temperature: Factor on the similarity of places and sentence, where likeness answers.
        answers: What makes the masks: the `decoder`, or the `likeness` of sentence and place
            alone, by which encoder and words can meet before the decoder learns: a first stage
            that takes a third of the time; no bundle is made of it.
        track: The implicit tracking module: `mlp` (fits the published count), `attention` (the
            published training code), or `none`.
    """

    encoder: str = 'mobilenetv4_conv_small'
    start: Path | None = None
    tune: Literal['adapters', 'full', 'frozen'] = 'full'
    zero_adapters: bool = True
    recompute: bool = False
    norms: Literal['keep', 'learn'] = 'keep'
    modalities: Literal['images', 'events', 'both'] = 'both'
    fusion: Literal['joined', 'mean'] = 'joined'
    detail: int = ranged(0, 32, default=16)
    text: TextChoice = field(default_factory=TextChoice)
    hidden: int = ranged(0, 8, default=1)
    dropout: float = ranged(0, 0.9, default=0.0)
    dense: Literal['hierarchical', 'single', 'sentence'] = 'hierarchical'
    sharpness: float = ranged(1e-3, 1e3, default=0.0625)
    likeness: bool = False
    scale: float = ranged(1e-3, 1e3, default=1.0)
    temperature: float = ranged(1e-3, 1e3, default=16.0)
    answers: Literal['decoder', 'likeness'] = 'decoder'
    track: Literal['mlp', 'attention', 'none'] = 'mlp'


@dataclass(frozen=True)
class LossChoice:
    """What counts, and how much.

    Attributes:
        dice: Weight of the dice loss.
        focal: Weight of the focal loss.
        alpha: Share of the object in the focal loss; 1 - alpha is the background's.
        gamma: How much the focal loss lets go of what is right already.
        score: Weight of the squared error of the expected IoU, by which a target counts as lost;
            0 is published.
        contrast: Weight of the comparison of a clip's sentences at each pixel that one of them
            names (see losses.contrast_loss); 0 is published.
        alignment: Weight of dice and contrast loss of the masks that likeness alone would give
            (see NetworkChoice.answers); 0 is published. Without it the mask decoder's gradients
            drown what tells encoder and words about each other.
    """

    dice: float = ranged(0, default=1.0)
    focal: float = ranged(0, default=1.0)
    alpha: float = ranged(0, 1, default=0.25)
    gamma: float = ranged(0, 10, default=2.0)
    score: float = ranged(0, default=0.0)
    contrast: float = ranged(0, default=0.0)
    alignment: float = ranged(0, default=0.0)


@dataclass(frozen=True)
class Rates:
    """Peak learning rate of each part; the published sweep's best, or its defaults.

    Attributes:
        encoder: Encoder where it learns in full, and what stands behind a compact backbone.
        adapters: Adapters.
        text: The text encoder.
        words: The Cross-Modal MLP.
        dense: Dense attention, projections of the taps, and fusion of the modalities.
        decoder: The mask decoder; in the paper 1e-4 diverges.
        track: The tracking module.
    """

    encoder: float = ranged(0, default=1e-4)
    adapters: float = ranged(0, default=1e-4)
    text: float = ranged(0, default=1e-4)
    words: float = ranged(0, default=1e-4)
    dense: float = ranged(0, default=1e-4)
    decoder: float = ranged(0, default=1e-6)
    track: float = ranged(0, default=1e-4)


@dataclass(frozen=True)
class ReferringRecipe:
    """All of a run; paths are relative to the working directory.

    Attributes:
        name: Of the model and its bundle.
        data: See ClipChoice.
        network: See NetworkChoice.
        loss: See LossChoice.
        rates: See Rates.
        augmentation: Changes of training clips (see clips.augment.Augmentation); one draw for all
            frames of a clip.
        width: Columns of the input, a multiple of 32.
        height: Rows of the input, a multiple of 32.
        frames: Of a training clip; the loss goes back through all of them.
        stride: Greatest distance of neighbouring frames of a training clip, drawn from 1 on.
        from_first: Share of the training clips that begin with the first frame of theirs: no other
            one shows what a sentence says of the start.
        sentences: About each clip of a batch; they share its pictures.
        leave_out: Kinds of attributes, such as motion, whose sentences are not trained on: what
            a single picture does not tell, where `frames` is 1.
        missing: Share of the steps in which a network of both modalities is shown one alone.
        steps: Optimiser steps.
        batch: Clips a step over all processes, a multiple of their number.
        schedule: `constant` after the warm-up (published), or a `cosine` down to `final` times
            each rate.
        final: See schedule.
        warm_up: Steps of linear warm-up.
        weight_decay: Of AdamW, for matrices.
        clip: Greatest norm of the gradient.
        ema: Decay of the averaged weights a step; 0 for none (published).
        precision: `32-true`, or `bf16-mixed`: products in bfloat16.
        image_mean: Grey level to subtract from red, green and blue.
        image_std: Grey levels to divide the rest by.
        event_mean: The same for pictures of events.
        event_std: The same for pictures of events.
        representation: Of the events, see eventsam_ros.events.tensors.REPRESENTATIONS.
        window_ms: Length of the windows, milliseconds.
        mask_threshold: Logit above which a pixel is mask; the published 0.01 is a logit, too.
        threshold: Score from which a target counts as found.
        gap_s: Seconds without a frame after which tracks are forgotten.
        seed: Of weights, order and augmentations.
        check_every: Steps between validations and checkpoints.
        check_clips: Validation clips looked at each time.
        pictures: Validation clips that are drawn each time; may be 0.
        workers: Threads that make batches.
    """

    name: str
    data: ClipChoice
    network: NetworkChoice = field(default_factory=NetworkChoice)
    loss: LossChoice = field(default_factory=LossChoice)
    rates: Rates = field(default_factory=Rates)
    augmentation: Augmentation = field(default_factory=Augmentation)
    width: int = ranged(32, 4096, default=192)
    height: int = ranged(32, 4096, default=160)
    frames: int = ranged(1, 64, default=3)
    stride: int = ranged(1, 64, default=3)
    from_first: float = ranged(0, 1, default=0.0)
    sentences: int = ranged(1, 64, default=2)
    leave_out: tuple[str, ...] = ()
    missing: float = ranged(0, 1, default=0.0)
    steps: int = ranged(1, default=2000)
    batch: int = ranged(1, default=2)
    schedule: Literal['constant', 'cosine'] = 'cosine'
    final: float = ranged(0, 1, default=0.02)
    warm_up: int = ranged(0, default=50)
    weight_decay: float = ranged(0, default=0.01)
    clip: float = ranged(1e-12, default=1.0)
    ema: float = ranged(0, 0.999999, default=0.99)
    precision: Literal['32-true', 'bf16-mixed'] = '32-true'
    image_mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    image_std: tuple[float, float, float] = ranged(1e-6, default=(58.395, 57.12, 57.375))
    event_mean: tuple[float, float, float] = (128.0, 128.0, 128.0)
    event_std: tuple[float, float, float] = ranged(1e-6, default=(40.0, 40.0, 40.0))
    representation: str = 'robust'
    window_ms: float = ranged(0.1, 10_000, default=50.0)
    mask_threshold: float = 0.0
    threshold: float = ranged(0, 1, default=0.5)
    gap_s: float = ranged(1e-3, default=1.0)
    seed: int = ranged(0, default=0)
    check_every: int = ranged(1, default=500)
    check_clips: int = ranged(1, default=40)
    pictures: int = ranged(0, default=4)
    workers: int = ranged(1, 64, default=1)

    def check(self, where: str) -> None:
        """Check what no field can check alone.

        Raises:
            RecipeError: With one sentence that says which keys do not go together.
        """
        if self.width % MULTIPLE or self.height % MULTIPLE:
            raise RecipeError(f'{where}: width and height must be multiples of {MULTIPLE}, but '
                              f'are {self.width} and {self.height}')
        for split in (self.data.train, self.data.validation):
            if split in self.data.test:
                raise RecipeError(f'{where}: data: split {split} is a test split: name another')
        network, text = self.network, self.network.text
        if network.tune != 'full' and network.start is None:
            raise RecipeError(f'{where}: network: tune is {network.tune}, which keeps trained '
                              'weights; say in start where they are')
        if text.kind != 'small' and text.path is None:
            raise RecipeError(f'{where}: network: text: {text.kind} needs path, the folder of its '
                              'weights')
        if not (self.loss.dice or self.loss.focal):
            raise RecipeError(f'{where}: loss: dice or focal must be above 0')
        if self.warm_up >= self.steps:
            raise RecipeError(f'{where}: warm_up must be less than steps, but is {self.warm_up} '
                              f'of {self.steps}')
        if self.augmentation.events and network.modalities != 'images' and (
                self.representation != 'robust'):
            raise RecipeError(f'{where}: augmentation: events must be false with representation '
                              f'{self.representation}, whose level of "no event" moves')
        if self.data.format != 'shards' and network.modalities != 'images':
            raise RecipeError(f'{where}: {self.data.format} has no events: network: modalities '
                              'must be images')

    def within(self, folder: Path) -> ReferringRecipe:
        """Return the recipe with relative paths taken from a folder."""
        network = self.network
        if network.start is not None:
            network = replace(network, start=folder / network.start)
        if network.text.path is not None:
            network = replace(network, text=replace(
                network.text, path=folder / network.text.path))
        return replace(
            self, network=network, data=replace(self.data, path=folder / self.data.path))


def make_recipe(values: Any, where: str, changes: Sequence[str] = ()) -> ReferringRecipe:
    """Return a checked recipe from the content of a file and changes like `network.track=none`.

    Raises:
        RecipeError: With one sentence that says what is wrong and where.
    """
    try:
        recipe = build(ReferringRecipe, changed(values, changes), where)
    except RecipeError:
        raise
    except ValueError as error:   # of the augmentation
        raise RecipeError(f'{where}: {error}') from error
    recipe.check(where)
    return recipe


def load_recipe(path: Path, changes: Sequence[str] = ()) -> ReferringRecipe:
    """Read and check a recipe file; see make_recipe.

    Raises:
        RecipeError: The file cannot be read or is no recipe.
    """
    return make_recipe(read_values(path), path.name, changes)
