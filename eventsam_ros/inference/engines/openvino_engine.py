# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""OpenVINO on the CPU.

Graphs whose sizes are open are compiled for each set of sizes that comes, because OpenVINO 2026.4
crashes on decoders that add a picture's detail to the masks of several prompts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import EngineError
from eventsam_ros.events.types import Float32

from .engine import Shape
from .onnxruntime_engine import one_line, thread_count

COMPILED = 16
"""Sets of sizes that are kept compiled; the one used longest ago goes first."""


class OpenVinoEngine:
    """A graph in OpenVINO; see `Engine` for the attributes and methods."""

    name = 'openvino'

    def __init__(self, path: Path | str, threads: int | None = None) -> None:
        """Load a graph.

        Args:
            path: ONNX file.
            threads: Threads that share one operator, at least 1; None takes one for each
                processor, at most 4.

        Raises:
            EngineError: openvino is not installed, or the file is not a graph it can run.
            ValueError: Less than one thread.
        """
        threads = thread_count(threads)
        try:
            import openvino  # noqa: PLC0415  (optional, so not at the top)
        except ImportError as error:
            raise EngineError(
                'openvino is not installed; install it with: pip install openvino') from error
        self._settings = {
            'INFERENCE_NUM_THREADS': threads, 'NUM_STREAMS': 1, 'PERFORMANCE_HINT': 'LATENCY',
            # It would take bf16 by itself where the processor has it.
            'INFERENCE_PRECISION_HINT': 'f32'}
        self._path = path
        self.passed_over: tuple[str, ...] = ()
        self._core: Any = openvino.Core()
        self._compiled: OrderedDict[tuple[tuple[int, ...], ...], Any] = OrderedDict()
        try:
            model = self._core.read_model(str(path))
            self.inputs: Mapping[str, Shape] = _shapes(model.inputs)
            self.outputs: Mapping[str, Shape] = _shapes(model.outputs)
            if not any(None in shape for shape in self.inputs.values()):
                self._compile(model, {name: _fixed(s) for name, s in self.inputs.items()})
        except Exception as error:
            raise EngineError(f'{path} cannot be loaded by OpenVINO: {one_line(error)}') from error
        version = openvino.__version__.split('-')[0]
        self.description = f'OpenVINO {version} on CPU, {threads} thread{"s" * (threads > 1)}'

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name; see `Engine.run`."""
        if self._core is None:
            raise EngineError(f'the engine of {self._path} is closed')
        shapes = {name: np.shape(value) for name, value in inputs.items()}
        self._check(shapes)
        try:
            compiled = self._compiled.get(tuple(shapes[name] for name in self.inputs))
            if compiled is None:
                compiled = self._compile(self._core.read_model(str(self._path)), shapes)
            self._compiled.move_to_end(tuple(shapes[name] for name in self.inputs))
            values = compiled(dict(inputs), share_inputs=True)
        except Exception as error:
            raise EngineError(f'OpenVINO could not run {self._path}: {one_line(error)}') from error
        return {name: np.array(values[k]) for k, name in enumerate(self.outputs)}

    def close(self) -> None:
        """Free the compiled graphs; see `Engine.close`."""
        self._compiled.clear()
        self._core = None

    def _check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        fits = shapes.keys() == self.inputs.keys() and all(
            len(shape) == len(shapes[name])
            and all(a is None or a == b for a, b in zip(shape, shapes[name], strict=True))
            for name, shape in self.inputs.items())
        if not fits:
            raise EngineError(f'OpenVINO could not run {self._path}: its inputs are '
                              f'{dict(self.inputs)}, but got {dict(shapes)}')

    def _compile(self, model: Any, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        model.reshape({name: list(shape) for name, shape in shapes.items()})
        compiled = self._core.compile_model(model, 'CPU', self._settings)
        self._compiled[tuple(shapes[name] for name in self.inputs)] = compiled
        while len(self._compiled) > COMPILED:
            self._compiled.popitem(last=False)
        return compiled


def _shapes(ports: Any) -> dict[str, Shape]:
    return {port.get_any_name(): tuple(
        None if side.is_dynamic else side.get_length() for side in port.get_partial_shape())
        for port in ports}


def _fixed(shape: Shape) -> tuple[int, ...]:
    return tuple(side for side in shape if side is not None)
