# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle of event classes whose answers can be worked out by hand.

Its graph averages 4x4 pixels: the logits are 0, the mean of the first channel, minus that of the
last, and 0 for all further classes. So ground is class 0, what is ON early is class 1, what is OFF
late is class 2.
"""

import hashlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import yaml

WIDTH, HEIGHT = 96, 64


def graph(classes=3):
    weight = np.zeros((max(classes, 3), 3, 1, 1), np.float32)
    weight[1, 0], weight[2, 2] = 1, -1
    nodes = [
        helper.make_node('AveragePool', ['image'], ['mean'], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node('Conv', ['mean', 'weight'], ['logits'])]
    made = helper.make_model(helper.make_graph(
        nodes, 'network',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info(
            'logits', TensorProto.FLOAT, [1, classes, HEIGHT // 4, WIDTH // 4])],
        [numpy_helper.from_array(weight[:classes], 'weight')]),
        opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def write(folder, edit=None, content=None):
    folder.mkdir(parents=True, exist_ok=True)
    content = graph() if content is None else content
    (folder / 'network.onnx').write_bytes(content)
    manifest = {
        'format_version': 1, 'name': 'tiny', 'task': 'event_semantic', 'modalities': ['events'],
        'representation': {'name': 'robust', 'bins': 3}, 'window': {'duration_ms': 50},
        'input': {'width': WIDTH, 'height': HEIGHT, 'mean': [128, 128, 128],
                  'std': [40, 40, 40]},
        'classes': ['ground', 'early', 'late'],
        'colours': [[0, 0, 0], [255, 0, 0], [0, 0, 255]],
        'files': {'network': {'path': 'network.onnx', 'bytes': len(content),
                              'sha256': hashlib.sha256(content).hexdigest()}},
        'precision': 'fp32', 'licence': 'Apache-2.0', 'training': {'recipe': 'by hand'}}
    if edit:
        edit(manifest)
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest))
    return folder
