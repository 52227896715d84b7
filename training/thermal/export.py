# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A trained network as a bundle of task `rgbt_semantic`, compared with it before it is written."""

from __future__ import annotations

from collections.abc import Mapping
import copy
from dataclasses import asdict, dataclass
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
import yaml

from eventsam_ros.events.types import Float32
from eventsam_ros.inference.class_maps import class_map
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.manifest import FORMAT_VERSION
from eventsam_ros.inference.rgbt import network_inputs
from eventsam_ros.inference.rgbt_bundle import TASK, RgbtManifest, graph_shapes
from eventsam_ros.simulation.thermal import CONDITIONS, street_picture

from ..errors import RecipeError
from ..exporting.bundle import commit
from ..exporting.graphs import LARGEST, ExportError, halve_weights, trace_graph
from .network import RgbtNetwork
from .pyramid import fixed_positions
from .text import write_vectors
from .trained import Trained

LEAST_AGREEMENT = 0.99
"""Share of pixels with the same class below which a bundle is not written."""
_SEED = 2026


@dataclass(frozen=True)
class RgbtParity:
    """Differences of a graph from the network in torch.

    Attributes:
        logits_max: Largest absolute difference of two logits.
        logits_mean: Mean absolute difference.
        agreement: Share of the camera's pixels with the same class, over pictures by day, at
            night and in glare, each shown in colour and heat, in colour, and in heat.
        agreement_least: Of the class map that agrees least.
    """

    logits_max: float
    logits_mean: float
    agreement: float
    agreement_least: float

    def as_text(self) -> dict[str, float]:
        """Return the fields, rounded for the manifest."""
        return {key: float(f'{value:.4g}') for key, value in asdict(self).items()}


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
        recipe.name, recipe.width, recipe.height, recipe.rgb_mean, recipe.rgb_std,
        recipe.thermal_mean, recipe.thermal_std, trained.classes.names, trained.classes.colours,
        recipe.missing > 0, {}, 'fp32', '', {}, {})


def _export(trained: Trained, path: Path) -> None:
    manifest = _manifest(trained)
    served = _Served(trained.network, manifest.height, manifest.width).eval()
    inputs, _ = graph_shapes(manifest)
    example = tuple(torch.ones([side or 1 for side in shape]) for shape in inputs.values())
    trace_graph(served, example, path, list(inputs), ['logits'], {})


def _halve(source: Path, target: Path) -> None:
    model = onnx.load(str(source))
    halve_weights(model)
    if model.ByteSize() > LARGEST:
        raise ExportError(f'the network has {model.ByteSize()} bytes of fp16 weights, but one '
                          f'ONNX file holds {LARGEST}; choose a smaller network')
    onnx.save(model, str(target))
    onnx.checker.check_model(str(target))


@torch.no_grad()
def measure(path: Path, trained: Trained) -> RgbtParity:
    """Compare a graph, in ONNX Runtime on the CPU, with the network in torch."""
    manifest = _manifest(trained)
    engine = OnnxRuntimeEngine(path)
    differences: list[Float32] = []
    agreements: list[float] = []
    for number in range(len(CONDITIONS)):
        _, picture = street_picture(_SEED, number, 320, 240)
        for rgb, thermal in ((picture.rgb, picture.thermal), (picture.rgb, None),
                             (None, picture.thermal)):
            inputs, letterbox = network_inputs(manifest, rgb, thermal)
            found = engine.run(inputs)['logits']
            wanted = trained.network(*(torch.from_numpy(v) for v in inputs.values())).numpy()
            differences.append(np.abs(found - wanted))
            agreements.append(float(np.mean(
                class_map(found, letterbox) == class_map(wanted, letterbox))))
    engine.close()
    return RgbtParity(
        float(np.max([d.max() for d in differences])),
        float(np.mean([d.mean() for d in differences])),
        float(np.mean(agreements)), float(np.min(agreements)))


def _check(reports: Mapping[str, RgbtParity], chosen: str) -> None:
    for precision in dict.fromkeys(('fp32', chosen)):
        found = reports[precision]
        advice = ('the network cannot be exported' if precision == 'fp32'
                  else 'store the weights as fp32')
        if not np.isfinite(found.logits_max):
            raise ExportError(f'with {precision} weights the logits of the exported graph are '
                              f'not finite; {advice}')
        if found.agreement < LEAST_AGREEMENT:
            raise ExportError(
                f'with {precision} weights {found.agreement:.4f} of the pixels have the class '
                f'that the network gives them, and {LEAST_AGREEMENT} is required; {advice}')


def write_rgbt_bundle(
    trained: Trained, folder: Path, half: bool = True, licence: str = 'Apache-2.0',
) -> dict[str, RgbtParity]:
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
    folder.mkdir(parents=True, exist_ok=True)
    chosen = 'fp16' if half else 'fp32'
    with TemporaryDirectory(dir=folder, prefix='.export_') as scratch:
        paths = {precision: Path(scratch) / f'{precision}.onnx' for precision in ('fp32', 'fp16')}
        _export(trained, paths['fp32'])
        _halve(paths['fp32'], paths['fp16'])
        reports = {precision: measure(path, trained) for precision, path in paths.items()}
        _check(reports, chosen)
        paths[chosen].replace(folder / 'network.onnx')
    write_vectors(folder / 'text.csv', trained.text)
    files = {'network': folder / 'network.onnx', 'text': folder / 'text.csv'}
    manifest = _values(trained, chosen, licence, reports)
    manifest['files'] = {key: _entry(path) for key, path in files.items()}
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return reports


def _entry(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {'path': path.name, 'sha256': hashlib.sha256(content).hexdigest(),
            'bytes': len(content)}


def _values(
    trained: Trained, precision: str, licence: str, reports: Mapping[str, RgbtParity],
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
        'one_camera': recipe.missing > 0, 'precision': precision, 'licence': licence,
        'training': {
            'commit': commit(), 'recipe': recipe.name, 'data': recipe.data.path.name,
            'text': trained.text.source, 'steps': trained.step,
            'metrics': {k: round(float(v), 4) for k, v in trained.scores.items()}},
        'parity': {'runtime': f'onnxruntime {onnxruntime.__version__}',
                   **{name: report.as_text() for name, report in reports.items()}}}
