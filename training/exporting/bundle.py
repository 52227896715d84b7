# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Write any encoder and prompt decoder as a bundle that has been compared with them."""

from __future__ import annotations

from collections.abc import Mapping
import hashlib
import math
from pathlib import Path
import subprocess
from tempfile import TemporaryDirectory
from typing import Any

import onnxruntime
from torch import nn
import yaml

from eventsam_ros.inference.manifest import FORMAT_VERSION
from eventsam_ros.inference.parity import Parity, cases

from ..networks.promptable import LOW_RES, PromptDecoder
from .description import Description
from .graphs import GRAPHS, LARGEST, ExportError, embedding_shape, export_graphs, halve, input_size
from .parity import LEAST_IOU, answers, as_text, measure


def write_bundle(
    encoder: nn.Module, decoder: PromptDecoder, folder: Path, description: Description,
    half: bool = True, parity: bool = True,
) -> dict[str, Parity]:
    """Write a complete bundle folder (see eventsam_ros.inference.bundle).

    The graphs are compared with the network first, and the folder is touched only if they agree.

    Args:
        encoder: From pictures [1, 3, H, W] to Features, or to the embedding alone.
        decoder: Reads that embedding; set to the bundle's input size (`PromptDecoder.resize`).
        folder: Created where missing; the files of a bundle in it are replaced.
        description: What the manifest says beyond the graphs.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
        parity: Compare the graphs with the network and write the report into the manifest.

    Returns:
        The report by precision; empty without `parity`.

    Raises:
        ExportError: The graphs do not do what the network does, or are too large for one file.
    """
    _check_size(encoder, half)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = 'fp16' if half else 'fp32'
    with TemporaryDirectory(dir=folder, prefix='.export_') as scratch:
        folders = {precision: Path(scratch) / precision for precision in ('fp32', 'fp16')}
        for each in folders.values():
            each.mkdir()
        export_graphs(encoder, decoder, folders['fp32'], half=False)
        if half or parity:
            halve(folders['fp32'], folders['fp16'])
        reports = _compare(encoder, decoder, description, folders) if parity else {}
        if reports:
            _check(reports, chosen)
        shape = embedding_shape(folders[chosen])
        for kind in GRAPHS:
            (folders[chosen] / f'{kind}.onnx').replace(folder / f'{kind}.onnx')
    manifest = _manifest(description, input_size(decoder), shape, _files(folder), chosen, reports)
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return reports


def _check_size(encoder: nn.Module, half: bool) -> None:
    values = sum(value.numel() for value in encoder.state_dict().values())
    size = values * (2 if half else 4)
    if size > LARGEST:
        advice = 'choose a smaller network' if half else 'store them as fp16'
        raise ExportError(f'the weights of the encoder take {size / 1e9:.1f} GB, but one ONNX '
                          f'file holds {LARGEST / 1e9:.1f} GB; {advice}')


def _compare(
    encoder: nn.Module, decoder: PromptDecoder, description: Description,
    folders: Mapping[str, Path],
) -> dict[str, Parity]:
    tried = cases(description, *input_size(decoder))
    wanted = answers(encoder, decoder, tried)
    return {precision: measure(folder, tried, wanted) for precision, folder in folders.items()}


def _check(reports: Mapping[str, Parity], chosen: str) -> None:
    for precision in dict.fromkeys(('fp32', chosen)):
        found = reports[precision]
        advice = ('the network cannot be exported' if precision == 'fp32'
                  else 'store the weights as fp32')
        if not math.isfinite(found.embedding_max):
            raise ExportError(f'with {precision} weights the embedding of the exported graph is '
                              f'not finite; {advice}')
        if found.mask_iou < LEAST_IOU:
            raise ExportError(
                f'with {precision} weights the masks of the exported graphs agree with the '
                f'network at IoU {found.mask_iou:.4f} only, and {LEAST_IOU} is required; {advice}')


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    files = {}
    for kind in GRAPHS:
        content = (folder / f'{kind}.onnx').read_bytes()
        files[kind] = {'path': f'{kind}.onnx', 'sha256': hashlib.sha256(content).hexdigest(),
                       'bytes': len(content)}
    return files


def _manifest(
    description: Description, size: tuple[int, int], shape: tuple[int, ...],
    files: dict[str, dict[str, Any]], precision: str, reports: Mapping[str, Parity],
) -> dict[str, Any]:
    width, height = size
    manifest: dict[str, Any] = {
        'format_version': FORMAT_VERSION, 'name': description.name, 'task': 'events',
        'modalities': ['events'],
        'representation': {'name': description.representation, 'bins': 3},
        'window': {'duration_ms': description.window_ms},
        'input': {'width': width, 'height': height, 'mean': list(description.mean),
                  'std': list(description.std), 'padding': description.padding},
        'embedding': {'channels': shape[1], 'stride': height // shape[2]},
        'decoder': {'multimask': True, 'prompt_output': description.prompt_output,
                    'point_padding': description.point_padding,
                    'low_res_stride': LOW_RES, 'box_prior': description.box_prior},
        'classes': [], 'files': files, 'precision': precision,
        'licence': description.licence,
        'training': {'commit': commit(), **description.training}}
    if reports:
        manifest['parity'] = {
            'runtime': f'onnxruntime {onnxruntime.__version__}',
            **{name: as_text(report) for name, report in reports.items()}}
    return manifest


def commit() -> str:
    """Return the commit that exports, or 'unknown' outside a checkout."""
    try:
        found = subprocess.run(
            ['git', 'rev-parse', '--short', 'HEAD'], cwd=Path(__file__).parent,
            capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return found.stdout.strip()
