# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""ONNX Runtime behind the engine Protocol."""

import sys
import time

import numpy as np
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.engines import ENGINES, create_engine
from eventsam_ros.inference.engines.onnxruntime_engine import cuda_options


@pytest.fixture
def encoder(tiny_bundle):
    return create_engine(tiny_bundle / 'encoder.onnx')


@pytest.mark.parametrize('name', ENGINES)
def test_every_engine_averages_like_numpy(tiny_bundle, name):
    try:
        engine = create_engine(tiny_bundle / 'encoder.onnx', name, threads=2)
    except EngineError as error:
        assert name in {'tensorrt', 'onnxruntime_cuda', 'openvino'}
        pytest.skip(str(error))
    picture = np.random.default_rng(1).normal(size=(1, 3, 64, 96)).astype(np.float32)
    expected = picture.reshape(1, 3, 4, 16, 6, 16).mean(axis=(3, 5))
    result = engine.run({'image': picture})
    np.testing.assert_allclose(result['embedding'], expected, atol=1e-5)


def test_open_sizes_are_none(tiny_bundle):
    engine = create_engine(tiny_bundle / 'decoder.onnx')
    assert engine.inputs['point_coords'] == (None, None, 2)
    assert engine.inputs['embedding'] == (1, 3, 4, 6)


def test_wrong_shape_is_one_sentence(encoder):
    with pytest.raises(EngineError, match='ONNX Runtime could not run') as raised:
        encoder.run({'image': np.zeros((1, 3, 8, 8), np.float32)})
    assert '\n' not in str(raised.value)


def test_closed_engine_says_so(encoder):
    encoder.close()
    encoder.close()
    with pytest.raises(EngineError, match='is closed'):
        encoder.run({'image': np.zeros((1, 3, 64, 96), np.float32)})


def test_no_threads(tiny_bundle):
    with pytest.raises(ValueError, match='threads must be at least 1, but got 0'):
        create_engine(tiny_bundle / 'encoder.onnx', threads=0)


def test_missing_file(tmp_path):
    with pytest.raises(EngineError, match='cannot be loaded by ONNX Runtime'):
        create_engine(tmp_path / 'none.onnx')


def test_missing_onnxruntime_says_how_to_install_it(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(EngineError, match=r'^onnxruntime is not installed; '):
        create_engine(tiny_bundle / 'encoder.onnx')


def test_idle_engine_burns_no_processor_time(encoder):
    encoder.run({'image': np.zeros((1, 3, 64, 96), np.float32)})
    before = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - before < 0.1


@pytest.mark.parametrize(('version', 'known'), [
    ('1.31.1', True), ('1.18.0', True), ('2.0.0', True), ('1.17.3', False), ('1.9.0', False)])
def test_settings_of_the_gpu_are_those_that_a_version_knows(version, known):
    assert ('use_tf32' in cuda_options(version)) == known
