# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A trained network as a bundle of task `event_semantic`, compared before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from eventsam_ros.events.types import Float32
from eventsam_ros.inference.class_bundle import STRIDE
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.manifest import FORMAT_VERSION
from eventsam_ros.inference.semantic import network_input
from eventsam_ros.inference.semantic_bundle import TASK, SemanticManifest
from eventsam_ros.simulation.samples import windows_of
from eventsam_ros.simulation.scene import random_scene

from ..errors import RecipeError
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
from .classes import TABLES
from .run import KIND, load_network, read_trained

EVENT_WINDOWS = 4
"""Simulated windows that the graph is tried on, beside one picture of noise."""
_SENSOR = (320, 240)


def _cases(manifest: SemanticManifest) -> list[tuple[Float32, Letterbox]]:
    """Return inputs of the graph, the same for every network of an input size."""
    rng = np.random.default_rng(2026)
    plain = Letterbox(manifest.width, manifest.height, manifest.width, manifest.height, STRIDE)
    noise = rng.integers(0, 256, (manifest.height, manifest.width, 3), dtype=np.uint8)
    found = [(plain.tensor(noise, manifest.mean, manifest.std), plain)]
    while len(found) <= EVENT_WINDOWS:
        for window, _ in windows_of(random_scene(rng, *_SENSOR), rng, 1):
            found.append(network_input(manifest, window))
    return found


def measure(path: Path, network: SegFormer, manifest: SemanticManifest) -> ClassParity:
    """Compare a graph, in ONNX Runtime on the CPU, with the network in torch."""
    return compare_graph(path, network, _cases(manifest))


def _described(path: Path) -> tuple[dict[str, Any], SemanticManifest]:
    """Return what a checkpoint says, and the manifest of its bundle before there are files."""
    state = read_trained(path, KIND, 'cmess')
    if state['shown'] != 'events':
        raise RecipeError(f'{path} looks at pictures; a bundle needs a network of events')
    table = TABLES[state['table']]
    return state, SemanticManifest(
        name=state['name'], representation=state['representation'],
        window_ms=state['window_ms'], width=state['width'], height=state['height'],
        mean=tuple(state['mean']), std=tuple(state['std']), classes=table.names,
        colours=table.colours, files={}, precision='fp32', licence='', training={}, parity={})


def write_semantic_bundle(
    checkpoint: Path, folder: Path, half: bool = True, recipe: str = '',
    licence: str = 'Apache-2.0',
) -> dict[str, ClassParity]:
    """Write a complete bundle folder (see eventsam_ros.inference.semantic_bundle).

    The graph holds the target branch alone. It is compared with the network first, and the folder
    is touched only if they agree.

    Args:
        checkpoint: last.pt of a stage that looks at events.
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
    state, manifest = _described(checkpoint)
    network = load_network(checkpoint)

    def export(path: Path) -> None:
        example = (torch.zeros(1, 3, manifest.height, manifest.width),)
        trace_graph(network, example, path, ['image'], ['logits'], {})
        fix_shape(path, tuple(network(*example).shape))
    chosen, reports = write_network(
        folder, half, export, lambda path: measure(path, network, manifest))
    values = _values(state, manifest, chosen, recipe, licence, reports)
    values['files'] = {'network': file_text(folder / FILE)}
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(values, sort_keys=False))
    return reports


def _values(
    state: Mapping[str, Any], manifest: SemanticManifest, precision: str, recipe: str,
    licence: str, reports: Mapping[str, ClassParity],
) -> dict[str, Any]:
    return {
        'format_version': FORMAT_VERSION, 'name': manifest.name, 'task': TASK,
        'modalities': ['events'],
        'representation': {'name': manifest.representation, 'bins': 3},
        'window': {'duration_ms': manifest.window_ms},
        'input': {'width': manifest.width, 'height': manifest.height,
                  'mean': list(manifest.mean), 'std': list(manifest.std)},
        'classes': list(manifest.classes), 'colours': [list(c) for c in manifest.colours],
        'precision': precision, 'licence': licence,
        'training': {
            'commit': commit(), 'recipe': recipe, 'steps': state['step'],
            'source': state['said']['source']['kind'], 'seed': state['said']['seed'],
            'metrics': {k: round(float(v), 4) for k, v in state['scores'].items()}},
        'parity': parity_text(reports)}
