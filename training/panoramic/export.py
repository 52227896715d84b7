# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A trained student as a bundle of task `panoramic`, compared before it is written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import yaml

from eventsam_ros.events.types import Float32
from eventsam_ros.inference.circle import Circle
from eventsam_ros.inference.manifest import FORMAT_VERSION
from eventsam_ros.inference.panoramic import network_input
from eventsam_ros.inference.panoramic_bundle import TASK, PanoramicManifest
from eventsam_ros.simulation.textures import random_texture

from ..exporting.bundle import commit
from ..exporting.class_maps import (
    FILE,
    ClassParity,
    compare_graph,
    file_text,
    parity_text,
    write_network,
)
from ..exporting.graphs import fix_shape, trace_graph
from ..networks.segformer import SegFormer
from ..semantic.run import load_network, read_trained
from .pictures import TABLES
from .stages import KIND

TEXTURES = 4
"""Pictures of simulated textures that the graph is tried on, beside one of noise."""


def _cases(manifest: PanoramicManifest) -> list[tuple[Float32, Circle]]:
    """Return inputs of the graph, the same for every network of an input size."""
    rng = np.random.default_rng(2026)
    size = (manifest.width, manifest.height)
    noise = rng.integers(0, 256, (manifest.height, manifest.width, 3), dtype=np.uint8)
    found = [network_input(manifest, noise)]
    for _ in range(TEXTURES):
        planes = [cv2.resize(random_texture(rng), size) for _ in range(3)]
        picture = np.asarray(np.clip(255 * np.stack(planes, -1), 0, 255), np.uint8)
        found.append(network_input(manifest, picture))
    return found


def measure(path: Path, network: SegFormer, manifest: PanoramicManifest) -> ClassParity:
    """Compare a graph, in ONNX Runtime on the CPU, with the network in torch."""
    return compare_graph(path, network, _cases(manifest))


def trace(network: SegFormer, path: Path, width: int, height: int) -> None:
    """Write a network as a graph for pictures of one size."""
    example = (torch.zeros(1, 3, height, width),)
    trace_graph(network, example, path, ['image'], ['logits'], {})
    fix_shape(path, tuple(network(*example).shape))


def write_panoramic_bundle(
    checkpoint: Path, folder: Path, half: bool = True, recipe: str = '',
    licence: str = 'Apache-2.0',
) -> dict[str, ClassParity]:
    """Write a complete bundle folder (see eventsam_ros.inference.panoramic_bundle).

    The graph holds the one network; nothing of windows, masks or assistant. It is compared with
    the network first, and the folder is touched only if they agree.

    Args:
        checkpoint: last.pt of a stage.
        folder: Created where missing; the files of a bundle in it are replaced.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
        recipe: Name of the recipe file, for the manifest.
        licence: SPDX identifier of the weights' licence.

    Returns:
        The report by precision.

    Raises:
        RecipeError: No such checkpoint.
        ExportError: The graph does not do what the network does, or is too large for one file.
    """
    state = read_trained(checkpoint, KIND, 'goodsam')
    table = TABLES[state['table']]
    manifest = PanoramicManifest(
        name=state['name'], width=state['width'], height=state['height'], wrap=state['wrap'],
        mean=tuple(state['mean']), std=tuple(state['std']), classes=table.names,
        colours=table.colours, files={}, precision='fp32', licence=licence, training={},
        parity={})
    network = load_network(checkpoint)
    wide = manifest.width + 2 * manifest.wrap
    chosen, reports = write_network(
        folder, half, lambda path: trace(network, path, wide, manifest.height),
        lambda path: measure(path, network, manifest))
    (folder / 'bundle.yaml').write_text(yaml.safe_dump({
        'format_version': FORMAT_VERSION, 'name': manifest.name, 'task': TASK,
        'modalities': ['images'],
        'input': {'width': manifest.width, 'height': manifest.height, 'wrap': manifest.wrap,
                  'mean': list(manifest.mean), 'std': list(manifest.std)},
        'classes': list(manifest.classes), 'colours': [list(c) for c in manifest.colours],
        'precision': chosen, 'licence': licence,
        'training': {
            'commit': commit(), 'recipe': recipe, 'steps': state['step'],
            'seed': state['said']['seed'],
            'metrics': {k: round(float(v), 4) for k, v in state['scores'].items()}},
        'parity': parity_text(reports), 'files': {'network': file_text(folder / FILE)}},
        sort_keys=False))
    return reports
