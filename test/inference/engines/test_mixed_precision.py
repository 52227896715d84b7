# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Graphs in mixed precision say the same as before, and are fp32 where they must be."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import onnxruntime
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines.mixed_precision import mixed_precision

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def saved(path, nodes, inputs, outputs, constants=(), opset=17):
    graph = helper.make_graph(
        [helper.make_node(op, a, b, name=f'n{k}', **rest)
         for k, (op, a, b, rest) in enumerate(nodes)], 'g',
        [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in dict(constants).items()])
    onnx.save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8), str(path))
    return path


def types(data):
    """Return the type of each node's first input and output, by its name, as onnx infers them."""
    model = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(data), check_type=True, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    known = {v.name: v.type.tensor_type.elem_type
             for v in (*model.graph.value_info, *model.graph.input, *model.graph.output)}
    known |= {c.name: c.data_type for c in model.graph.initializer}
    return {node.name: (known[node.input[0]], known[node.output[0]]) for node in model.graph.node
            if node.input}


def run(data, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options).run(None, inputs)


@pytest.mark.parametrize('kind', ['encoder', 'decoder'])
def test_products_take_fp16_and_norms_and_softmax_fp32(kind):
    bundle = load_bundle()
    path = getattr(bundle, f'{kind}_path')
    data = mixed_precision(path)
    found = types(data)
    ops = {node.name: node.op_type for node in onnx.load_from_string(data).graph.node}
    by_op = {}
    for name, (given, _) in found.items():
        by_op.setdefault(ops[name], set()).add(given)
    exact = {'Softmax', 'LayerNormalization', 'ReduceMean', 'Pow', 'Sqrt', 'Sin', 'Cos'}
    for op in exact & by_op.keys():
        assert by_op[op] == {FLOAT}, op
    assert by_op['Conv'] == {HALF}
    if kind == 'decoder':
        assert by_op['Softmax'] == by_op['LayerNormalization'] == {FLOAT}
        # the angles of positions alone
        products = [name for name, op in ops.items() if op == 'MatMul']
        assert sum(found[name][0] == FLOAT for name in products) == 1
    # half the weights' bytes, as in the file
    assert len(data) < 1.05 * path.stat().st_size


def test_a_chain_worked_out_by_hand(tmp_path):
    w = np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32)
    path = saved(tmp_path / 'x.onnx', [
        ('MatMul', ['x', 'w'], ['a'], {}), ('Add', ['a', 'b'], ['c'], {}),
        ('Relu', ['c'], ['d'], {}), ('Softmax', ['d'], ['e'], {}), ('Mul', ['e', 'd'], ['f'], {}),
        ('MatMul', ['f', 'w'], ['y'], {})], {'x': [2, 3]}, {'y': [2, 3]},
        {'w': w, 'b': np.ones(3, np.float32)})
    data = mixed_precision(path)
    found = types(data)
    assert [found[f'n{k}'] for k in range(6)] == [
        (HALF, HALF), (HALF, HALF), (HALF, HALF), (FLOAT, FLOAT), (FLOAT, FLOAT), (HALF, HALF)]
    x = np.random.default_rng(1).normal(size=(2, 3)).astype(np.float32)
    hidden = np.maximum(x @ w + 1, 0).astype(np.float64)
    weights = np.exp(hidden) / np.exp(hidden).sum(1, keepdims=True)
    np.testing.assert_allclose(
        run(data, {'x': x})[0], (weights * hidden) @ w.astype(np.float64), rtol=5e-3, atol=5e-3)


def test_what_fp16_cannot_hold_stays_fp32(tmp_path):
    for value, kind in ((7e4, FLOAT), (6e4, HALF), (-np.inf, HALF)):
        path = saved(tmp_path / 'x.onnx', [
            ('Gemm', ['x', 'w'], ['a'], {}), ('Add', ['a', 'big'], ['y'], {})], {'x': [1, 2]},
            {'y': [1, 2]}, {'w': np.eye(2, dtype=np.float32), 'big': np.float32([value])})
        data = mixed_precision(path)
        assert types(data)['n1'][0] == kind
        np.testing.assert_allclose(
            run(data, {'x': np.float32([[1, 2]])})[0], np.float32([[1, 2]]) + value, rtol=1e-3)


def test_scales_of_a_resize_stay_fp32(tmp_path):
    path = saved(tmp_path / 'x.onnx', [
        ('Conv', ['x', 'w'], ['a'], {}), ('Resize', ['a', '', 's'], ['y'], {'mode': 'linear'})],
        {'x': [1, 1, 2, 2]}, {'y': [1, 1, 4, 4]},
        {'w': np.ones((1, 1, 1, 1), np.float32), 's': np.float32([1, 1, 2, 2])})
    data = mixed_precision(path)
    assert types(data)['n1'] == (HALF, HALF)
    assert run(data, {'x': np.ones((1, 1, 2, 2), np.float32)})[0].shape == (1, 1, 4, 4)


def test_constants_behind_a_cast_and_in_nodes_are_constants(tmp_path):
    path = saved(tmp_path / 'x.onnx', [
        ('Cast', ['w16'], ['w'], {'to': FLOAT}), ('MatMul', ['x', 'w'], ['a'], {}),
        ('Constant', [], ['k'], {'value': numpy_helper.from_array(np.float32(3))}),
        ('Mul', ['a', 'k'], ['y'], {})], {'x': [1, 2]}, {'y': [1, 2]},
        {'w16': np.eye(2, dtype=np.float16)})
    data = mixed_precision(path)
    model = onnx.load_from_string(data)
    assert [node.op_type for node in model.graph.node] == ['Cast', 'MatMul', 'Mul', 'Cast']
    assert [c.data_type for c in model.graph.initializer] == [HALF, HALF]
    np.testing.assert_array_equal(run(data, {'x': np.float32([[1, 2]])})[0], [[3, 6]])


def test_a_body_reads_fp32_from_around_it(tmp_path):
    def branch(op):
        return helper.make_graph(
            [helper.make_node(op, ['a'], [f'{op}_out'])], op, [],
            [helper.make_tensor_value_info(f'{op}_out', FLOAT, [1, 2])])
    path = saved(tmp_path / 'x.onnx', [
        ('MatMul', ['x', 'w'], ['a'], {}),
        ('If', ['yes'], ['y'], {'then_branch': branch('Neg'), 'else_branch': branch('Abs')})],
        {'x': [1, 2]}, {'y': [1, 2]}, {'w': np.eye(2, dtype=np.float32), 'yes': np.bool_(True)})
    np.testing.assert_array_equal(
        run(mixed_precision(path), {'x': np.float32([[1, 2]])})[0], [[-1, -2]])


def test_a_quantised_graph_stays_as_it_is(tmp_path):
    path = saved(tmp_path / 'x.onnx', [
        ('QuantizeLinear', ['x', 's', 'z'], ['q'], {}),
        ('DequantizeLinear', ['q', 's', 'z'], ['d'], {}), ('MatMul', ['d', 'w'], ['y'], {})],
        {'x': [1, 2]}, {'y': [1, 2]},
        {'s': np.float32(1), 'z': np.int8(0), 'w': np.eye(2, dtype=np.float32)})
    assert mixed_precision(path) == onnx.load(str(path)).SerializeToString()


def test_a_file_that_is_no_graph(tmp_path):
    (tmp_path / 'x.onnx').write_bytes(b'\xff\xff')
    with pytest.raises(EngineError, match=r'x\.onnx cannot be read as an ONNX graph: '):
        mixed_precision(tmp_path / 'x.onnx')


def test_without_onnx_the_sentence_says_how_to_get_it(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(EngineError, match=r'pip install onnx; or choose the precision fp32$'):
        mixed_precision(tiny_bundle / 'encoder.onnx')
