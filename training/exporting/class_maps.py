# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The one graph of a bundle of class maps, compared with its network before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import onnxruntime
import torch
from torch import nn

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.inference.circle import Circle
from eventsam_ros.inference.class_maps import class_map
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.letterbox import Letterbox

from .graphs import ExportError, halve_file

FILE = 'network.onnx'
LEAST_AGREEMENT = 0.99
"""Share of pixels with the same class below which a bundle is not written."""


@dataclass(frozen=True)
class ClassParity:
    """Differences of a graph from the network in torch.

    Attributes:
        logits_max: Largest absolute difference of two logits.
        logits_mean: Mean absolute difference.
        agreement: Share of the camera's pixels with the same class, over all that was tried.
        agreement_least: Of the class map that agrees least.
    """

    logits_max: float
    logits_mean: float
    agreement: float
    agreement_least: float

    def as_text(self) -> dict[str, float]:
        """Return the fields, rounded for the manifest."""
        return {key: float(f'{value:.4g}') for key, value in asdict(self).items()}


@torch.no_grad()
def compare_graph(
    path: Path, network: nn.Module, cases: Iterable[tuple[Float32, Letterbox | Circle]],
) -> ClassParity:
    """Compare a graph of one picture, in ONNX Runtime on the CPU, with the network in torch.

    Args:
        path: The graph.
        network: What it was written from.
        cases: Input float32 [1, 3, H, W], and where the picture lies in it; at least one.
    """
    engine = OnnxRuntimeEngine(path)
    found = compare(
        (engine.run({'image': image})['logits'], network(torch.from_numpy(image)).numpy(), place)
        for image, place in cases)
    engine.close()
    return found


def compare(cases: Iterable[tuple[Float32, Float32, Letterbox | Circle]]) -> ClassParity:
    """Return how far logits are from those that are wanted.

    Args:
        cases: Logits float32 [1, C, h, w] of the graph and of the network, and where the picture
            or panorama lies in them; at least one.
    """
    differences, agreements = [], []
    for found, wanted, place in cases:
        differences.append(np.abs(found - wanted))
        agreements.append(float(np.mean(_classes(found, place) == _classes(wanted, place))))
    # np.max keeps what is not a number, max would not
    return ClassParity(
        float(np.max([d.max() for d in differences])),
        float(np.mean([d.mean() for d in differences])),
        float(np.mean(agreements)), float(np.min(agreements)))


def _classes(logits: Float32, place: Letterbox | Circle) -> UInt8:
    return place.classes(logits) if isinstance(place, Circle) else class_map(logits, place)


def _check(reports: Mapping[str, ClassParity], chosen: str) -> None:
    """Refuse graphs that are not the network: the exact one, and the one that is written."""
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


def write_network(
    folder: Path, half: bool, export: Callable[[Path], None],
    measure: Callable[[Path], ClassParity],
) -> tuple[str, dict[str, ClassParity]]:
    """Write FILE into a folder, if it does what the network does.

    Args:
        folder: Created where missing; touched only if they agree.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
        export: Writes the graph with fp32 weights.
        measure: Compares a graph with the network.

    Returns:
        The precision that was written, and the report of each.

    Raises:
        ExportError: Logits are not finite, too few pixels have the same class, or the weights do
            not fit into one file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = 'fp16' if half else 'fp32'
    with TemporaryDirectory(dir=folder, prefix='.export_') as scratch:
        paths = {precision: Path(scratch) / f'{precision}.onnx' for precision in ('fp32', 'fp16')}
        export(paths['fp32'])
        halve_file(paths['fp32'], paths['fp16'], 'network')
        reports = {precision: measure(path) for precision, path in paths.items()}
        _check(reports, chosen)
        paths[chosen].replace(folder / FILE)
    return chosen, reports


def file_text(path: Path) -> dict[str, Any]:
    """Return what a manifest says of a file."""
    content = path.read_bytes()
    return {'path': path.name, 'sha256': hashlib.sha256(content).hexdigest(),
            'bytes': len(content)}


class Report(Protocol):
    """How far a graph is from its network."""

    def as_text(self) -> dict[str, float]:
        """Return the figures, rounded for the manifest."""


def parity_text(reports: Mapping[str, Report]) -> dict[str, Any]:
    """Return what a manifest says of parity."""
    return {'runtime': f'onnxruntime {onnxruntime.__version__}',
            **{name: report.as_text() for name, report in reports.items()}}
