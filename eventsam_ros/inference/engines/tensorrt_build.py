# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Graphs compiled by TensorRT, or by TensorRT for RTX, whose builder needs no GPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from eventsam_ros.errors import EngineError

from .mixed_precision import mixed_precision
from .tensorrt_package import OPERATOR, builds_for_any_gpu, complaint, listener, load_tensorrt

PRECISIONS = ('fp16', 'fp32')
BUILDER_VERSION = 1
"""Changes whenever this module or `mixed_precision` makes other engines of the same graph."""


class Range(NamedTuple):
    """Shapes of an input whose size is open: the least, the one to tune for, and the most."""

    least: tuple[int, ...]
    usual: tuple[int, ...]
    most: tuple[int, ...]


def build_engine(
    path: Path, ranges: Mapping[str, Range] | None = None, capability: str | None = None,
    precision: str = 'fp32',
) -> bytes:
    """Compile an ONNX file.

    Args:
        path: The file.
        ranges: Shapes of every input whose size is open, by name.
        capability: Compute capability to build for, such as 'SM86', which TensorRT for RTX can do
            on any machine; None takes the GPU of this one.
        precision: One of PRECISIONS: 'fp16' is mixed (see `mixed_precision`), 'fp32' keeps the
            types in the file and computes with all their digits.

    Returns:
        The engine as TensorRT serialises it.

    Raises:
        EngineError: TensorRT is missing, or cannot read or compile the graph; the sentence says
            what it says, and what to change.
    """
    check_precision(precision)
    trt = load_tensorrt()
    said: list[str] = []
    builder = trt.Builder(listener(trt, said))
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, builder.logger)
    read = (parser.parse(mixed_precision(path)) if precision == 'fp16'
            else parser.parse_from_file(str(path)))
    if not read:
        errors = [parser.get_error(k) for k in range(parser.num_errors)]
        reasons = [f'{each.node_operator()} {each.desc()}'.strip() for each in errors]
        raise EngineError(f'{path} cannot be read by TensorRT: '
                          f'{complaint(reasons or said, OPERATOR)}')
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)
    _keep_types(trt, network, config)
    if capability is not None:
        _set_capability(trt, config, capability)
    _set_ranges(builder, network, config, path, ranges or {})
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise EngineError(f'{path} cannot be compiled by TensorRT: {complaint(said)}')
    return bytes(engine)


def check_precision(precision: str) -> None:
    """Raise EngineError where a precision is none of PRECISIONS."""
    if precision not in PRECISIONS:
        raise EngineError(f'precision must be one of {", ".join(PRECISIONS)}, '
                          f'but got {precision!r}')


def _network_flags(trt: Any) -> int:
    known = trt.NetworkDefinitionCreationFlag
    # TensorRT 8 has no strong types, and wants to be told that batches are explicit.
    wanted = known.STRONGLY_TYPED if hasattr(known, 'STRONGLY_TYPED') else known.EXPLICIT_BATCH
    return int(1 << int(wanted))


def _keep_types(trt: Any, network: Any, config: Any) -> None:
    """Ask TensorRT 8, which chooses types by speed, for those of the graph.

    It may still prefer its own where it has no other implementation; the comparison of masks
    tells whether that matters.
    """
    if hasattr(trt.NetworkDefinitionCreationFlag, 'STRONGLY_TYPED'):
        return
    config.set_flag(trt.BuilderFlag.FP16)
    config.set_flag(trt.BuilderFlag.PREFER_PRECISION_CONSTRAINTS)
    floats = (trt.float32, trt.float16)
    for layer in (network.get_layer(k) for k in range(network.num_layers)):
        kinds = [layer.get_output(k).dtype for k in range(layer.num_outputs)]
        if layer.type != trt.LayerType.CONSTANT and kinds and kinds[0] in floats:
            layer.precision = kinds[0]


def _set_capability(trt: Any, config: Any, capability: str) -> None:
    if not builds_for_any_gpu(trt):
        raise EngineError(f'{trt.__name__} builds for the GPU of this machine only; for '
                          f'{capability!r} install TensorRT for RTX')
    known = {name: value for name, value in trt.ComputeCapability.__members__.items()
             if name.startswith('SM')}
    if capability not in known:
        raise EngineError(f'compute capability must be one of {", ".join(known)}, '
                          f'but got {capability!r}')
    config.num_compute_capabilities = 1
    config.set_compute_capability(known[capability], 0)


def _set_ranges(
    builder: Any, network: Any, config: Any, path: Path, ranges: Mapping[str, Range],
) -> None:
    inputs = [network.get_input(k) for k in range(network.num_inputs)]
    names = {each.name for each in inputs if -1 in tuple(each.shape)}
    if names != ranges.keys():
        raise EngineError(f'{path} has inputs of open size {sorted(names)}, but ranges were given '
                          f'for {sorted(ranges)}')
    if not ranges:
        return
    profile = builder.create_optimization_profile()
    for name, shapes in ranges.items():
        profile.set_shape(name, *shapes)
    config.add_optimization_profile(profile)
