# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Write a trained network as a bundle: two ONNX graphs and a manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path
import subprocess
from typing import Any
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import torch
from torch import Tensor, nn
import yaml

from .networks.encoder import DETAIL_STRIDE, EMBEDDING, STRIDE
from .networks.promptable import LOW_RES, PromptableSegmenter, PromptDecoder
from .recipe import Recipe

OPSET = 17
FORMAT_VERSION = 1
_LEAST_HALVED = 256
"""Constants with fewer elements stay fp32: they are norms, biases and shapes."""


class _ExportedDecoder(nn.Module):
    """The decoder for one picture, its position grid a constant."""

    def __init__(self, decoder: PromptDecoder) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer('position', decoder.prompt_encoder.get_dense_pe().detach().clone())

    def forward(
        self, embedding: Tensor, coords: Tensor, labels: Tensor, masks: Tensor, has_mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        position = self.position
        assert isinstance(position, Tensor)
        result: tuple[Tensor, Tensor] = self.decoder(
            embedding, coords, labels, masks, has_mask, position=position)
        return result


def halve_weights(model: onnx.ModelProto) -> None:
    """Store large fp32 constants as fp16 behind a Cast; runtimes fold the Cast when loading."""
    graph = model.graph
    casts = []
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        array = numpy_helper.to_array(constant)
        if array.size < _LEAST_HALVED:
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(array.astype(np.float16), name + '_fp16'))
        casts.append(helper.make_node(
            'Cast', [name + '_fp16'], [name], name=f'cast_{name}', to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _write(module: nn.Module, inputs: tuple[Tensor, ...], path: Path, names: list[str],
           outputs: list[str], dynamic: dict[str, dict[int, str]], half: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(
            module, inputs, str(path), input_names=names, output_names=outputs,
            dynamic_axes=dynamic, opset_version=OPSET, dynamo=False)
    model = onnx.load(str(path))
    if half:
        halve_weights(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def channels(network: PromptableSegmenter) -> int:
    """Return the channels between encoder and decoder: the embedding's and the detail's."""
    detail = network.decoder.detail
    folded = detail.in_channels * (STRIDE // DETAIL_STRIDE) ** 2 if detail else 0
    return EMBEDDING + folded


def export_graphs(
    network: PromptableSegmenter, folder: Path, width: int, height: int, half: bool = True,
) -> None:
    """Write encoder.onnx and decoder.onnx.

    Args:
        network: Trained; it is put into evaluation mode.
        folder: Existing folder.
        width: Columns of the network's input.
        height: Rows of the network's input.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
    """
    network.eval()
    network.decoder.resize(width, height)
    _write(network.encoder, (torch.zeros(1, 3, height, width),), folder / 'encoder.onnx',
           ['image'], ['embedding'], {}, half)
    grid = (height // STRIDE, width // STRIDE)
    low = (height // LOW_RES, width // LOW_RES)
    example = (
        torch.zeros(1, channels(network), *grid), torch.zeros(2, 3, 2), torch.ones(2, 3),
        torch.zeros(1, 1, *low), torch.zeros(1))
    names = ['embedding', 'point_coords', 'point_labels', 'mask_input', 'has_mask']
    dynamic = {
        'point_coords': {0: 'prompts', 1: 'points'}, 'point_labels': {0: 'prompts', 1: 'points'},
        'mask_input': {0: 'masks'}, 'has_mask': {0: 'masks'},
        'low_res_masks': {0: 'prompts'}, 'scores': {0: 'prompts'}}
    _write(_ExportedDecoder(network.decoder), example, folder / 'decoder.onnx', names,
           ['low_res_masks', 'scores'], dynamic, half)


def _commit() -> str:
    """Return the commit that trains, or 'unknown' outside a checkout."""
    try:
        found = subprocess.run(
            ['git', 'rev-parse', '--short', 'HEAD'], cwd=Path(__file__).parent,
            capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return found.stdout.strip()


def write_bundle(
    network: PromptableSegmenter, recipe: Recipe, folder: Path, metrics: dict[str, float],
    data: str, half: bool = True, recipe_file: str = '',
) -> None:
    """Write a complete bundle folder (see eventsam_ros.inference.bundle).

    Args:
        network: Trained.
        recipe: What it was trained by.
        folder: Created where missing; files in it are replaced.
        metrics: Validation figures to record.
        data: One sentence on the training data.
        half: See export_graphs.
        recipe_file: Where the recipe lies, to record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    export_graphs(network, folder, recipe.width, recipe.height, half)
    files: dict[str, dict[str, Any]] = {}
    for kind in ('encoder', 'decoder'):
        content = (folder / f'{kind}.onnx').read_bytes()
        files[kind] = {'path': f'{kind}.onnx', 'sha256': hashlib.sha256(content).hexdigest(),
                       'bytes': len(content)}
    manifest = {
        'format_version': FORMAT_VERSION, 'name': recipe.name, 'task': 'events',
        'modalities': ['events'],
        'representation': {'name': recipe.representation, 'bins': 3},
        'window': {'duration_ms': 50},
        'input': {'width': recipe.width, 'height': recipe.height,
                  'mean': [recipe.mean] * 3, 'std': [recipe.std] * 3},
        'embedding': {'channels': channels(network), 'stride': STRIDE},
        'decoder': {'multimask': True, 'prompt_output': 'first',
                    'low_res_stride': LOW_RES, 'box_prior': True},
        'classes': [], 'files': files, 'precision': 'fp16' if half else 'fp32',
        'licence': 'Apache-2.0',
        'training': {'recipe': recipe_file or recipe.name, 'data': data,
                     'commit': _commit(),
                     'metrics': {k: round(float(v), 4) for k, v in metrics.items()}}}
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
