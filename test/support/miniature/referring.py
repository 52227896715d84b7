# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle of task `referring` whose answers can be worked out by hand.

It knows the words red, green and blue. The encoder averages the picture (or the event picture)
over 16x16 pixels; the vector of a word is 1 in the channel of its colour. The logit of a place is
the normalised level of the sentence's colour there plus a tenth of the track token's first
number; the next track's first number is the last one's plus 1. The expected IoU is 0.8 without
a track and 0.9 with one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import yaml

WIDTH, HEIGHT, LENGTH = 64, 32, 6
COLOURS = ('red', 'green', 'blue')
CHANNELS = 256


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(nodes, name, inputs, outputs, constants):
    graph = helper.make_graph(
        nodes, name, inputs, outputs,
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def encoder(inputs):
    """Channels 0 to 2 of the embedding are the mean of what is looked at."""
    nodes = [helper.make_node('Sum', list(inputs), ['sum']),
             helper.make_node('Div', ['sum', 'count'], ['mean']),
             helper.make_node('AveragePool', ['mean'], ['level'], kernel_shape=[16, 16],
                              strides=[16, 16]),
             helper.make_node('Pad', ['level', 'pads'], ['embedding'])]
    return model(
        nodes, 'encoder', [value(name, [1, 3, HEIGHT, WIDTH]) for name in inputs],
        [value('embedding', [1, CHANNELS, HEIGHT // 16, WIDTH // 16])],
        {'count': np.float32(len(inputs)),
         'pads': np.int64([0, 0, 0, 0, 0, CHANNELS - 3, 0, 0])})


def text(ids_of_colours):
    """A sentence is the sum of its colours; its words are not looked at."""
    table = np.zeros((64, CHANNELS), np.float32)
    for channel, number in enumerate(ids_of_colours):
        table[number, channel] = 1
    nodes = [helper.make_node('Cast', ['ids'], ['numbers'], to=TensorProto.INT64),
             helper.make_node('Gather', ['table', 'numbers'], ['found']),
             helper.make_node('Unsqueeze', ['mask', 'last'], ['there']),
             helper.make_node('Mul', ['found', 'there'], ['words']),
             helper.make_node('ReduceSum', ['words', 'middle'], ['sentence'], keepdims=0)]
    return model(
        nodes, 'text', [value('ids', [1, LENGTH]), value('mask', [1, LENGTH])],
        [value('words', [1, LENGTH, CHANNELS]), value('sentence', [1, CHANNELS])],
        {'table': table, 'last': np.int64([2]), 'middle': np.int64([1])})


def decoder(track):
    nodes = [
        helper.make_node('Reshape', ['sentence', 'as_places'], ['asked']),
        helper.make_node('Mul', ['embedding', 'asked'], ['both']),
        helper.make_node('ReduceSum', ['both', 'channel'], ['level'], keepdims=1),
        # words and mask are inputs that every decoder has
        helper.make_node('ReduceSum', ['words'], ['all_words'], keepdims=0),
        helper.make_node('ReduceSum', ['mask'], ['all_mask'], keepdims=0),
        helper.make_node('Add', ['all_words', 'all_mask'], ['all']),
        helper.make_node('Mul', ['all', 'zero'], ['none']),
        helper.make_node('Add', ['level', 'none'], ['seen'])]
    inputs = [value('embedding', [1, CHANNELS, HEIGHT // 16, WIDTH // 16]),
              value('words', ['N', LENGTH, CHANNELS]), value('mask', ['N', LENGTH]),
              value('sentence', ['N', CHANNELS])]
    outputs = [value('low_res_masks', ['N', 1, HEIGHT // 4, WIDTH // 4]), value('scores', ['N'])]
    if track:
        inputs += [value('track', ['N', CHANNELS]), value('has_track', ['N'])]
        outputs.append(value('next_track', ['N', CHANNELS]))
        nodes += [
            helper.make_node('Unsqueeze', ['has_track', 'one_axis'], ['there']),
            helper.make_node('Mul', ['track', 'there'], ['known']),
            helper.make_node('Add', ['known', 'one'], ['next_track']),
            helper.make_node('Gather', ['known', 'first'], ['number'], axis=1),
            helper.make_node('Mul', ['number', 'tenth'], ['small']),
            helper.make_node('Reshape', ['small', 'as_places'], ['told']),
            helper.make_node('Add', ['seen', 'told'], ['logits']),
            helper.make_node('Mul', ['has_track', 'tenth'], ['surer']),
            helper.make_node('Add', ['surer', 'sure'], ['scores'])]
    else:
        nodes += [helper.make_node('Identity', ['seen'], ['logits']),
                  helper.make_node('ReduceSum', ['mask', 'one_axis'], ['each'], keepdims=0),
                  helper.make_node('Mul', ['each', 'zero'], ['nothing']),
                  helper.make_node('Add', ['nothing', 'sure'], ['scores'])]
    nodes.append(helper.make_node(
        'Resize', ['logits', '', 'larger'], ['low_res_masks'], mode='nearest'))
    constants = {
        'as_places': np.int64([0, -1, 1, 1]),
        'channel': np.int64([1]), 'zero': np.float32(0), 'one': np.float32(1),
        'tenth': np.float32(0.1), 'sure': np.float32(0.8), 'first': np.int64([0]),
        'one_axis': np.int64([1]), 'larger': np.float32([1, 1, 4, 4])}
    return model(nodes, 'decoder', inputs, outputs, constants)


def write(folder: Path, words, modalities='images', track=True, edit=None) -> Path:
    """Write the bundle.

    Args:
        folder: To make.
        words: Tokenizer of the words of COLOURS, of LENGTH tokens.
        modalities: What it looks at.
        track: Whether it carries a track.
        edit: Changes the manifest in place.
    """
    folder.mkdir(parents=True)
    inputs = {'images': ['image'], 'events': ['events'], 'both': ['image', 'events']}[modalities]
    numbers = [int(words.encode(colour)[0][0, 0]) for colour in COLOURS]
    words.write(folder / 'words.txt')
    contents = {'encoder.onnx': encoder(inputs), 'text.onnx': text(numbers),
                'decoder.onnx': decoder(track),
                'words.txt': (folder / 'words.txt').read_bytes()}
    files = {}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
        files[name.partition('.')[0]] = {
            'path': name, 'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    levels = {'mean': [100.0, 100.0, 100.0], 'std': [50.0, 50.0, 50.0]}
    manifest = {
        'format_version': 1, 'name': 'tiny', 'task': 'referring', 'modalities': modalities,
        'representation': {'name': 'robust', 'bins': 3}, 'window': {'duration_ms': 50},
        'input': {'width': WIDTH, 'height': HEIGHT, 'image': levels, 'events': levels},
        'embedding': {'hierarchy': False, 'detail': 0},
        'text': {'words': LENGTH, 'vocabulary': list(COLOURS)},
        'answer': {'track': track, 'mask_threshold': 0.0, 'threshold': 0.5, 'score': 'mask',
                   'gap_s': 0.5},
        'files': files, 'precision': 'fp32', 'licence': 'Apache-2.0',
        'training': {'recipe': 'by hand'}}
    if edit is not None:
        edit(manifest)
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder
