# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A compiled engine at work: buffers, shapes, and recordings that are launched as one.

What TensorRT computes is behind two objects of its API, an engine and its contexts; everything
around them is here, and works on any CUDA runtime.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
import ctypes
from dataclasses import dataclass, field
import math
from typing import Any, NamedTuple

import numpy as np

from eventsam_ros.errors import EngineError
from eventsam_ros.events.types import Float32

from .cuda_runtime import TO_DEVICE, TO_HOST, CudaRuntime
from .engine import Shape

CONTEXTS = 4
"""Sets of shapes that keep a context, and with it their recording."""
_FLOAT = 4
Sizes = tuple[int, ...]


class Tensor(NamedTuple):
    """An input or output: its shape with open sizes as None, and the limits of an input."""

    name: str
    is_input: bool
    shape: Shape
    least: Sizes
    most: Sizes


class Buffer(NamedTuple):
    """Memory for the largest value of a tensor: on the GPU, and pinned on the host."""

    device: int
    pinned: int


@dataclass
class Context:
    """A context of TensorRT that is set to one set of shapes.

    Attributes:
        context: TensorRT's.
        shapes: Shape of every tensor, by name.
        runs: How often it ran with these shapes.
        graph: Its recording in CUDA, 0 where there is none.
    """

    context: Any
    shapes: dict[str, Sizes] = field(default_factory=dict)
    runs: int = 0
    graph: int = 0


def tensors_of(engine: Any) -> list[Tensor]:
    """Return the inputs and outputs of an engine.

    Raises:
        EngineError: One is not float32.
    """
    found = []
    for name in (engine.get_tensor_name(k) for k in range(engine.num_io_tensors)):
        is_input = engine.get_tensor_mode(name).name == 'INPUT'
        kind = engine.get_tensor_dtype(name).name
        if kind != 'FLOAT':
            raise EngineError(f'{name} of a compiled engine is {kind}, but graphs of bundles take '
                              'and give float32; export the bundle again')
        shape = tuple(int(side) for side in engine.get_tensor_shape(name))
        least, _, most = (map(tuple, engine.get_tensor_profile_shape(name, 0)) if is_input
                          else ((), (), ()))
        found.append(Tensor(name, is_input, tuple(None if s < 0 else s for s in shape),
                            tuple(least), tuple(most)))
    return found


class CompiledGraph:
    """Runs an engine on a stream of its own.

    The first run with a set of shapes enqueues its work piece by piece, as TensorRT wants; the
    second records it, and from there on the recording is launched.

    Attributes:
        inputs: Shape of every input, by name.
        outputs: Shape of every output, by name.
        records: Whether runs are recorded; False once the driver has refused to.
    """

    def __init__(
        self, engine: Any, make_context: Callable[[], Any], cuda: CudaRuntime,
        records: bool = True, contexts: int = CONTEXTS,
    ) -> None:
        """Set all memory aside that any run needs.

        Args:
            engine: TensorRT's.
            make_context: Gives a new context of it.
            cuda: Of the GPU that the engine is on.
            records: Whether to record runs; False where contexts do so themselves.
            contexts: Sets of shapes to keep ready.

        Raises:
            EngineError: The GPU has too little free memory, or an input or output is not float32.
        """
        self._cuda, self._make_context, self.records = cuda, make_context, records
        self._limit = contexts
        self._ready: OrderedDict[tuple[Sizes, ...], Context] = OrderedDict()
        self._buffers: dict[str, Buffer] = {}
        self._tensors = tensors_of(engine)
        self.inputs: Mapping[str, Shape] = {t.name: t.shape for t in self._tensors if t.is_input}
        self.outputs: Mapping[str, Shape] = {
            t.name: t.shape for t in self._tensors if not t.is_input}
        cuda.use()
        self._stream = cuda.stream()
        try:
            first = make_context()
            most = self._set(first, {t.name: t.most for t in self._tensors if t.is_input})
            for name, sizes in most.items():
                size = _FLOAT * math.prod(sizes)
                device = cuda.allocate(size)
                self._buffers[name] = Buffer(device, 0)
                self._buffers[name] = Buffer(device, cuda.allocate_pinned(size))
            self._ready[tuple(most[name] for name in self.inputs)] = Context(first, most)
            self._bind(first)
        except EngineError:
            self.close()
            raise

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name.

        Raises:
            EngineError: An input is missing or beyond the limits that the engine was built for,
                or the GPU failed.
        """
        if not self._stream:
            raise EngineError('the engine is closed')
        self._check({name: np.shape(value) for name, value in inputs.items()})
        self._cuda.use()
        at = self._context(inputs)
        for name in self.inputs:
            self._view(name, at.shapes[name])[...] = inputs[name]
        if self.records and at.runs and not at.graph:
            at.graph = self._record(at)
        if at.graph:
            self._cuda.launch(at.graph, self._stream)
        else:
            self._enqueue(at)
        self._cuda.wait(self._stream)
        at.runs += 1
        return {name: self._view(name, at.shapes[name]).copy() for name in self.outputs}

    def close(self) -> None:
        """Free all memory, contexts and recordings."""
        for each in self._ready.values():
            if each.graph:
                self._cuda.destroy_graph(each.graph)
        self._ready.clear()
        for buffer in self._buffers.values():
            self._cuda.free(buffer.device)
            if buffer.pinned:
                self._cuda.free_pinned(buffer.pinned)
        self._buffers.clear()
        if self._stream:
            self._cuda.destroy_stream(self._stream)
        self._stream = 0

    def _check(self, shapes: Mapping[str, Sizes]) -> None:
        if shapes.keys() != self.inputs.keys():
            raise EngineError(f'the engine takes {", ".join(sorted(self.inputs))}, '
                              f'but got {", ".join(sorted(shapes))}')
        for name, _, _, least, most in (t for t in self._tensors if t.is_input):
            shape = shapes[name]
            if len(shape) != len(most) or not all(
                    a <= b <= c for a, b, c in zip(least, shape, most, strict=True)):
                raise EngineError(f'the engine was built for {name} of {list(least)} to '
                                  f'{list(most)}, but got {list(shape)}')

    def _context(self, inputs: Mapping[str, Float32]) -> Context:
        """Return a context that is set to the shapes of inputs."""
        key = tuple(np.shape(inputs[name]) for name in self.inputs)
        at = self._ready.get(key)
        if at is None:
            if len(self._ready) < self._limit:
                context = self._make_context()
                self._bind(context)
            else:
                _, oldest = self._ready.popitem(last=False)
                context = oldest.context
                if oldest.graph:
                    self._cuda.destroy_graph(oldest.graph)
            at = Context(context, self._set(context, dict(zip(self.inputs, key, strict=True))))
            self._ready[key] = at
        self._ready.move_to_end(key)
        return at

    def _set(self, context: Any, sizes: Mapping[str, Sizes]) -> dict[str, Sizes]:
        """Set the shapes of inputs; return those of all tensors."""
        for name, size in sizes.items():
            if not context.set_input_shape(name, size):
                raise EngineError(f'TensorRT does not take {name} of {list(size)}')
        return {**sizes, **{name: tuple(context.get_tensor_shape(name)) for name in self.outputs}}

    def _bind(self, context: Any) -> None:
        for name, buffer in self._buffers.items():
            context.set_tensor_address(name, buffer.device)

    def _enqueue(self, at: Context) -> None:
        for name in self.inputs:
            device, pinned = self._buffers[name]
            self._cuda.copy(device, pinned, self._bytes(at, name), TO_DEVICE, self._stream)
        if not at.context.execute_async_v3(self._stream):
            raise EngineError('TensorRT could not start the engine')
        for name in self.outputs:
            device, pinned = self._buffers[name]
            self._cuda.copy(pinned, device, self._bytes(at, name), TO_HOST, self._stream)

    def _record(self, at: Context) -> int:
        """Return the recording of a run; 0, from now on, where the driver refuses."""
        try:
            self._cuda.begin_capture(self._stream)
            try:
                self._enqueue(at)
            finally:
                graph = self._cuda.end_capture(self._stream)
        except EngineError:
            self.records = False
            return 0
        return graph

    def _bytes(self, at: Context, name: str) -> int:
        return _FLOAT * math.prod(at.shapes[name])

    def _view(self, name: str, shape: Sizes) -> Float32:
        memory = (ctypes.c_float * math.prod(shape)).from_address(self._buffers[name].pinned)
        values: Float32 = np.ctypeslib.as_array(memory).reshape(shape)
        return values
