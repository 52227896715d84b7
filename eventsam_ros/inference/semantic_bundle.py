# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `event_semantic`: what their `bundle.yaml` says, and their one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eventsam_ros.events.tensors import BINS, REPRESENTATIONS

from .bundle import check_file
from .class_maps import (
    STRIDE,
    Colours,
    manifest_path,
    open_graph,
    read_classes,
    read_size,
    read_top,
)
from .engines import Engine, EngineOptions
from .engines.engine import Shape
from .manifest import PRECISIONS, FileEntry, file_entry

TASK = 'event_semantic'


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
    colours: Colours
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


def read_semantic_manifest(path: Path) -> SemanticManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    top = read_top(path, TASK)
    representation, picture = top.section('representation'), top.section('input')
    if (bins := representation.whole('bins')) != BINS:
        raise representation.error(f'representation.bins must be {BINS}', bins)
    width, height = read_size(picture)
    classes, colours = read_classes(top)
    return SemanticManifest(
        name=top.text('name'), representation=representation.text('name', REPRESENTATIONS),
        window_ms=top.section('window').positive('duration_ms'), width=width, height=height,
        mean=picture.levels('mean'), std=picture.levels('std', above_zero=True),
        classes=classes, colours=colours,
        network=file_entry(top.section('files'), 'network'),
        precision=top.text('precision', PRECISIONS), licence=top.text('licence'),
        training=top.mapping('training'), parity=top.mapping('parity', optional=True))


def load_semantic_bundle(path: Path | str) -> SemanticBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    file = manifest_path(path)
    manifest = read_semantic_manifest(file)
    network = manifest.network
    check_file(file.parent / network.path, network.size, network.sha256)
    return SemanticBundle(file.parent, manifest)


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
    inputs, outputs = graph_shapes(bundle.manifest)
    return open_graph(bundle.network_path, inputs, outputs, engine, threads, compiling)
