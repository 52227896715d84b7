# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What bundles of class maps share, whatever they look at: manifest, one graph, its logits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import yaml

from eventsam_ros.errors import BundleError, EngineError
from eventsam_ros.events.types import Float32, UInt8

from .bundle import MANIFEST_NAME
from .engines import Engine, EngineOptions, create_engine
from .engines.engine import Shape
from .graphs import check_shapes
from .letterbox import Letterbox
from .manifest import FORMAT_VERSION
from .sections import Section

STRIDE = 4
"""Input pixels to one place of the logits."""
Colours = tuple[tuple[int, int, int], ...]
Shapes = Mapping[str, Shape]


def manifest_path(path: Path | str) -> Path:
    """Return the `bundle.yaml` of a folder, or the file itself.

    Raises:
        BundleError: There is none.
    """
    folder = Path(path).expanduser()
    if folder.name == MANIFEST_NAME:
        folder = folder.parent
    if not (folder / MANIFEST_NAME).is_file():
        raise BundleError(f'there is no bundle at {folder}; give the folder that holds '
                          f'{MANIFEST_NAME}')
    return folder / MANIFEST_NAME


def read_top(path: Path, task: str) -> Section:
    """Return the content of a `bundle.yaml`.

    Raises:
        BundleError: It cannot be read, or is for another task or format version.
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
    found = top.text('task')
    if found != task:
        raise BundleError(f'{path} is for the task {found}, but one of {task} is needed')
    return top


def read_classes(top: Section) -> tuple[tuple[str, ...], Colours]:
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


def open_graph(
    path: Path, inputs: Shapes, outputs: Shapes, engine: str = 'auto',
    threads: int | None = None, compiling: EngineOptions | None = None,
) -> Engine:
    """Load a graph of fixed shapes and check that it fits its manifest.

    Args:
        path: ONNX file.
        inputs: Shapes by name.
        outputs: Shapes by name.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        compiling: Settings of back ends that compile graphs; None takes the defaults.

    Raises:
        BundleError: The graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    network = create_engine(path, engine, threads, compiling)
    try:
        check_shapes(f'the inputs of {path}', network.inputs, inputs)
        check_shapes(f'the outputs of {path}', network.outputs, outputs)
    except (BundleError, EngineError):
        network.close()
        raise
    return network


def class_map(logits: Float32, letterbox: Letterbox) -> UInt8:
    """Return the class of every pixel of the camera.

    Args:
        logits: float32 [1, C, h, w] at stride 4; interpolated linearly before the comparison. Of
            equal ones the lower class wins.
        letterbox: Where the picture lies in them.

    Returns:
        uint8 [height, width].
    """
    planes = np.ascontiguousarray(letterbox.cut(logits)[0])
    size = (letterbox.width, letterbox.height)
    best = cv2.resize(planes[0], size, interpolation=cv2.INTER_LINEAR)
    found = np.zeros(best.shape, np.uint8)
    for k, plane in enumerate(planes[1:], 1):
        level = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
        found[level > best] = k
        np.maximum(best, level, out=best)
    return found
