# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Engines compiled ahead of time, for GPUs that need not be here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eventsam_ros.errors import EngineError

from .all_graphs import graphs_of, open_all
from .engines import EngineOptions
from .engines.engine_cache import EngineCache
from .engines.tensorrt_engine import TensorRtEngine, cached_engine, target_key
from .engines.tensorrt_package import builds_for_any_gpu, load_tensorrt, tensorrt_version
from .opening import AnyBundle


@dataclass(frozen=True)
class Kept:
    """An engine in the cache.

    Attributes:
        graph: Name of the ONNX file.
        target: GPU or compute capability that it runs on.
        path: Its file.
        built: Whether it was compiled now, and not there already.
    """

    graph: str
    target: str
    path: Path
    built: bool


def build_ahead(
    bundle: AnyBundle, options: EngineOptions, capabilities: Sequence[str] = (),
) -> list[Kept]:
    """Compile the graphs of a bundle of any task into the cache.

    Args:
        bundle: A checked bundle.
        options: Precision and cache.
        capabilities: Compute capabilities to compile for, such as 'SM86', which TensorRT for RTX
            can do anywhere; none is the GPU of this machine, on which masks are then compared
            with ONNX Runtime's.

    Returns:
        The engines, those of one capability together.

    Raises:
        EngineError: TensorRT or the GPU is missing, a graph cannot be compiled, its masks differ,
            or the cache cannot be written.
    """
    if not capabilities:
        return _build_here(bundle, options)
    trt = load_tensorrt()
    if not builds_for_any_gpu(trt):
        raise EngineError(f'{tensorrt_version(trt)} builds for the GPU of this machine only; '
                          'leave the capability out, or install TensorRT for RTX')
    cache = EngineCache(options.cache)
    found = []
    for capability in capabilities:
        for path, ranges in graphs_of(bundle):
            before = cache.counters['builds']
            with_ranges = replace(options, ranges=ranges)
            cached_engine(path, with_ranges, '', capability, cache)
            _check_kept(cache)
            found.append(Kept(path.name, capability, cache.path(target_key(
                path, with_ranges, '', capability)), cache.counters['builds'] > before))
    return found


def _build_here(bundle: AnyBundle, options: EngineOptions) -> list[Kept]:
    found = []
    engines = open_all(bundle, 'tensorrt', options=options)
    for (graph, _), engine in zip(graphs_of(bundle), engines, strict=True):
        engine.close()
        assert isinstance(engine, TensorRtEngine)
        _check_kept(engine.cache)
        found.append(Kept(graph.name, engine.description, engine.cache.path(engine.key),
                          engine.cache.counters['builds'] > 0))
    return found


def _check_kept(cache: EngineCache) -> None:
    if cache.counters['unsaved']:
        raise EngineError(f'{cache.trouble}; give another folder with --cache')
