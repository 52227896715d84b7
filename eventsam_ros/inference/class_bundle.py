# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What bundles of class maps say in their `bundle.yaml`, whatever they look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from .bundle import check_file, manifest_path
from .engines.engine import Shape
from .manifest import PRECISIONS, FileEntry, file_entry
from .sections import Section

STRIDE = 4
"""Input pixels to one place of the logits."""
Colours = tuple[tuple[int, int, int], ...]
Shapes = Mapping[str, Shape]


@dataclass(frozen=True, kw_only=True)
class ClassManifest(ABC):
    """What every `bundle.yaml` of class maps says.

    Attributes:
        name: Name of the model.
        width: Columns of the picture that the network looks at, pixels.
        height: Its rows, pixels.
        classes: Names; class k is value k of a class map.
        colours: RGB, 0 to 255, one a class.
        files: 'network', and what else a task has.
        precision: Precision of the stored weights, one of manifest.PRECISIONS.
        licence: SPDX identifier of the weights' licence.
        training: How it was trained, as written.
        parity: How far the graph is from the network, as written; empty where nobody measured it.
    """

    name: str
    width: int
    height: int
    classes: tuple[str, ...]
    colours: Colours
    files: Mapping[str, FileEntry]
    precision: str
    licence: str
    training: Mapping[str, object]
    parity: Mapping[str, object]

    @abstractmethod
    def graph_shapes(self) -> tuple[Shapes, Shapes]:
        """Return the inputs and outputs, by name, that the graph must have."""

    @property
    def logits_shape(self) -> Shape:
        """Return the shape of the logits of the picture."""
        return (1, len(self.classes), self.height // STRIDE, self.width // STRIDE)


Said = TypeVar('Said', bound=ClassManifest)


@dataclass(frozen=True)
class ClassBundle(Generic[Said]):
    """A bundle of class maps whose manifest and files have been checked.

    Attributes:
        path: The folder.
        manifest: What its `bundle.yaml` says.
    """

    path: Path
    manifest: Said

    @property
    def network_path(self) -> Path:
        """Return the ONNX file."""
        return self.path / self.manifest.files['network'].path


def load_checked(path: Path | str, read: Callable[[Path], Said]) -> tuple[Path, Said]:
    """Read the manifest of a bundle of class maps and check that the bundle is whole.

    Args:
        path: The folder, or its `bundle.yaml`.
        read: Reads the `bundle.yaml` of one task.

    Returns:
        The folder and what the manifest says.

    Raises:
        BundleError: Something is missing, altered, for another task or made for another release;
            the sentence says what, and what to do.
    """
    file = manifest_path(path)
    manifest = read(file)
    for entry in manifest.files.values():
        check_file(file.parent / entry.path, entry.size, entry.sha256)
    return file.parent, manifest


def class_fields(top: Section, files: Collection[str] = ('network',)) -> dict[str, Any]:
    """Return what ClassManifest is made of.

    Args:
        top: From manifest.read_top.
        files: Which files the task has.

    Raises:
        BundleError: A value does not fit.
    """
    width, height = read_size(top.section('input'))
    classes, colours = _read_classes(top)
    listed = top.section('files')
    return {
        'name': top.text('name'), 'width': width, 'height': height, 'classes': classes,
        'colours': colours, 'files': {key: file_entry(listed, key) for key in files},
        'precision': top.text('precision', PRECISIONS), 'licence': top.text('licence'),
        'training': top.mapping('training'), 'parity': top.mapping('parity', optional=True)}


def _read_classes(top: Section) -> tuple[tuple[str, ...], Colours]:
    """Return names and RGB colours of the classes; class k is value k of a class map.

    Raises:
        BundleError: Less than 2 or more than 255 classes, or colours that are none.
    """
    names = top.texts('classes')
    if not 2 <= len(names) <= 255:
        raise top.error('classes must be 2 to 255 names', list(names))
    value = top.get('colours')
    rule = f'colours must be {len(names)} lists of red, green and blue, 0 to 255'
    if not isinstance(value, list) or len(value) != len(names):
        raise top.error(rule, value)
    found = []
    for entry in value:
        whole = isinstance(entry, list) and len(entry) == 3 and all(
            isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 255 for v in entry)
        if not whole:
            raise top.error(rule, entry)
        found.append((entry[0], entry[1], entry[2]))
    return names, tuple(found)


def read_size(picture: Section) -> tuple[int, int]:
    """Return columns and rows of the input, multiples of STRIDE.

    Raises:
        BundleError: They are not.
    """
    sides = picture.whole('width'), picture.whole('height')
    for name, size in zip(('width', 'height'), sides, strict=True):
        if size % STRIDE:
            raise picture.error(f'input.{name} must be a multiple of {STRIDE}', size)
    return sides
