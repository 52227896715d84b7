# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""ONNX graphs rewritten so that fp16 is where it pays and fp32 where it is needed.

TensorRT for RTX and TensorRT from 10 on compute in the types that are written in the graph, so
the precision is written there; it can then be tried on any runtime, and not on a GPU alone. The
rules are those of automatic mixed precision (Micikevicius et al., ICLR 2018): convolutions and
matrix products take fp16; norms, softmax, reductions and powers take fp32; what only moves or
bends values takes the widest type that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import EngineError

HALF = frozenset(('Conv', 'ConvTranspose', 'Gemm', 'MatMul'))
"""Operators that take fp16."""
EITHER = frozenset((
    'Abs', 'Add', 'AveragePool', 'Clip', 'Concat', 'DepthToSpace', 'Div', 'Elu', 'Erf', 'Expand',
    'Flatten', 'Gather', 'Gelu', 'HardSigmoid', 'HardSwish', 'Identity', 'LeakyRelu', 'Max',
    'MaxPool', 'Min', 'Mul', 'Neg', 'PRelu', 'Pad', 'Relu', 'Reshape', 'Resize', 'Sigmoid',
    'Slice', 'SpaceToDepth', 'Split', 'Squeeze', 'Sub', 'Tanh', 'Tile', 'Transpose', 'Unsqueeze',
    'Where'))
"""Operators that take fp16 where all their values come as fp16; any other one takes fp32."""
PERIODIC = frozenset(('Cos', 'Sin'))
"""Operators that need every digit of their angle; all that leads to them takes fp32."""
QUANTISED = frozenset(('DequantizeLinear', 'QuantizeLinear'))
_FIXED = {'Resize': (1, 2)}
"""Inputs, by place, that are fp32 whatever the others are."""
_LARGEST = float(np.finfo(np.float16).max)


def load_onnx() -> Any:
    """Return the module onnx, which the vehicle needs for building engines only.

    Raises:
        EngineError: It is not installed.
    """
    try:
        import onnx  # noqa: PLC0415  (optional, so not at the top)
        import onnx.helper  # noqa: PLC0415
        import onnx.numpy_helper  # noqa: PLC0415
        import onnx.shape_inference  # noqa: PLC0415
    except ImportError as error:
        raise EngineError('an engine in fp16 needs the package onnx to be built; install it with: '
                          'pip install onnx; or choose the precision fp32') from error
    return onnx


def mixed_precision(path: Path) -> bytes:
    """Return an fp32 graph with fp16 where it pays, as the bytes of an ONNX file.

    Inputs and outputs stay fp32, and so does all of a graph that is quantised already.

    Args:
        path: ONNX file; weights may be stored as fp16 behind a Cast.

    Raises:
        EngineError: onnx is not installed, or the file is no graph.
    """
    onnx = load_onnx()
    try:
        model = onnx.load(str(path))
        if any(node.op_type in QUANTISED for node in model.graph.node):
            return bytes(model.SerializeToString())
        gather_constants(onnx, model.graph)
        typed = onnx.shape_inference.infer_shapes(model)
    except Exception as error:
        raise EngineError(f'{path} cannot be read as an ONNX graph: '
                          f'{" ".join(str(error).split())}') from error
    _Rewriter(onnx, model.graph, typed.graph).rewrite()
    drop_unused(model.graph)
    return bytes(model.SerializeToString())


def gather_constants(onnx: Any, graph: Any) -> None:
    """Make every fp32 constant an initializer, also those stored as fp16 behind a Cast."""
    stored = {each.name: each for each in graph.initializer}
    kept = []
    for node in graph.node:
        halved = stored.get(node.input[0]) if node.op_type == 'Cast' else None
        value = node.attribute[0] if node.op_type == 'Constant' else None
        if halved is not None and halved.data_type == onnx.TensorProto.FLOAT16:
            values = onnx.numpy_helper.to_array(halved).astype(np.float32)
        elif value is not None and value.t.data_type == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(value.t)
        else:
            kept.append(node)
            continue
        graph.initializer.append(onnx.numpy_helper.from_array(values, node.output[0]))
    del graph.node[:]
    graph.node.extend(kept)


def drop_unused(graph: Any) -> None:
    """Remove initializers that nothing reads."""
    read = {name for node in graph.node for name in (*node.input, *_captured(node))}
    read |= {each.name for each in graph.output}
    kept = [each for each in graph.initializer if each.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


class _Rewriter:
    """Gives each node its type; a name stays the fp32 value, `name_half` is the fp16 one."""

    def __init__(self, onnx: Any, graph: Any, typed: Any) -> None:
        self._onnx, self._graph = onnx, graph
        self._float = _names_of(typed, onnx.TensorProto.FLOAT)
        self._constants = {each.name: onnx.numpy_helper.to_array(each)
                           for each in graph.initializer
                           if each.data_type == onnx.TensorProto.FLOAT}
        self._halves: set[str] = set()
        self._fulls = {each.name for each in graph.input} | set(self._constants)
        self._nodes: list[Any] = []

    def rewrite(self) -> None:
        """Change the graph in place."""
        precise = _leading_to(self._graph.node, PERIODIC)
        for k, node in enumerate(self._graph.node):
            places = self._data(node)
            if k not in precise and self._takes_half(node, places):
                self._make_half(node, places)
            else:
                self._make_full(node)
        for output in self._graph.output:
            self._full(output.name)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        # Types of inner values that the file names may have changed.
        del self._graph.value_info[:]

    def _data(self, node: Any) -> list[int]:
        fixed = _FIXED.get(node.op_type, ())
        return [k for k, name in enumerate(node.input) if name in self._float and k not in fixed]

    def _takes_half(self, node: Any, places: list[int]) -> bool:
        names = [node.input[k] for k in places]
        if node.domain not in {'', 'ai.onnx'} or not all(map(self._fits, names)):
            return False
        if node.op_type in HALF:
            return True
        values = [name for name in names if name not in self._constants]
        return (node.op_type in EITHER and bool(values)
                and all(name in self._halves for name in values))

    def _fits(self, name: str) -> bool:
        """Tell whether a constant survives as fp16; minus infinity, as in masks, does."""
        values = self._constants.get(name)
        if values is None:
            return True
        finite = np.abs(values[np.isfinite(values)])
        return finite.size == 0 or float(finite.max()) <= _LARGEST

    def _make_half(self, node: Any, places: list[int]) -> None:
        for k in places:
            node.input[k] = self._half(node.input[k])
        for k, name in enumerate(node.output):
            if name in self._float:
                self._halves.add(name)
                node.output[k] = _half_name(name)
        self._nodes.append(node)

    def _make_full(self, node: Any) -> None:
        for name in [*node.input, *_captured(node)]:
            self._full(name)
        self._fulls.update(node.output)
        self._nodes.append(node)

    def _half(self, name: str) -> str:
        """Return the name of a value's fp16 form, which is made where it is missing."""
        if name not in self._halves:
            self._halves.add(name)
            if name in self._constants:
                values = self._constants[name].astype(np.float16)
                self._graph.initializer.append(
                    self._onnx.numpy_helper.from_array(values, _half_name(name)))
            else:
                self._cast(name, _half_name(name), self._onnx.TensorProto.FLOAT16)
        return _half_name(name)

    def _full(self, name: str) -> None:
        """See to it that a value exists as fp32."""
        if name in self._halves and name not in self._fulls:
            self._fulls.add(name)
            self._cast(_half_name(name), name, self._onnx.TensorProto.FLOAT)

    def _cast(self, source: str, target: str, to: int) -> None:
        self._nodes.append(self._onnx.helper.make_node(
            'Cast', [source], [target], name=f'cast_{target}', to=to))


def _half_name(name: str) -> str:
    return f'{name}_half'


def _names_of(graph: Any, kind: int) -> set[str]:
    found = {each.name for each in (*graph.input, *graph.output, *graph.value_info)
             if each.type.tensor_type.elem_type == kind}
    return found | {each.name for each in graph.initializer if each.data_type == kind}


def _captured(node: Any) -> Iterator[str]:
    """Yield what the bodies of a conditional or a loop may read from around them."""
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs):
            for inner in body.node:
                yield from inner.input
                yield from _captured(inner)


def _leading_to(nodes: Iterable[Any], kinds: frozenset[str]) -> set[int]:
    """Return the places of all nodes whose results reach a node of some kinds."""
    wanted: set[str] = set()
    found = set()
    for k, node in reversed(list(enumerate(nodes))):
        if node.op_type in kinds or wanted.intersection(node.output):
            found.add(k)
            wanted.update(node.input)
    return found
