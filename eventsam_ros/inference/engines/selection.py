# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which back end runs a graph, and why no other one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from eventsam_ros.errors import EngineError

from .engine import Engine, EngineOptions
from .onnxruntime_engine import CPU, CUDA, OnnxRuntimeEngine
from .openvino_engine import OpenVinoEngine
from .tensorrt_engine import TensorRtEngine

AUTO = 'auto'
ORDER = (TensorRtEngine.name, CUDA, CPU)
"""What 'auto' tries, in this order.

OpenVINO is left to those who ask for it: on two cores it is faster than ONNX Runtime
(benchmarks/engines.py), but it must compile a decoder for every number of prompts, for which the
first windows wait.
"""
ENGINES = (AUTO, *ORDER, OpenVinoEngine.name)
"""Names that `create_engine` knows; 'auto' is the fastest one that this machine has."""
_Opened = TypeVar('_Opened')


def create_engine(
    path: Path | str, name: str = AUTO, threads: int | None = None,
    options: EngineOptions | None = None,
) -> Engine:
    """Load a graph into a back end.

    Args:
        path: ONNX file.
        name: One of ENGINES. Only 'auto' goes on to another one where the first cannot be.
        threads: Processor threads for one operator; None leaves it to the back end.
        options: Of compiled engines; None takes the defaults.

    Returns:
        The loaded graph.

    Raises:
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    def load(chosen: str) -> Engine:
        if chosen == TensorRtEngine.name:
            return TensorRtEngine(Path(path), options or EngineOptions())
        if chosen == OpenVinoEngine.name:
            return OpenVinoEngine(path, threads)
        return OnnxRuntimeEngine(path, threads, chosen)
    engine, passed_over = first_that_works(name, load)
    engine.passed_over = passed_over
    return engine


def first_that_works(
    name: str, load: Callable[[str], _Opened],
) -> tuple[_Opened, tuple[str, ...]]:
    """Load with a back end; with 'auto' with the first of ORDER that does not refuse.

    Args:
        name: One of ENGINES.
        load: Loads what is to be run with the back end of a name.

    Returns:
        What was loaded, and a sentence for each back end that was passed over.

    Raises:
        EngineError: Unknown back end, or none could load.
    """
    if name not in ENGINES:
        raise EngineError(f'engine must be one of {", ".join(ENGINES)}, but got {name!r}')
    passed_over: list[str] = []
    for chosen in ORDER if name == AUTO else (name,):
        try:
            return load(chosen), tuple(passed_over)
        except EngineError as error:  # noqa: PERF203  (a handful of back ends)
            if chosen in {name, ORDER[-1]}:
                raise
            passed_over.append(f'{chosen}: {error}')
    raise AssertionError
