# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""ONNX Runtime on the CPU: the back end that runs everywhere."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
from typing import Any

from eventsam_ros.errors import EngineError
from eventsam_ros.events.types import Float32

from .engine import Shape

MAX_DEFAULT_THREADS = 4


class OnnxRuntimeEngine:
    """A graph in ONNX Runtime; see `Engine` for the attributes and methods."""

    name = 'onnxruntime'

    def __init__(self, path: Path | str, threads: int | None = None) -> None:
        """Load a graph.

        Args:
            path: ONNX file.
            threads: Threads that share one operator, at least 1; None takes one for each
                processor, at most 4.

        Raises:
            EngineError: onnxruntime is not installed, or the file is not a graph it can run.
            ValueError: Less than one thread.
        """
        if threads is not None and threads < 1:
            raise ValueError(f'threads must be at least 1, but got {threads}')
        try:
            import onnxruntime  # noqa: PLC0415  (optional, so not at the top)
        except ImportError as error:
            raise EngineError(
                'onnxruntime is not installed; install it with: pip install onnxruntime'
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(MAX_DEFAULT_THREADS, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Worker threads sleep between windows: spinning ones keep every core busy all the time.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider'])
        except Exception as error:
            raise EngineError(f'{path} cannot be loaded by ONNX Runtime: '
                              f'{_one_line(error)}') from error
        self._session: Any = session
        self._path = path
        self.inputs: Mapping[str, Shape] = {i.name: _shape(i) for i in session.get_inputs()}
        self.outputs: Mapping[str, Shape] = {o.name: _shape(o) for o in session.get_outputs()}

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name; see `Engine.run`."""
        if self._session is None:
            raise EngineError(f'the engine of {self._path} is closed')
        try:
            values = self._session.run(None, dict(inputs))
        except Exception as error:
            raise EngineError(f'ONNX Runtime could not run {self._path}: '
                              f'{_one_line(error)}') from error
        return dict(zip(self.outputs, values, strict=True))

    def close(self) -> None:
        """Free the session; see `Engine.close`."""
        self._session = None


def _shape(tensor: Any) -> Shape:
    return tuple(side if isinstance(side, int) else None for side in tensor.shape)


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
