# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The text of a bundle: `bundle.yaml` read into typed fields, every mistake named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
import re

import yaml

from eventsam_ros.errors import BundleError
from eventsam_ros.events.sum_words import BINS
from eventsam_ros.events.tensors import REPRESENTATIONS

from .sections import Section

FORMAT_VERSION = 1
"""The only layout of `bundle.yaml` that this release reads."""
TASKS = ('events', 'event_semantic', 'rgbt_semantic', 'referring', 'panoramic')
PROMPT_OUTPUTS = ('first', 'best', 'sam')
PADDINGS = ('blank', 'zero')
POINT_PADDINGS = ('slots', 'sam')
PRECISIONS = ('fp16', 'fp32')


@dataclass(frozen=True)
class FileEntry:
    """One file of a bundle.

    Attributes:
        path: Place inside the bundle folder.
        sha256: Checksum, 64 lower-case hexadecimal digits.
        size: Length in bytes.
    """

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What `bundle.yaml` says.

    Attributes:
        name: Name of the model.
        task: One of TASKS.
        modalities: What the encoder looks at, for example ('events',).
        representation: Event picture, one of eventsam_ros.events.tensors.REPRESENTATIONS.
        window_ms: Length of the windows it was trained on, milliseconds.
        width: Columns of the encoder's input, pixels.
        height: Rows of the encoder's input, pixels.
        mean: Grey level (0 to 255) that is subtracted, one a channel.
        std: Grey levels that the rest is divided by, one a channel.
        padding: What surrounds the picture, one of PADDINGS: the grey level of "no event", or
            zeros behind the normalisation, as SAM has it.
        channels: Channels of the embedding.
        stride: Input pixels to one place of the embedding.
        multimask: Whether outputs 1 to 3 of the decoder hold alternatives for one click.
        prompt_output: Which output answers a prompt, one of PROMPT_OUTPUTS: the first, the one
            of which the network expects most, or as SAM's authors advise: for a lone click the
            best of the three alternatives, otherwise the first.
        point_padding: How a prompt's points are padded, one of POINT_PADDINGS: to four, or as in
            SAM: by one where there is no box, and not at all where there is one.
        low_res_stride: Input pixels to one place of the mask logits.
        box_prior: Whether a box also comes as a mask prompt (see priors.box_logits).
        classes: Class names; empty for a model that knows objects only.
        files: 'encoder' and 'decoder'.
        precision: Precision of the stored weights, one of PRECISIONS.
        licence: SPDX identifier of the weights' licence.
        training: How it was trained, as written (recipe, data, commit, metrics).
        parity: How far the graphs are from the network that they were exported from, as written;
            empty where nobody measured it.
    """

    name: str
    task: str
    modalities: tuple[str, ...]
    representation: str
    window_ms: float
    width: int
    height: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    padding: str
    channels: int
    stride: int
    multimask: bool
    prompt_output: str
    point_padding: str
    low_res_stride: int
    box_prior: bool
    classes: tuple[str, ...]
    files: Mapping[str, FileEntry]
    precision: str
    licence: str
    training: Mapping[str, object]
    parity: Mapping[str, object]


def file_entry(files: Section, key: str) -> FileEntry:
    """Return what the manifest says of one file.

    Raises:
        BundleError: A value does not fit, or the path leaves the bundle.
    """
    entry = files.section(key)
    path = entry.text('path')
    parts = PurePosixPath(path)
    if parts.is_absolute() or '..' in parts.parts:
        raise entry.error(f'files.{key}.path must lie inside the bundle folder', path)
    sha256 = entry.text('sha256')
    if not re.fullmatch('[0-9a-f]{64}', sha256):
        raise entry.error(f'files.{key}.sha256 must be 64 hexadecimal digits', sha256)
    return FileEntry(path, sha256, entry.whole('bytes'))


def read_top(path: Path, task: str | None = None) -> Section:
    """Return the content of a `bundle.yaml`.

    Args:
        path: The file.
        task: That it must be for; None takes any.

    Raises:
        BundleError: It cannot be read, is of another format version, or for another task.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f'{path} cannot be read: {error}') from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:   # such as 2026-02-30
        reason = ' '.join(str(error).split())
        raise BundleError(f'{path} is not valid YAML: {reason}') from error
    top = Section(values, path)
    version = top.whole('format_version')
    if version != FORMAT_VERSION:
        raise BundleError(
            f'{path}: format_version {version} is not known to this release, which reads '
            f'version {FORMAT_VERSION}; update eventsam_ros or fetch a bundle made for it')
    if task is not None and (found := top.text('task')) != task:
        raise BundleError(f'{path} is for the task {found}, but one of {task} is needed')
    return top


def read_manifest(path: Path) -> Manifest:
    """Read and check `bundle.yaml`.

    Args:
        path: The file.

    Returns:
        What it says. Unknown keys are left alone, so that a bundle may carry notes.

    Raises:
        BundleError: It cannot be read, is of another format version, or a value does not fit.
    """
    top = read_top(path)
    representation = top.section('representation')
    bins = representation.whole('bins')
    if bins != BINS:
        raise representation.error(f'representation.bins must be {BINS}', bins)
    picture, embedding = top.section('input'), top.section('embedding')
    decoder, files = top.section('decoder'), top.section('files')
    manifest = Manifest(
        name=top.text('name'), task=top.text('task', TASKS), modalities=top.texts('modalities'),
        representation=representation.text('name', REPRESENTATIONS),
        window_ms=top.section('window').positive('duration_ms'),
        width=picture.whole('width'), height=picture.whole('height'),
        mean=picture.levels('mean'), std=picture.levels('std', above_zero=True),
        padding=picture.text('padding', PADDINGS, default='blank'),
        channels=embedding.whole('channels'), stride=embedding.whole('stride'),
        multimask=decoder.flag('multimask'),
        prompt_output=decoder.text('prompt_output', PROMPT_OUTPUTS),
        point_padding=decoder.text('point_padding', POINT_PADDINGS, default='slots'),
        low_res_stride=decoder.whole('low_res_stride'),
        box_prior=decoder.flag('box_prior'),
        classes=top.texts('classes'),
        files={key: file_entry(files, key) for key in ('encoder', 'decoder')},
        precision=top.text('precision', PRECISIONS), licence=top.text('licence'),
        training=top.mapping('training'), parity=top.mapping('parity', optional=True))
    for side, size in (('width', manifest.width), ('height', manifest.height)):
        for stride in (manifest.stride, manifest.low_res_stride):
            if size % stride:
                raise picture.error(f'input.{side} must be a multiple of {stride}', size)
    return manifest
