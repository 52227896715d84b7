# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Graphs compiled by TensorRT, or by TensorRT for RTX, whose builder needs no GPU.

Source: NVIDIA TensorRT's Python API. Either package will do; both are NVIDIA's and proprietary,
so nothing here installs them.
"""

from __future__ import annotations

from collections.abc import Mapping
import importlib
import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

from eventsam_ros.errors import EngineError

PACKAGES = ('tensorrt', 'tensorrt_rtx', 'tensorrt_rtx_bindings')
"""Modules with the builder; the first that is there is taken."""


class Range(NamedTuple):
    """Shapes of an input whose size is open: the least, the one to tune for, and the most."""

    least: tuple[int, ...]
    usual: tuple[int, ...]
    most: tuple[int, ...]


def load_tensorrt() -> Any:
    """Return the module of the TensorRT that is installed.

    Raises:
        EngineError: There is none.
    """
    for name in PACKAGES:
        if importlib.util.find_spec(name) is not None:
            return _imported(name)
    raise EngineError('TensorRT is not installed; install tensorrt, or for a build without a GPU: '
                      'pip install --no-deps tensorrt-rtx-cu13-libs tensorrt-rtx-cu13-bindings')


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise EngineError(f'{name} is installed but cannot be imported: '
                          f'{" ".join(str(error).split())}') from error


def build_engine(
    path: Path, ranges: Mapping[str, Range] | None = None, capability: str | None = None,
) -> bytes:
    """Compile an ONNX file; the types in it are kept.

    Args:
        path: The file.
        ranges: Shapes of every input whose size is open, by name.
        capability: Compute capability to build for, such as 'SM86', which TensorRT for RTX can do
            on any machine; None takes the GPU of this one.

    Returns:
        The engine as TensorRT serialises it.

    Raises:
        EngineError: TensorRT is missing, or cannot read or compile the graph; the sentence says
            what it says.
    """
    trt = load_tensorrt()
    said: list[str] = []
    builder = trt.Builder(_listener(trt, said))
    kept = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(kept)
    parser = trt.OnnxParser(network, builder.logger)
    if not parser.parse_from_file(str(path)):
        errors = [parser.get_error(k) for k in range(parser.num_errors)]
        reasons = [f'{each.node_operator()} {each.desc()}'.strip() for each in errors]
        raise EngineError(f'{path} cannot be read by TensorRT: {_sentence(reasons or said)}')
    config = builder.create_builder_config()
    if capability is not None:
        _set_capability(trt, config, capability)
    _set_ranges(builder, network, config, path, ranges or {})
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise EngineError(f'{path} cannot be compiled by TensorRT: {_sentence(said)}')
    return bytes(engine)


def _set_capability(trt: Any, config: Any, capability: str) -> None:
    if not hasattr(trt, 'ComputeCapability'):
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


def _listener(trt: Any, said: list[str]) -> Any:
    """Return a logger that keeps errors for the message of an EngineError."""
    class Listener(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity in {trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR}:
                said.append(message)
    return Listener()


def _sentence(reasons: list[str]) -> str:
    return ' '.join('; '.join(reasons).split()) or 'it gives no reason'
