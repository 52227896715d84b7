# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""OpenVINO behind the engine Protocol."""

import sys

import numpy as np
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.engines.openvino_engine import COMPILED, OpenVinoEngine


@pytest.fixture(autouse=True)
def _openvino():
    pytest.importorskip('openvino', reason='openvino is not installed')


@pytest.fixture
def encoder(tiny_bundle):
    engine = OpenVinoEngine(tiny_bundle / 'encoder.onnx', threads=1)
    yield engine
    engine.close()


def prompts(count, masks=1):
    rng = np.random.default_rng(count)
    return {'point_coords': rng.uniform(0, 90, (count, 4, 2)).astype(np.float32),
            'point_labels': np.tile(np.float32([1, 0, -1, -1]), (count, 1)),
            'mask_input': np.zeros((masks, 1, 72, 96), np.float32),
            'has_mask': np.zeros(masks, np.float32)}


def test_the_bundle_that_ships_answers_as_in_onnx_runtime():
    bundle = load_bundle()
    picture = np.random.default_rng(0).normal(size=(1, 3, 288, 384)).astype(np.float32)
    found, wanted = [], []
    for make, results in ((OpenVinoEngine, found), (OnnxRuntimeEngine, wanted)):
        encoder, decoder = make(bundle.encoder_path, 1), make(bundle.decoder_path, 1)
        embedding = encoder.run({'image': picture})['embedding']
        results.append({'embedding': embedding})
        # numbers of prompts in turns, with one mask for all and one for each
        for count, masks in ((8, 1), (1, 1), (3, 3), (8, 1)):
            results.append(decoder.run({'embedding': embedding, **prompts(count, masks)}))
        encoder.close()
        decoder.close()
    for one, two in zip(found, wanted, strict=True):
        assert one.keys() == two.keys()
        for name, value in two.items():
            np.testing.assert_allclose(one[name], value, atol=2e-3)


def test_shapes_are_those_of_the_graph(tiny_bundle):
    for kind in ('encoder', 'decoder'):
        one, two = (make(tiny_bundle / f'{kind}.onnx') for make in (
            OpenVinoEngine, OnnxRuntimeEngine))
        assert (one.inputs, one.outputs) == (two.inputs, two.outputs)


def test_more_sizes_than_are_kept(tiny_bundle):
    engine = OpenVinoEngine(tiny_bundle / 'decoder.onnx', 1)
    reference = OnnxRuntimeEngine(tiny_bundle / 'decoder.onnx', 1)
    for count in [*range(1, COMPILED + 3), 1]:
        inputs = {**prompts(count), 'embedding': np.zeros((1, 3, 4, 6), np.float32),
                  'mask_input': np.zeros((1, 1, 16, 24), np.float32)}
        wanted = reference.run(inputs)
        for name, value in engine.run(inputs).items():
            np.testing.assert_allclose(value, wanted[name], atol=1e-4)


def test_an_answer_stays_when_the_next_comes(encoder):
    first = encoder.run({'image': np.ones((1, 3, 64, 96), np.float32)})['embedding']
    encoder.run({'image': np.zeros((1, 3, 64, 96), np.float32)})
    np.testing.assert_allclose(first, 1, atol=1e-6)


def test_it_says_what_it_is(encoder):
    assert encoder.description.startswith('OpenVINO 20')
    assert encoder.description.endswith(' on CPU, 1 thread')


@pytest.mark.parametrize('inputs', [
    {'image': np.zeros((1, 3, 8, 8), np.float32)}, {'image': np.zeros((3, 64, 96), np.float32)},
    {'picture': np.zeros((1, 3, 64, 96), np.float32)}])
def test_other_inputs_are_one_sentence(encoder, inputs):
    with pytest.raises(EngineError, match=r'OpenVINO could not run .*: its inputs are ') as raised:
        encoder.run(inputs)
    assert '\n' not in str(raised.value)


def test_closed_engine_says_so(encoder):
    encoder.close()
    with pytest.raises(EngineError, match='is closed'):
        encoder.run({'image': np.zeros((1, 3, 64, 96), np.float32)})


def test_a_file_that_is_no_graph(tmp_path):
    (tmp_path / 'x.onnx').write_bytes(b'ONNX')
    with pytest.raises(EngineError, match=r'x\.onnx cannot be loaded by OpenVINO: ') as raised:
        OpenVinoEngine(tmp_path / 'x.onnx')
    assert '\n' not in str(raised.value)


def test_no_threads(tiny_bundle):
    with pytest.raises(ValueError, match='threads must be at least 1, but got 0'):
        OpenVinoEngine(tiny_bundle / 'encoder.onnx', 0)


def test_missing_openvino_says_how_to_install_it(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(EngineError, match=r'^openvino is not installed; install it with: pip '):
        OpenVinoEngine(tiny_bundle / 'encoder.onnx')
