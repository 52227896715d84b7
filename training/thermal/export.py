# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A trained network as a bundle of task `rgbt_semantic`, compared with it before it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import copy
from pathlib import Path
from typing import Any

import torch
from torch import nn
import yaml

from eventsam_ros.events.types import Float32
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.manifest import FORMAT_VERSION
from eventsam_ros.inference.rgbt import network_inputs
from eventsam_ros.inference.rgbt_bundle import TASK, RgbtManifest
from eventsam_ros.simulation.thermal import CONDITIONS, street_picture

from ..errors import RecipeError
from ..exporting.bundle import commit
from ..exporting.class_maps import (
    FILE,
    ClassParity,
    compare,
    file_text,
    parity_text,
    write_network,
)
from ..exporting.graphs import trace_graph
from .network import RgbtNetwork
from .pyramid import fixed_positions
from .text import write_vectors
from .trained import Trained

_SEED = 2026


class _Served(nn.Module):
    """The network of one input size, its low-rank weights merged and its positions constants."""

    def __init__(self, network: RgbtNetwork, height: int, width: int) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        self.network.merge()
        for encoder in (self.network.encoder, self.network.second):
            if encoder is not None:
                fixed_positions(encoder, height, width)

    def forward(
        self, rgb: torch.Tensor, thermal: torch.Tensor, present: torch.Tensor,
    ) -> torch.Tensor:
        found: torch.Tensor = self.network(rgb, thermal, present)
        return found


def _manifest(trained: Trained) -> RgbtManifest:
    recipe = trained.recipe
    return RgbtManifest(
        name=recipe.name, width=recipe.width, height=recipe.height, rgb_mean=recipe.rgb_mean,
        rgb_std=recipe.rgb_std, thermal_mean=recipe.thermal_mean,
        thermal_std=recipe.thermal_std, classes=trained.classes.names,
        colours=trained.classes.colours, one_camera=recipe.one_camera, files={},
        precision='fp32', licence='', training={}, parity={})


def _export(trained: Trained, path: Path) -> None:
    manifest = _manifest(trained)
    served = _Served(trained.network, manifest.height, manifest.width).eval()
    inputs, _ = manifest.graph_shapes()
    example = tuple(torch.ones([side or 1 for side in shape]) for shape in inputs.values())
    trace_graph(served, example, path, list(inputs), ['logits'], {})


@torch.no_grad()
def measure(path: Path, trained: Trained) -> ClassParity:
    """Compare a graph, in ONNX Runtime on the CPU, with the network in torch.

    Over pictures by day, at night and in glare, each shown in colour and heat, in colour, and in
    heat.
    """
    engine = OnnxRuntimeEngine(path)
    found = compare(
        (engine.run(inputs)['logits'],
         trained.network(*(torch.from_numpy(v) for v in inputs.values())).numpy(), letterbox)
        for inputs, letterbox in _cases(_manifest(trained)))
    engine.close()
    return found


def _cases(manifest: RgbtManifest) -> Iterator[tuple[dict[str, Float32], Letterbox]]:
    """Yield inputs of the graph, the same for every network of an input size."""
    for number in range(len(CONDITIONS)):
        _, picture = street_picture(_SEED, number, 320, 240)
        for rgb, thermal in ((picture.rgb, picture.thermal), (picture.rgb, None),
                             (None, picture.thermal)):
            yield network_inputs(manifest, rgb, thermal)


def write_rgbt_bundle(
    trained: Trained, folder: Path, half: bool = True, licence: str = 'Apache-2.0',
) -> dict[str, ClassParity]:
    """Write a complete bundle folder (see eventsam_ros.inference.rgbt_bundle).

    The graph is compared with the network first, and the folder is touched only if they agree.

    Args:
        trained: The network, of both modalities.
        folder: Created where missing; the files of a bundle in it are replaced.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
        licence: SPDX identifier of the weights' licence.

    Returns:
        The report by precision.

    Raises:
        RecipeError: The network looks at one modality only.
        ExportError: The graph does not do what the network does, or is too large for one file.
    """
    if trained.network.modalities != 'both':
        raise RecipeError(f'{trained.recipe.name} looks at {trained.network.modalities} only; a '
                          'bundle needs a network of both modalities')
    chosen, reports = write_network(
        folder, half, lambda path: _export(trained, path), lambda path: measure(path, trained))
    write_vectors(folder / 'text.csv', trained.text)
    files = {'network': folder / FILE, 'text': folder / 'text.csv'}
    manifest = _values(trained, chosen, licence, reports)
    manifest['files'] = {key: file_text(path) for key, path in files.items()}
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return reports


def _values(
    trained: Trained, precision: str, licence: str, reports: Mapping[str, ClassParity],
) -> dict[str, Any]:
    recipe, table = trained.recipe, trained.classes
    return {
        'format_version': FORMAT_VERSION, 'name': recipe.name, 'task': TASK,
        'modalities': ['rgb', 'thermal'],
        'input': {'width': recipe.width, 'height': recipe.height,
                  'rgb': {'mean': list(recipe.rgb_mean), 'std': list(recipe.rgb_std)},
                  'thermal': {'mean': list(recipe.thermal_mean),
                              'std': list(recipe.thermal_std)}},
        'classes': list(table.names), 'colours': [list(c) for c in table.colours],
        'one_camera': recipe.one_camera, 'precision': precision, 'licence': licence,
        'training': {
            'commit': commit(), 'recipe': recipe.name, 'data': recipe.data.path.name,
            'text': trained.text.source, 'steps': trained.step,
            'metrics': {k: round(float(v), 4) for k, v in trained.scores.items()}},
        'parity': parity_text(reports)}
