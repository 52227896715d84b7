# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle of a few kilobytes whose answers can be worked out by hand.

The encoder averages the picture over 16x16 pixels. The decoder draws: around the mean of the
object clicks a disc of radius 24 (output 0), 12, 24 and 36 input pixels (outputs 1 to 3); inside
a box the distance to its nearest side; and where a mask is given, that mask's logits.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import yaml

WIDTH, HEIGHT = 96, 64
RADII = (24.0, 12.0, 24.0, 36.0)
SCORES = (0.9, 0.8, 0.95, 0.7)


def _value(name: str, shape: list[int | str | None]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def encoder_model() -> onnx.ModelProto:
    pool = helper.make_node(
        'AveragePool', ['image'], ['embedding'], kernel_shape=[16, 16], strides=[16, 16])
    return _model(helper.make_graph(
        [pool], 'encoder', [_value('image', [1, 3, HEIGHT, WIDTH])],
        [_value('embedding', [1, 3, HEIGHT // 16, WIDTH // 16])]))


def decoder_model() -> onnx.ModelProto:
    rows, columns = HEIGHT // 4, WIDTH // 4
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * 4 + 1.5
    constants = {
        'X': x[None, None], 'Y': y[None, None],
        'radii': np.array(RADII, np.float32).reshape(1, 4, 1, 1),
        'base': np.array([SCORES], np.float32),
        'zero': np.float32(0), 'one': np.float32(1), 'two': np.float32(2), 'three': np.float32(3),
        'axis1': np.array([1], np.int64), 'axis2': np.array([2], np.int64),
        'column': np.array([-1, 1, 1, 1], np.int64),
        'first': np.int64(0), 'second': np.int64(1)}
    nodes: list[onnx.NodeProto] = []

    def add(op: str, *inputs: str, **attributes: object) -> str:
        name = f'v{len(nodes)}'
        nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def selected(label: str) -> tuple[str, str]:
        flags = add('Cast', add('Equal', 'point_labels', label), to=TensorProto.FLOAT)
        total = add('ReduceSum', add('Mul', add('Unsqueeze', flags, 'axis2'), 'point_coords'),
                    'axis1', keepdims=0)
        return total, add('ReduceSum', flags, 'axis1', keepdims=1)

    def side(points: str, axis: str) -> str:
        return add('Reshape', add('Gather', points, axis, axis=1), 'column')

    def mix(weight: str, this: str, other: str) -> str:
        return add('Add', add('Mul', weight, this),
                   add('Mul', add('Sub', 'one', weight), other))

    clicks, count = selected('one')
    centre = add('Div', clicks, add('Max', count, 'one'))
    dx, dy = add('Sub', 'X', side(centre, 'first')), add('Sub', 'Y', side(centre, 'second'))
    distance = add('Sqrt', add('Add', add('Mul', dx, dx), add('Mul', dy, dy)))
    disc = add('Sub', 'radii', distance)
    low, boxes = selected('two')
    high, _ = selected('three')
    box = add('Min', add('Sub', 'X', side(low, 'first')), add('Sub', side(high, 'first'), 'X'),
              add('Sub', 'Y', side(low, 'second')), add('Sub', side(high, 'second'), 'Y'))
    shape = mix(add('Reshape', boxes, 'column'), box, disc)
    drawn = mix(add('Reshape', 'has_mask', 'column'), 'mask_input', shape)
    nothing = add('Mul', add('ReduceMean', 'embedding', keepdims=0), 'zero')
    nodes.append(helper.make_node('Add', [drawn, nothing], ['low_res_masks']))
    nodes.append(helper.make_node('Add', ['base', add('Mul', count, 'zero')], ['scores']))
    return _model(helper.make_graph(
        nodes, 'decoder',
        [_value('embedding', [1, 3, HEIGHT // 16, WIDTH // 16]),
         _value('point_coords', ['N', 'P', 2]), _value('point_labels', ['N', 'P']),
         _value('mask_input', ['M', 1, rows, columns]), _value('has_mask', ['M'])],
        [_value('low_res_masks', ['N', 4, rows, columns]), _value('scores', ['N', 4])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]))


def write(folder: Path) -> Path:
    folder.mkdir(parents=True)
    files = {}
    for name, model in (('encoder', encoder_model()), ('decoder', decoder_model())):
        data = model.SerializeToString()
        (folder / f'{name}.onnx').write_bytes(data)
        files[name] = {'path': f'{name}.onnx', 'bytes': len(data),
                       'sha256': hashlib.sha256(data).hexdigest()}
    manifest = {
        'format_version': 1, 'name': 'tiny', 'task': 'events', 'modalities': ['events'],
        'representation': {'name': 'robust', 'bins': 3}, 'window': {'duration_ms': 50},
        'input': {'width': WIDTH, 'height': HEIGHT,
                  'mean': [128.0, 127.0, 126.0], 'std': [64.0, 32.0, 16.0]},
        'embedding': {'channels': 3, 'stride': 16},
        'decoder': {'multimask': True, 'prompt_output': 'best', 'low_res_stride': 4,
                    'box_prior': False},
        'classes': [], 'files': files,
        'precision': 'fp32', 'licence': 'Apache-2.0',
        'training': {'recipe': 'by hand', 'data': 'none', 'commit': 'none', 'metrics': {}}}
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder
