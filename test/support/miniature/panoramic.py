# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle of task `panoramic` whose answers can be worked out by hand.

Logits are averages over cells of 4x4 pixels and their neighbours to the left and right, with zeros
beyond the edges as networks have them: class 0 has 0, class 1 the normalised red, class 2 the
normalised blue.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import yaml

WIDTH, HEIGHT, WRAP = 64, 32, 8
CLASSES = ('nothing', 'red', 'blue')
MEAN, STD = (100.0, 110.0, 120.0), (50.0, 50.0, 40.0)


def network(wrap: int = WRAP, count: int = len(CLASSES)) -> bytes:
    """Return the graph; classes from the fourth on have the logit 0."""
    weight = np.zeros((max(count, 3), 3, 1, 3), np.float32)
    weight[1, 0], weight[2, 2] = 1 / 3, 1 / 3
    wide = WIDTH + 2 * wrap
    graph = helper.make_graph(
        [helper.make_node('AveragePool', ['image'], ['mean'], kernel_shape=[4, 4], strides=[4, 4]),
         helper.make_node('Conv', ['mean', 'weight'], ['logits'], pads=[0, 1, 0, 1])],
        'network',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [1, 3, HEIGHT, wide])],
        [helper.make_tensor_value_info(
            'logits', TensorProto.FLOAT, [1, count, HEIGHT // 4, wide // 4])],
        [numpy_helper.from_array(weight[:count], 'weight')])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def write(folder: Path, edit=None, wrap: int = WRAP, classes=CLASSES) -> Path:
    """Write the bundle; edit changes its manifest."""
    folder.mkdir(parents=True)
    content = network(wrap, len(classes))
    (folder / 'network.onnx').write_bytes(content)
    manifest = {
        'format_version': 1, 'name': 'tiny', 'task': 'panoramic', 'modalities': ['images'],
        'input': {'width': WIDTH, 'height': HEIGHT, 'wrap': wrap, 'mean': list(MEAN),
                  'std': list(STD)},
        'classes': list(classes),
        'colours': [[k, 255 - k, 0] for k in range(len(classes))],
        'files': {'network': {'path': 'network.onnx', 'bytes': len(content),
                              'sha256': hashlib.sha256(content).hexdigest()}},
        'precision': 'fp32', 'licence': 'Apache-2.0', 'training': {'recipe': 'by hand'}}
    if edit is not None:
        edit(manifest)
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder
