# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which back end runs a graph."""

from __future__ import annotations

from pathlib import Path

from eventsam_ros.errors import EngineError

from .engine import Engine
from .onnxruntime_engine import OnnxRuntimeEngine

ENGINES = ('auto', 'onnxruntime')
"""Names that `create_engine` knows; 'auto' is the fastest one that this machine has."""


def create_engine(path: Path | str, name: str = 'auto', threads: int | None = None) -> Engine:
    """Load a graph into a back end.

    Args:
        path: ONNX file.
        name: One of ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.

    Returns:
        The loaded graph.

    Raises:
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    if name not in ENGINES:
        raise EngineError(f'engine must be one of {", ".join(ENGINES)}, but got {name!r}')
    return OnnxRuntimeEngine(path, threads)
