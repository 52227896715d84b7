# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""'auto' takes the fastest back end there is and says why; a name means that one alone."""

import sys

import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines import ENGINES, create_engine, tensorrt_package
from eventsam_ros.inference.engines.selection import ORDER, first_that_works
from eventsam_ros.inference.graphs import open_engines
from eventsam_ros.inference.segmenter import Segmenter


@pytest.fixture
def _no_tensorrt(monkeypatch):
    monkeypatch.setattr(tensorrt_package, 'PACKAGES', ('tensorrt_that_is_not_there',))


def loads(*possible):
    def load(name):
        if name not in possible:
            raise EngineError(f'no {name} here')
        return name
    return load


def test_auto_takes_the_first_that_can_be_had():
    assert ORDER == ('tensorrt', 'onnxruntime_cuda', 'onnxruntime')
    assert first_that_works('auto', loads(*ORDER)) == ('tensorrt', ())
    assert first_that_works('auto', loads('onnxruntime_cuda', 'onnxruntime')) == (
        'onnxruntime_cuda', ('tensorrt: no tensorrt here',))
    assert first_that_works('auto', loads('onnxruntime')) == (
        'onnxruntime', ('tensorrt: no tensorrt here',
                        'onnxruntime_cuda: no onnxruntime_cuda here'))


def test_where_nothing_can_be_had_the_last_one_says_why():
    with pytest.raises(EngineError, match=r'^no onnxruntime here$'):
        first_that_works('auto', loads())


@pytest.mark.parametrize('name', sorted(set(ENGINES) - {'auto'}))
def test_a_name_means_that_one_alone(name):
    assert first_that_works(name, loads(*ENGINES)) == (name, ())
    with pytest.raises(EngineError, match=f'^no {name} here$'):
        first_that_works(name, loads(*set(ENGINES) - {name}))


@pytest.mark.usefixtures('_no_tensorrt')
def test_without_tensorrt_auto_says_so_and_the_name_fails(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    for engine in open_engines(bundle):
        assert engine.name in {'onnxruntime_cuda', 'onnxruntime'}
        assert engine.passed_over[0].startswith('tensorrt: TensorRT is not installed; install ')
        assert engine.description.startswith('ONNX Runtime ')
    with pytest.raises(EngineError, match=r'^TensorRT is not installed; '):
        open_engines(bundle, 'tensorrt')


@pytest.mark.usefixtures('_no_tensorrt')
def test_a_segmenter_says_what_runs_and_why(tiny_bundle):
    segmenter = Segmenter(load_bundle(tiny_bundle), threads=1)
    assert ' (passed over: tensorrt: TensorRT is not installed; ' in segmenter.engine_description
    named = Segmenter(load_bundle(tiny_bundle), 'onnxruntime', threads=1)
    assert named.engine_description.endswith(' on CPU, 1 thread')


def test_asked_for_the_gpu_onnx_runtime_does_not_go_on_without(tiny_bundle):
    import onnxruntime
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime knows CUDA')
    with pytest.raises(EngineError, match=r'^ONNX Runtime .* is a build without CUDA; install '
                                          r'onnxruntime-gpu in its place$'):
        create_engine(tiny_bundle / 'encoder.onnx', 'onnxruntime_cuda')


def test_a_broken_graph_is_no_reason_to_go_on_quietly(tmp_path):
    (tmp_path / 'x.onnx').write_bytes(b'ONNX')
    with pytest.raises(EngineError, match=r'x\.onnx cannot be loaded by ONNX Runtime'):
        create_engine(tmp_path / 'x.onnx')


def test_without_openvino_the_others_are_none_the_worse(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    assert create_engine(tiny_bundle / 'encoder.onnx').name in ORDER
