# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""ONNX Runtime on the CPU, the back end that runs everywhere, and on NVIDIA's GPUs."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
from typing import Any

from eventsam_ros.errors import EngineError
from eventsam_ros.events.types import Float32

from .engine import Shape

CPU, CUDA = 'onnxruntime', 'onnxruntime_cuda'
"""Names of the two back ends."""
MAX_DEFAULT_THREADS = 4
_PROVIDERS = {CPU: 'CPUExecutionProvider', CUDA: 'CUDAExecutionProvider'}
_KNOWS_TF32 = (1, 18)


class OnnxRuntimeEngine:
    """A graph in ONNX Runtime; see `Engine` for the attributes and methods."""

    def __init__(self, path: Path | str, threads: int | None = None, name: str = CPU) -> None:
        """Load a graph.

        Args:
            path: ONNX file.
            threads: Threads that share one operator, at least 1; None takes one for each
                processor, at most 4.
            name: CPU, or CUDA for the first GPU.

        Raises:
            EngineError: onnxruntime is not installed or cannot use the GPU, or the file is not a
                graph it can run.
            ValueError: Less than one thread.
        """
        threads = thread_count(threads)
        onnxruntime = load_onnxruntime(name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Worker threads sleep between windows: spinning ones keep every core busy all the time.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        wanted = _PROVIDERS[name]
        providers: list[Any] = (
            [(wanted, cuda_options(onnxruntime.__version__))] if name == CUDA else [])
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=[*providers, _PROVIDERS[CPU]])
        except Exception as error:
            raise EngineError(f'{path} cannot be loaded by ONNX Runtime: '
                              f'{one_line(error)}') from error
        # It goes on without the provider that was asked for, and says so in its log only.
        if session.get_providers()[0] != wanted:
            raise EngineError('ONNX Runtime cannot use the GPU of this machine; look for the '
                              'reason in its log, most often a missing driver, CUDA or cuDNN')
        self._session: Any = session
        self._path = path
        self.name = name
        self.passed_over: tuple[str, ...] = ()
        self.description = f'ONNX Runtime {onnxruntime.__version__} on ' + (
            'GPU' if name == CUDA else f'CPU, {threads} thread{"s" * (threads > 1)}')
        self.inputs: Mapping[str, Shape] = {i.name: _shape(i) for i in session.get_inputs()}
        self.outputs: Mapping[str, Shape] = {o.name: _shape(o) for o in session.get_outputs()}

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name; see `Engine.run`."""
        if self._session is None:
            raise EngineError(f'the engine of {self._path} is closed')
        try:
            values = self._session.run(None, dict(inputs))
        except Exception as error:
            advice = ('; the GPU has too little free memory: stop other programs on it or ask '
                      'for fewer prompts at a time' if 'out of memory' in str(error).lower()
                      else '')
            raise EngineError(f'ONNX Runtime could not run {self._path}: '
                              f'{one_line(error)}{advice}') from error
        return dict(zip(self.outputs, values, strict=True))

    def close(self) -> None:
        """Free the session; see `Engine.close`."""
        self._session = None


def thread_count(threads: int | None) -> int:
    """Return how many threads share one operator; None takes one a processor, at most 4.

    Raises:
        ValueError: Less than one.
    """
    if threads is not None and threads < 1:
        raise ValueError(f'threads must be at least 1, but got {threads}')
    return threads or min(MAX_DEFAULT_THREADS, os.cpu_count() or 1)


def cuda_options(version: str) -> dict[str, str]:
    """Return the settings of the GPU for a version of ONNX Runtime; unknown ones are errors."""
    options = {
        # The exhaustive search tries every algorithm anew for every number of prompts.
        'cudnn_conv_algo_search': 'HEURISTIC',
        # By default the arena doubles, and other nodes want GPU memory too.
        'arena_extend_strategy': 'kSameAsRequested'}
    if tuple(int(part) for part in version.split('.')[:2]) >= _KNOWS_TF32:
        # fp32 is what the bundle was measured with; TF32 has fp16's digits.
        options['use_tf32'] = '0'
    return options


def load_onnxruntime(name: str = CPU) -> Any:
    """Return the module onnxruntime.

    Raises:
        EngineError: It is not installed, or is a build that knows nothing of the GPU asked for.
    """
    try:
        import onnxruntime  # noqa: PLC0415  (optional, so not at the top)
    except ImportError as error:
        raise EngineError(
            'onnxruntime is not installed; install it with: pip install onnxruntime') from error
    if _PROVIDERS[name] not in onnxruntime.get_available_providers():
        raise EngineError(f'ONNX Runtime {onnxruntime.__version__} is a build without CUDA; '
                          'install onnxruntime-gpu in its place')
    return onnxruntime


def _shape(tensor: Any) -> Shape:
    return tuple(side if isinstance(side, int) else None for side in tensor.shape)


def one_line(error: object) -> str:
    """Return a message without line breaks."""
    return ' '.join(str(error).split())
