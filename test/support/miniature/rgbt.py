# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle of task `rgbt_semantic` whose answers can be worked out by hand.

Logits are averages of 4x4 pixels: class 0 has 0, class 1 the normalised red, class 2 the
normalised heat, each 0 where its picture is missing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import yaml

WIDTH, HEIGHT = 64, 32
CLASSES = ('nothing', 'red', 'warm')


def network(count: int = len(CLASSES)) -> onnx.ModelProto:
    """Return the graph; classes from the fourth on have the logit -9."""
    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    constants = {'first': np.int64([0]), 'second': np.int64([1]), 'nine': np.float32(9)}
    nodes = []
    for name, at in (('rgb', 'first'), ('thermal', 'second')):
        pooled = f'{name}_pooled'
        nodes += [
            helper.make_node('AveragePool', [name], [pooled], kernel_shape=[4, 4], strides=[4, 4]),
            helper.make_node('Gather', [pooled, 'first'], [f'{name}_one'], axis=1),
            helper.make_node('Gather', ['present', at], [f'{name}_here'], axis=1),
            helper.make_node('Mul', [f'{name}_one', f'{name}_here'], [f'{name}_level'])]
    nodes += [helper.make_node('Sub', ['rgb_level', 'rgb_level'], ['nothing']),
              helper.make_node('Sub', ['nothing', 'nine'], ['never']),
              helper.make_node(
                  'Concat', ['nothing', 'rgb_level', 'thermal_level', *['never'] * (count - 3)],
                  ['logits'], axis=1)]
    graph = helper.make_graph(
        nodes, 'network',
        [value('rgb', [1, 3, HEIGHT, WIDTH]), value('thermal', [1, 3, HEIGHT, WIDTH]),
         value('present', [1, 2])],
        [value('logits', [1, count, HEIGHT // 4, WIDTH // 4])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def write(folder: Path, edit=None, count: int = len(CLASSES)) -> Path:
    folder.mkdir(parents=True)
    files = {}
    contents = {'network': ('network.onnx', network(count).SerializeToString()),
                'text': ('text.csv', b'name,v0\nnothing,1\nred,2\nwarm,3\n')}
    for key, (name, data) in contents.items():
        (folder / name).write_bytes(data)
        files[key] = {'path': name, 'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    manifest = {
        'format_version': 1, 'name': 'tiny', 'task': 'rgbt_semantic',
        'modalities': ['rgb', 'thermal'],
        'input': {'width': WIDTH, 'height': HEIGHT,
                  'rgb': {'mean': [100.0, 100.0, 100.0], 'std': [50.0, 50.0, 50.0]},
                  'thermal': {'mean': [120.0, 120.0, 120.0], 'std': [40.0, 40.0, 40.0]}},
        'classes': list(CLASSES), 'colours': [[0, 0, 0], [255, 0, 0], [255, 255, 0]],
        'one_camera': True, 'files': files, 'precision': 'fp32', 'licence': 'Apache-2.0',
        'training': {'recipe': 'by hand'}}
    if edit is not None:
        edit(manifest)
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder
