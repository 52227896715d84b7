# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""TensorRT and TensorRT for RTX: graphs compiled for the GPU at hand, kept in a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eventsam_ros.errors import EngineError
from eventsam_ros.events.types import Float32

from .compiled_graph import CONTEXTS, CompiledGraph
from .cuda_runtime import CudaRuntime
from .engine import EngineOptions, Shape
from .engine_cache import EngineCache
from .engine_key import EngineKey, engine_key
from .tensorrt_build import build_engine, check_precision
from .tensorrt_package import (
    builds_for_any_gpu,
    complaint,
    listener,
    load_tensorrt,
    tensorrt_version,
)


def target_key(path: Path, options: EngineOptions, gpu: str, capability: str) -> EngineKey:
    """Return the key of a graph's engine for a GPU.

    Engines of TensorRT for RTX run on every GPU of their capability, so they bear no name.

    Raises:
        EngineError: TensorRT is not installed, or the precision is unknown.
    """
    check_precision(options.precision)
    trt = load_tensorrt()
    return engine_key(path, tensorrt_version(trt), '' if builds_for_any_gpu(trt) else gpu,
                      capability, options.precision, options.ranges)


def cached_engine(
    path: Path, options: EngineOptions, gpu: str, capability: str, cache: EngineCache,
) -> bytes:
    """Return the engine of a graph for a GPU, from the cache or built into it.

    Args:
        path: ONNX file.
        options: Precision and ranges.
        gpu: Name of the GPU.
        capability: Its compute capability.
        cache: Where engines are kept.

    Raises:
        EngineError: TensorRT is missing, or cannot compile the graph.
    """
    chosen = capability if builds_for_any_gpu(load_tensorrt()) else None

    def build() -> bytes:
        options.tell(f'compiling {path.name} for {gpu or "GPUs of"} {capability} in '
                     f'{options.precision}, once; this may take minutes')
        return build_engine(path, options.ranges, chosen, options.precision)
    return cache.get(target_key(path, options, gpu, capability), build)


class TensorRtEngine:
    """A graph in TensorRT; see `Engine` for the attributes and methods.

    Attributes:
        key: Of the engine that was loaded.
        cache: It came from there.
    """

    name = 'tensorrt'

    def __init__(self, path: Path, options: EngineOptions) -> None:
        """Load a graph, which is compiled first where the cache has no engine of it.

        Args:
            path: ONNX file.
            options: Precision, cache and ranges.

        Raises:
            EngineError: There is no TensorRT, no CUDA or no GPU, or TensorRT cannot compile the
                graph or load its engine.
        """
        trt = load_tensorrt()
        cuda = CudaRuntime()
        self.passed_over: tuple[str, ...] = ()
        self.cache = EngineCache(options.cache)
        self.key = target_key(path, options, cuda.gpu, cuda.capability)
        self.description = (f'{tensorrt_version(trt)} on {cuda.gpu} ({cuda.capability}), '
                            f'{options.precision}')
        self._path, self._said = path, list[str]()
        data = cached_engine(path, options, cuda.gpu, cuda.capability, self.cache)
        self._logger = listener(trt, self._said)
        self._runtime: Any = trt.Runtime(self._logger)
        engine = self._runtime.deserialize_cuda_engine(data)
        if engine is None:
            raise EngineError(f'the engine of {path} cannot be loaded: {complaint(self._said)}')
        memory = ActivationMemory(trt, engine, cuda)
        self._memory = memory
        own = hasattr(trt, 'CudaGraphStrategy')
        try:
            self._graph = CompiledGraph(
                engine, memory.context if not own else _recording_context(trt, engine), cuda,
                records=not own, contexts=1 if own else CONTEXTS)
        except EngineError as error:
            memory.free()
            raise EngineError(f'the engine of {path} cannot be made ready: {error}') from error
        self.inputs: Mapping[str, Shape] = self._graph.inputs
        self.outputs: Mapping[str, Shape] = self._graph.outputs

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name; see `Engine.run`."""
        self._said.clear()
        try:
            return self._graph.run(inputs)
        except EngineError as error:
            more = f': {complaint(self._said)}' if self._said else ''
            raise EngineError(f'TensorRT could not run {self._path}: {error}{more}') from error

    def close(self) -> None:
        """Free the engine and its memory; see `Engine.close`."""
        self._graph.close()
        self._memory.free()
        self._runtime = None


class ActivationMemory:
    """Memory of intermediate values that all contexts of an engine share, as they take turns."""

    def __init__(self, trt: Any, engine: Any, cuda: CudaRuntime) -> None:
        """Note how much an engine needs; TensorRT 8 has no version 2 of these names."""
        self._trt, self._engine, self._cuda = trt, engine, cuda
        self._address = 0

    def context(self) -> Any:
        """Return a new context that works in this memory.

        Raises:
            EngineError: The GPU has too little free memory.
        """
        engine = self._engine
        size = int(engine.device_memory_size_v2 if hasattr(engine, 'device_memory_size_v2')
                   else engine.device_memory_size)
        if size and not self._address:
            self._address = self._cuda.allocate(size)
        strategies = getattr(self._trt, 'ExecutionContextAllocationStrategy', None)
        context = (engine.create_execution_context(strategies.USER_MANAGED) if strategies
                   else engine.create_execution_context_without_device_memory())
        if context is None:
            raise EngineError('TensorRT gives no context; stop other programs on the GPU')
        if size and hasattr(context, 'set_device_memory'):
            context.set_device_memory(self._address, size)
        elif size:
            context.device_memory = self._address
        return context

    def free(self) -> None:
        """Give the memory back, and the engine with it."""
        if self._address:
            self._cuda.free(self._address)
        self._address, self._engine = 0, None


def _recording_context(trt: Any, engine: Any) -> Callable[[], Any]:
    """Return what makes a context of TensorRT for RTX, which records its runs by itself.

    It compiles kernels for new shapes beside its work, and replaces them in its own recordings.
    """
    def make() -> Any:
        config = engine.create_runtime_config()
        config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        context = engine.create_execution_context(config)
        if context is None:
            raise EngineError('TensorRT gives no context; stop other programs on the GPU')
        return context
    return make
