# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `referring`: what their `bundle.yaml` says, and their three graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eventsam_ros.errors import BundleError
from eventsam_ros.events.sum_words import BINS
from eventsam_ros.events.tensors import REPRESENTATIONS

from .bundle import check_file, manifest_path
from .engines.engine import Shape
from .engines.tensorrt_build import Range
from .manifest import PRECISIONS, FileEntry, file_entry, read_top
from .sections import Section
from .words import Words, load_words

TASK = 'referring'
MODALITIES = ('images', 'events', 'both')
SCORES = ('mask', 'head')
GRAPHS = ('encoder', 'text', 'decoder')
FILES = (*GRAPHS, 'words')
STRIDE = 16
"""Input pixels to one place of the embedding."""
LOW_RES = 4
"""Input pixels to one place of the mask logits."""
CHANNELS = 256
MOST_TARGETS = 16
"""Targets in one call of the decoder; more take several calls."""
_USUAL_TARGETS = 2
Shapes = dict[str, Shape]


@dataclass(frozen=True)
class ReferringManifest:
    """What `bundle.yaml` says.

    Attributes:
        name: Name of the model.
        modalities: What the network looks at, one of MODALITIES.
        representation: Event picture, one of eventsam_ros.events.tensors.REPRESENTATIONS; empty
            where no events are looked at.
        window_ms: Length of the windows it was trained on, milliseconds; 0 without events.
        width: Columns of the input, pixels.
        height: Rows of the input, pixels.
        image_mean: Grey level (0 to 255) that is subtracted from red, green and blue.
        image_std: Grey levels that the rest is divided by.
        event_mean: The same for the event picture.
        event_std: The same for the event picture.
        hierarchy: Whether the encoder gives a second embedding, of its middle layers.
        detail: Channels of detail at stride 4, folded to stride 16; 0 for none.
        track: Whether a track token is carried from frame to frame.
        words: Tokens of a sentence, padding included.
        vocabulary: The words that it knows; empty where it takes any.
        mask_threshold: Logit above which a pixel is mask.
        threshold: Score from which a target counts as found, 0 to 1.
        score: Where scores come from, one of SCORES: the mean probability over the mask's pixels
            (`mask`), or what the network expects of its mask (`head`).
        gap_s: Seconds between two frames beyond which tracks are forgotten.
        files: By FILES.
        precision: Precision of the stored weights, one of manifest.PRECISIONS.
        licence: SPDX identifier of the weights' licence.
        training: How it was trained, as written.
        parity: How far the graphs are from the network, as written; empty where nobody measured.
    """

    name: str
    modalities: str
    representation: str
    window_ms: float
    width: int
    height: int
    image_mean: tuple[float, ...]
    image_std: tuple[float, ...]
    event_mean: tuple[float, ...]
    event_std: tuple[float, ...]
    hierarchy: bool
    detail: int
    track: bool
    words: int
    vocabulary: tuple[str, ...]
    mask_threshold: float
    threshold: float
    score: str
    gap_s: float
    files: Mapping[str, FileEntry]
    precision: str
    licence: str
    training: Mapping[str, object]
    parity: Mapping[str, object]

    @property
    def images(self) -> bool:
        """Whether it looks at colour pictures."""
        return self.modalities != 'events'

    @property
    def events(self) -> bool:
        """Whether it looks at events."""
        return self.modalities != 'images'


@dataclass(frozen=True)
class ReferringBundle:
    """A bundle whose manifest and files have been checked.

    Attributes:
        path: The folder.
        manifest: What its `bundle.yaml` says.
    """

    path: Path
    manifest: ReferringManifest

    def file(self, key: str) -> Path:
        """Return one of its files, by its name in FILES."""
        return self.path / self.manifest.files[key].path


def read_referring_manifest(path: Path) -> ReferringManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    top = read_top(path, TASK)
    modalities = top.text('modalities', MODALITIES)
    picture, text, answer = top.section('input'), top.section('text'), top.section('answer')
    embedding = top.section('embedding')
    levels: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {}
    for kind, looked_at in (('image', modalities != 'events'), ('events', modalities != 'images')):
        levels[kind] = (), ()
        if looked_at:
            section = picture.section(kind)
            levels[kind] = section.levels('mean'), section.levels('std', above_zero=True)
    representation, window_ms = _events(top) if modalities != 'images' else ('', 0.0)
    return ReferringManifest(
        name=top.text('name'), modalities=modalities, representation=representation,
        window_ms=window_ms, width=_side(picture, 'width'), height=_side(picture, 'height'),
        image_mean=levels['image'][0], image_std=levels['image'][1],
        event_mean=levels['events'][0], event_std=levels['events'][1],
        hierarchy=embedding.flag('hierarchy'), detail=_detail(embedding),
        track=answer.flag('track'), words=text.whole('words'),
        vocabulary=text.texts('vocabulary'),
        mask_threshold=_number(answer, 'mask_threshold'),
        threshold=_share(answer, 'threshold'),
        score=answer.text('score', SCORES), gap_s=answer.positive('gap_s'),
        files={key: file_entry(top.section('files'), key) for key in FILES},
        precision=top.text('precision', PRECISIONS), licence=top.text('licence'),
        training=top.mapping('training'), parity=top.mapping('parity', optional=True))


def _events(top: Section) -> tuple[str, float]:
    representation = top.section('representation')
    if (bins := representation.whole('bins')) != BINS:
        raise representation.error(f'representation.bins must be {BINS}', bins)
    return (representation.text('name', REPRESENTATIONS),
            top.section('window').positive('duration_ms'))


def _side(picture: Section, key: str) -> int:
    size = picture.whole(key)
    if size % STRIDE:
        raise picture.error(f'input.{key} must be a multiple of {STRIDE}', size)
    return size


def _detail(embedding: Section) -> int:
    value = embedding.get('detail')
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise embedding.error('embedding.detail must be a whole number of at least 0', value)
    return value


def _number(section: Section, key: str) -> float:
    value = section.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e6:
        raise section.error(f'answer.{key} must be a number', value)
    return float(value)


def _share(section: Section, key: str) -> float:
    value = _number(section, key)
    if not 0 <= value <= 1:
        raise section.error(f'answer.{key} must be 0 to 1', value)
    return value


def load_referring_bundle(path: Path | str) -> ReferringBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    file = manifest_path(path)
    manifest = read_referring_manifest(file)
    for entry in manifest.files.values():
        check_file(file.parent / entry.path, entry.size, entry.sha256)
    return ReferringBundle(file.parent, manifest)


def checked_words(bundle: ReferringBundle) -> Words:
    """Read the tokenizer of a bundle and check that it fits the manifest.

    Raises:
        BundleError: It cannot be read, or gives another number of tokens.
    """
    path = bundle.file('words')
    words = load_words(path)
    if words.tokens != bundle.manifest.words:
        raise BundleError(f'{path} gives {words.tokens} tokens a sentence where the manifest says '
                          f'{bundle.manifest.words}; export the bundle again')
    return words


def encoder_shapes(m: ReferringManifest) -> tuple[Shapes, Shapes]:
    """Return the inputs and outputs, by name, that the encoder must have."""
    picture = (1, 3, m.height, m.width)
    places = (m.height // STRIDE, m.width // STRIDE)
    inputs: Shapes = {name: picture for name, there in (
        ('image', m.images), ('events', m.events)) if there}
    outputs: Shapes = {'embedding': (1, CHANNELS, *places)}
    if m.hierarchy:
        outputs['hierarchy'] = (1, CHANNELS, *places)
    if m.detail:
        outputs['detail'] = (1, m.detail * (STRIDE // LOW_RES) ** 2, *places)
    return inputs, outputs


def text_shapes(m: ReferringManifest) -> tuple[Shapes, Shapes]:
    """Return the inputs and outputs of the text graph: one sentence, ids of its tokens."""
    return ({'ids': (1, m.words), 'mask': (1, m.words)},
            {'words': (1, m.words, CHANNELS), 'sentence': (1, CHANNELS)})


def decoder_shapes(m: ReferringManifest) -> tuple[Shapes, Shapes]:
    """Return the inputs and outputs of the decoder; open sizes are the number of targets."""
    low = (m.height // LOW_RES, m.width // LOW_RES)
    inputs: Shapes = {
        **encoder_shapes(m)[1], 'words': (None, m.words, CHANNELS), 'mask': (None, m.words),
        'sentence': (None, CHANNELS)}
    outputs: Shapes = {'low_res_masks': (None, 1, *low), 'scores': (None,)}
    if m.track:
        inputs |= {'track': (None, CHANNELS), 'has_track': (None,)}
        outputs['next_track'] = (None, CHANNELS)
    return inputs, outputs


def decoder_ranges(m: ReferringManifest) -> dict[str, Range]:
    """Return the range of every input of open size of the decoder: 1 to MOST_TARGETS targets."""
    found = {}
    for name, shape in decoder_shapes(m)[0].items():
        if shape[0] is None:
            rest = tuple(side for side in shape[1:] if side is not None)
            found[name] = Range(
                *((count, *rest) for count in (1, _USUAL_TARGETS, MOST_TARGETS)))
    return found
