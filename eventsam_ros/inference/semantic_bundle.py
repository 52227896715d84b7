# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `event_semantic`: what their `bundle.yaml` says, and their one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from eventsam_ros.errors import BundleError, EngineError
from eventsam_ros.events.tensors import BINS, REPRESENTATIONS

from .bundle import MANIFEST_NAME, check_file
from .engines import Engine, EngineOptions, create_engine
from .engines.engine import Shape
from .graphs import check_shapes
from .manifest import FORMAT_VERSION, PRECISIONS, FileEntry, file_entry
from .sections import Section

TASK = 'event_semantic'
STRIDE = 4
"""Input pixels to one place of the logits."""


@dataclass(frozen=True)
class SemanticManifest:
    """What `bundle.yaml` says.

    Attributes:
        name: Name of the model.
        representation: Event picture, one of eventsam_ros.events.tensors.REPRESENTATIONS.
        window_ms: Length of the windows it was trained on, milliseconds.
        width: Columns of the input, pixels.
        height: Rows of the input, pixels.
        mean: Grey level (0 to 255) that is subtracted, one a channel.
        std: Grey levels that the rest is divided by, one a channel.
        classes: Names; class k is value k of a class map.
        colours: RGB, 0 to 255, one a class.
        network: The one file.
        precision: Precision of the stored weights, one of manifest.PRECISIONS.
        licence: SPDX identifier of the weights' licence.
        training: How it was trained, as written.
        parity: How far the graph is from the network, as written; empty where nobody measured it.
    """

    name: str
    representation: str
    window_ms: float
    width: int
    height: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    network: FileEntry
    precision: str
    licence: str
    training: Mapping[str, object]
    parity: Mapping[str, object]


@dataclass(frozen=True)
class SemanticBundle:
    """A bundle whose manifest and file have been checked.

    Attributes:
        path: The folder.
        manifest: What its `bundle.yaml` says.
    """

    path: Path
    manifest: SemanticManifest

    @property
    def network_path(self) -> Path:
        """Return the ONNX file."""
        return self.path / self.manifest.network.path


def _colours(top: Section, count: int) -> tuple[tuple[int, int, int], ...]:
    value = top.get('colours')
    rule = f'colours must be {count} lists of red, green and blue, 0 to 255'
    if not isinstance(value, list) or len(value) != count:
        raise top.error(rule, value)
    found = []
    for entry in value:
        whole = isinstance(entry, list) and len(entry) == 3 and all(
            isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 255 for v in entry)
        if not whole:
            raise top.error(rule, entry)
        found.append((entry[0], entry[1], entry[2]))
    return tuple(found)


def read_semantic_manifest(path: Path) -> SemanticManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f'{path} cannot be read: {error}') from error
    except yaml.YAMLError as error:
        raise BundleError(f'{path} is not valid YAML: {" ".join(str(error).split())}') from error
    top = Section(values, path)
    version = top.whole('format_version')
    if version != FORMAT_VERSION:
        raise BundleError(
            f'{path}: format_version {version} is not known to this release, which reads '
            f'version {FORMAT_VERSION}; update eventsam_ros or fetch a bundle made for it')
    task = top.text('task')
    if task != TASK:
        raise BundleError(f'{path} is for the task {task}, but one of {TASK} is needed')
    representation, picture = top.section('representation'), top.section('input')
    if (bins := representation.whole('bins')) != BINS:
        raise representation.error(f'representation.bins must be {BINS}', bins)
    classes = top.texts('classes')
    if not 2 <= len(classes) <= 255:
        raise top.error('classes must be 2 to 255 names', list(classes))
    manifest = SemanticManifest(
        name=top.text('name'), representation=representation.text('name', REPRESENTATIONS),
        window_ms=top.section('window').positive('duration_ms'),
        width=picture.whole('width'), height=picture.whole('height'),
        mean=picture.levels('mean'), std=picture.levels('std', above_zero=True),
        classes=classes, colours=_colours(top, len(classes)),
        network=file_entry(top.section('files'), 'network'),
        precision=top.text('precision', PRECISIONS), licence=top.text('licence'),
        training=top.mapping('training'), parity=top.mapping('parity', optional=True))
    for side, size in (('width', manifest.width), ('height', manifest.height)):
        if size % STRIDE:
            raise picture.error(f'input.{side} must be a multiple of {STRIDE}', size)
    return manifest


def load_semantic_bundle(path: Path | str) -> SemanticBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    folder = Path(path).expanduser()
    if folder.name == MANIFEST_NAME:
        folder = folder.parent
    if not (folder / MANIFEST_NAME).is_file():
        raise BundleError(f'there is no bundle at {folder}; give the folder that holds '
                          f'{MANIFEST_NAME}')
    manifest = read_semantic_manifest(folder / MANIFEST_NAME)
    check_file(folder / manifest.network.path, manifest.network.size, manifest.network.sha256)
    return SemanticBundle(folder, manifest)


def graph_shapes(manifest: SemanticManifest) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the inputs and outputs, by name, that the graph must have."""
    places = (manifest.height // STRIDE, manifest.width // STRIDE)
    return ({'image': (1, 3, manifest.height, manifest.width)},
            {'logits': (1, len(manifest.classes), *places)})


def open_network(
    bundle: SemanticBundle, engine: str = 'auto', threads: int | None = None,
    compiling: EngineOptions | None = None,
) -> Engine:
    """Load the graph of a bundle and check that it fits its manifest.

    Args:
        bundle: A checked bundle.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        compiling: Settings of back ends that compile graphs; None takes the defaults.

    Raises:
        BundleError: The graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    path = bundle.network_path
    network = create_engine(path, engine, threads, compiling)
    inputs, outputs = graph_shapes(bundle.manifest)
    try:
        check_shapes(f'the inputs of {path}', network.inputs, inputs)
        check_shapes(f'the outputs of {path}', network.outputs, outputs)
    except (BundleError, EngineError):
        network.close()
        raise
    return network
