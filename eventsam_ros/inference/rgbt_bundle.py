# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles of task `rgbt_semantic`: what their `bundle.yaml` says, and their one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .bundle import check_file
from .class_maps import STRIDE, manifest_path, read_classes, read_size, read_top
from .engines.engine import Shape
from .manifest import PRECISIONS, FileEntry, file_entry

TASK = 'rgbt_semantic'
FILES = ('network', 'text')


@dataclass(frozen=True)
class RgbtManifest:
    """What `bundle.yaml` says.

    Attributes:
        name: Name of the model.
        width: Columns of the input, pixels.
        height: Rows of the input, pixels.
        rgb_mean: Grey level (0 to 255) that is subtracted from red, green and blue.
        rgb_std: Grey levels that the rest is divided by.
        thermal_mean: The same for the thermal picture.
        thermal_std: The same for the thermal picture.
        classes: Names; class k is value k of a class map.
        colours: RGB, 0 to 255, one a class.
        one_camera: Whether it was trained to serve with one of the two pictures missing.
        files: 'network' and 'text' (the vectors that the classes were likened to).
        precision: Precision of the stored weights, one of manifest.PRECISIONS.
        licence: SPDX identifier of the weights' licence.
        training: How it was trained, as written.
        parity: How far the graph is from the network, as written; empty where nobody measured it.
    """

    name: str
    width: int
    height: int
    rgb_mean: tuple[float, ...]
    rgb_std: tuple[float, ...]
    thermal_mean: tuple[float, ...]
    thermal_std: tuple[float, ...]
    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    one_camera: bool
    files: Mapping[str, FileEntry]
    precision: str
    licence: str
    training: Mapping[str, object]
    parity: Mapping[str, object]


@dataclass(frozen=True)
class RgbtBundle:
    """A bundle whose manifest and files have been checked.

    Attributes:
        path: The folder.
        manifest: What its `bundle.yaml` says.
    """

    path: Path
    manifest: RgbtManifest

    @property
    def network_path(self) -> Path:
        """Return the ONNX file."""
        return self.path / self.manifest.files['network'].path


def read_rgbt_manifest(path: Path) -> RgbtManifest:
    """Read and check the `bundle.yaml` of a bundle of this task.

    Raises:
        BundleError: It cannot be read, is for another task or format version, or a value does
            not fit.
    """
    top = read_top(path, TASK)
    picture, files = top.section('input'), top.section('files')
    rgb, thermal = picture.section('rgb'), picture.section('thermal')
    width, height = read_size(picture)
    classes, colours = read_classes(top)
    return RgbtManifest(
        name=top.text('name'), width=width, height=height,
        rgb_mean=rgb.levels('mean'), rgb_std=rgb.levels('std', above_zero=True),
        thermal_mean=thermal.levels('mean'), thermal_std=thermal.levels('std', above_zero=True),
        classes=classes, colours=colours, one_camera=top.flag('one_camera'),
        files={key: file_entry(files, key) for key in FILES},
        precision=top.text('precision', PRECISIONS), licence=top.text('licence'),
        training=top.mapping('training'), parity=top.mapping('parity', optional=True))


def load_rgbt_bundle(path: Path | str) -> RgbtBundle:
    """Read a bundle of this task and check that it is whole.

    Args:
        path: The folder, or its `bundle.yaml`.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    file = manifest_path(path)
    manifest = read_rgbt_manifest(file)
    for entry in manifest.files.values():
        check_file(file.parent / entry.path, entry.size, entry.sha256)
    return RgbtBundle(file.parent, manifest)


def graph_shapes(manifest: RgbtManifest) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the inputs and outputs, by name, that the graph must have.

    `present` says which pictures are there, colour first: 1 or 0.
    """
    picture = (1, 3, manifest.height, manifest.width)
    places = (manifest.height // STRIDE, manifest.width // STRIDE)
    return ({'rgb': picture, 'thermal': picture, 'present': (1, 2)},
            {'logits': (1, len(manifest.classes), *places)})
