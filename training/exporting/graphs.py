# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Encoder and decoder as the two ONNX graphs of a bundle."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import torch
from torch import Tensor, nn

from ..errors import RecipeError
from ..networks.promptable import LOW_RES, PromptDecoder
from ..networks.sam_vit import Features

OPSET = 17
GRAPHS = ('encoder', 'decoder')
LARGEST = 2**31 - 1
"""Bytes that one ONNX file can hold."""
_LEAST_HALVED = 256
"""Constants with fewer elements stay fp32: they are norms, biases and shapes."""


class ExportError(RecipeError):
    """A network cannot be written as a bundle; the message is one sentence that says why."""


class EmbeddingOnly(nn.Module):
    """An encoder reduced to its embedding, whether it gives Features or a tensor.

    Attributes:
        shape: Of the last embedding.
    """

    def __init__(self, encoder: nn.Module) -> None:
        """Wrap an encoder."""
        super().__init__()
        self.encoder = encoder
        self.shape: tuple[int, ...] = ()

    def forward(self, image: Tensor) -> Tensor:
        """Return the embedding of normalised pictures."""
        found: Features | Tensor = self.encoder(image)
        embedding = found if isinstance(found, Tensor) else found.embedding
        self.shape = tuple(int(side) for side in embedding.shape)
        return embedding


class _OnePicture(nn.Module):
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
        with np.errstate(over='ignore'):   # the parity report finds what overflows
            halved = array.astype(np.float16)
        constant.CopyFrom(numpy_helper.from_array(halved, name + '_fp16'))
        casts.append(helper.make_node(
            'Cast', [name + '_fp16'], [name], name=f'cast_{name}', to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def halve(source: Path, target: Path) -> None:
    """Write both graphs of a folder with fp16 weights; the arithmetic stays fp32.

    Args:
        source: Folder of fp32 graphs.
        target: Existing folder.

    Raises:
        ExportError: A graph is too large for one file all the same.
    """
    for kind in GRAPHS:
        halve_file(source / f'{kind}.onnx', target / f'{kind}.onnx', kind)


def halve_file(source: Path, target: Path, what: str) -> None:
    """Write a graph with fp16 weights; the arithmetic stays fp32.

    Args:
        source: Graph with fp32 weights.
        target: File to write.
        what: The graph's name, for the message.

    Raises:
        ExportError: It is too large for one file all the same.
    """
    model = onnx.load(str(source))
    halve_weights(model)
    if model.ByteSize() > LARGEST:
        raise ExportError(f'the {what} has {model.ByteSize()} bytes of fp16 weights, but one '
                          f'ONNX file holds {LARGEST}; choose a smaller network')
    onnx.save(model, str(target))
    onnx.checker.check_model(str(target))


def trace_graph(
    module: nn.Module, inputs: tuple[Tensor, ...], path: Path, names: list[str],
    outputs: list[str], dynamic: dict[str, dict[int, str]],
) -> None:
    """Write a module as an ONNX file and check it.

    Args:
        module: In evaluation mode.
        inputs: Of the shapes that the graph takes.
        path: File to write.
        names: Of the inputs.
        outputs: Names of the outputs.
        dynamic: Name -> axis -> name of what its size is; other sizes are fixed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(
            module, inputs, str(path), input_names=names, output_names=outputs,
            dynamic_axes=dynamic, opset_version=OPSET, dynamo=False)
    # By its path: a graph of more than 2 GB keeps its weights in files beside it.
    onnx.checker.check_model(str(path))


def fix_shape(path: Path, shape: tuple[int, ...]) -> None:
    """Say how large the only output is; the exporter loses count in windows of attention."""
    model = onnx.load(str(path), load_external_data=False)
    dimensions = model.graph.output[0].type.tensor_type.shape.dim
    for dimension, side in zip(dimensions, shape, strict=True):
        dimension.dim_value = side
    onnx.save(model, str(path))


def embedding_shape(folder: Path) -> tuple[int, ...]:
    """Return the shape [1, channels, rows, columns] of what an exported encoder gives."""
    graph = onnx.load(str(folder / 'encoder.onnx'), load_external_data=False).graph
    return tuple(side.dim_value for side in graph.output[0].type.tensor_type.shape.dim)


def input_size(decoder: PromptDecoder) -> tuple[int, int]:
    """Return columns and rows of the input that a decoder is set to."""
    height, width = decoder.prompt_encoder.input_image_size
    return width, height


def export_graphs(
    encoder: nn.Module, decoder: PromptDecoder, folder: Path, half: bool = True,
) -> None:
    """Write encoder.onnx and decoder.onnx, for the input size that the decoder is set to.

    Args:
        encoder: From pictures [1, 3, H, W] to Features, or to the embedding alone; it is put
            into evaluation mode, as is the decoder.
        decoder: Reads that embedding, however many channels it has.
        folder: Existing folder.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).

    Raises:
        ExportError: A graph is too large for one file.
    """
    if half:
        with TemporaryDirectory(dir=folder) as scratch:
            export_graphs(encoder, decoder, Path(scratch), half=False)
            halve(Path(scratch), folder)
        return
    width, height = input_size(decoder)
    only = EmbeddingOnly(encoder).eval()
    trace_graph(
        only, (torch.zeros(1, 3, height, width),), folder / 'encoder.onnx', ['image'],
        ['embedding'], {})
    fix_shape(folder / 'encoder.onnx', only.shape)
    low = (height // LOW_RES, width // LOW_RES)
    example = (
        torch.zeros(only.shape), torch.zeros(2, 3, 2), torch.ones(2, 3),
        torch.zeros(1, 1, *low), torch.zeros(1))
    names = ['embedding', 'point_coords', 'point_labels', 'mask_input', 'has_mask']
    dynamic = {
        'point_coords': {0: 'prompts', 1: 'points'}, 'point_labels': {0: 'prompts', 1: 'points'},
        'mask_input': {0: 'masks'}, 'has_mask': {0: 'masks'},
        'low_res_masks': {0: 'prompts'}, 'scores': {0: 'prompts'}}
    trace_graph(
        _OnePicture(decoder).eval(), example, folder / 'decoder.onnx', names,
        ['low_res_masks', 'scores'], dynamic)
