# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From a bundle to masks by way of TensorRT: all of it real but the kernels.

Engines are built by TensorRT and kept in the cache; the runtime that would load them onto a GPU
loads the same graph onto the host instead (test/support/host_gpu.py), by the names that each
generation of TensorRT has for contexts and their memory.
"""

import ctypes
from types import SimpleNamespace

import host_gpu
import numpy as np
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference import Box, Point, Prompt, Segmenter, ahead, load_bundle
from eventsam_ros.inference.ahead import build_ahead
from eventsam_ros.inference.engines import (
    EngineOptions,
    cuda_runtime,
    tensorrt_build,
    tensorrt_engine,
)
from eventsam_ros.inference.engines.cuda_runtime import CudaRuntime
from eventsam_ros.inference.graphs import open_engines
from eventsam_ros.inference.ranges import decoder_ranges

HIDDEN = {
    'rtx': (),
    '10': ('ComputeCapability', 'CudaGraphStrategy'),
    '8': ('ComputeCapability', 'CudaGraphStrategy', 'ExecutionContextAllocationStrategy')}
MEMORY = 4096


class Rtx(host_gpu.HostEngine):
    """Contexts of TensorRT for RTX own their memory and record by themselves."""

    def create_runtime_config(self):
        return SimpleNamespace(cuda_graph_strategy=None)

    def create_execution_context(self, config):
        assert config.cuda_graph_strategy.name == 'WHOLE_GRAPH_CAPTURE'
        return self.context()


class Ten(host_gpu.HostEngine):
    """Contexts of TensorRT 10 are given their memory with its size."""

    device_memory_size_v2 = MEMORY
    given = ()

    def create_execution_context(self, strategy):
        assert strategy.name == 'USER_MANAGED'
        context = self.context()
        context.set_device_memory = self.take
        return context

    def take(self, address, size):
        assert size == MEMORY
        self.given = {*self.given, address}


class Eight(host_gpu.HostEngine):
    """Contexts of TensorRT 8 are given the address alone."""

    device_memory_size = MEMORY

    def create_execution_context_without_device_memory(self):
        context = self.context()
        context.device_memory = 0
        return context


class Package:
    """TensorRT as it is installed, less some names, with a runtime that loads onto the host."""

    def __init__(self, real, generation, library, bundle):
        self._real, self._generation = real, generation
        self.loaded, self.refuses, self.graphs = [], False, None
        self._library, self._bundle = library, bundle

    def __getattr__(self, name):
        if name in HIDDEN[self._generation]:
            raise AttributeError(name)
        return getattr(self._real, name)

    def Runtime(self, logger):  # noqa: N802  (TensorRT's name)
        return SimpleNamespace(deserialize_cuda_engine=lambda data: self._load(logger, data))

    def _load(self, logger, data):
        if self.refuses:
            logger.log(self._real.ILogger.ERROR, 'Error Code 1: no good')
            return None
        # encoder and decoder come in turns
        paths = self.graphs or (self._bundle.encoder_path, self._bundle.decoder_path)
        kind = {'rtx': Rtx, '10': Ten, '8': Eight}[self._generation]
        which = len(self.loaded) % 2
        self.loaded.append(kind(
            paths[which], decoder_ranges(self._bundle) if which else {}, self._library))
        assert len(data) > 1000
        return self.loaded[-1]


@pytest.fixture
def bundle(tiny_bundle):
    return load_bundle(tiny_bundle)


@pytest.fixture
def library(tmp_path):
    path = host_gpu.compile_runtime(tmp_path)
    yield path
    live = ctypes.c_int.in_dll(ctypes.CDLL(str(path)), 'host_live').value
    assert live == 0, 'memory, a stream or a recording was not given back'


@pytest.fixture
def install(tensorrt, library, bundle, monkeypatch):
    def put(generation):
        package = Package(tensorrt, generation, library, bundle)
        for module in (tensorrt_engine, tensorrt_build, ahead):
            monkeypatch.setattr(module, 'load_tensorrt', lambda: package)
        monkeypatch.setattr(cuda_runtime, 'NAMES', (str(library),))
        return package
    return put


def window():
    rng = np.random.default_rng(0)
    events = Events(rng.integers(0, 96, 4000).astype(np.uint16),
                    rng.integers(0, 64, 4000).astype(np.uint16),
                    rng.integers(0, 2, 4000).astype(np.uint8),
                    np.sort(rng.integers(0, 50_000_000, 4000)))
    return Window(events, 0, 50_000_000, 96, 64)


@pytest.mark.parametrize('generation', HIDDEN)
def test_masks_are_those_of_onnx_runtime(install, bundle, tmp_path, generation):
    package, said = install(generation), []
    segmenter = Segmenter(bundle, 'tensorrt', compiling=EngineOptions(
        'fp32', tmp_path, tell=said.append))
    gpu = 'Host memory (SM86), fp32'
    assert segmenter.engine_description.endswith(f' on {gpu}')
    assert [line.split(' for ')[0] for line in said[:2]] == [
        'compiling encoder.onnx', 'compiling decoder.onnx']
    assert len(said) == 3
    reference = Segmenter(bundle, 'onnxruntime')
    for count in (1, 5, 5, 5, 1):
        prompts = [Prompt(points=(Point(10 + 9 * k, 30),)) for k in range(count)]
        prompts.append(Prompt(box=Box(8, 8, 60, 40)))
        found, wanted = (each.segment(window(), prompts) for each in (segmenter, reference))
        np.testing.assert_array_equal(found.masks, wanted.masks)
        np.testing.assert_array_equal(found.scores, wanted.scores)
    decoder = package.loaded[1]
    # for the largest sizes, those of the comparison, and the two above
    assert decoder.contexts == (1 if generation == 'rtx' else 4)
    if generation == '10':
        assert len(decoder.given) == 1   # all contexts share one memory
    segmenter.close()
    segmenter.close()


def test_the_second_start_builds_and_compares_nothing(install, bundle, tmp_path):
    install('rtx')
    for expected in (3, 0):
        said = []
        for engine in open_engines(bundle, 'tensorrt', options=EngineOptions(
                'fp32', tmp_path, tell=said.append)):
            engine.close()
        assert len(said) == expected


def test_auto_takes_it_where_it_works(install, bundle, tmp_path):
    package = install('rtx')
    options = EngineOptions('fp32', tmp_path)
    engines = open_engines(bundle, options=options)
    assert [each.name for each in engines] == ['tensorrt'] * 2
    assert engines[0].passed_over == ()
    for each in engines:
        each.close()
    package.refuses = True
    engines = open_engines(bundle, options=options)
    assert engines[0].name in {'onnxruntime_cuda', 'onnxruntime'}
    assert engines[0].passed_over[0].startswith('tensorrt: the engine of ')
    assert 'cannot be loaded: Error Code 1: no good' in engines[0].passed_over[0]
    with pytest.raises(EngineError, match='cannot be loaded: Error Code 1: no good'):
        open_engines(bundle, 'tensorrt', options=options)


def test_engines_with_other_masks_are_refused_and_all_is_freed(install, bundle, tmp_path):
    import onnx
    from onnx import numpy_helper
    package = install('10')
    model = onnx.load(str(bundle.decoder_path))
    radii = next(c for c in model.graph.initializer if c.name == 'radii')
    radii.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(radii) * 0.8, 'radii'))
    onnx.save(model, str(tmp_path / 'damaged.onnx'))
    package.graphs = (bundle.encoder_path, tmp_path / 'damaged.onnx')
    with pytest.raises(EngineError, match=r'is refused for .* and 0\.98 is required'):
        open_engines(bundle, 'tensorrt', options=EngineOptions('fp32', tmp_path / 'cache'))
    engine = open_engines(bundle, options=EngineOptions('fp32', tmp_path / 'cache'))[0]
    assert 'is refused for' in engine.passed_over[0]


@pytest.mark.parametrize('generation', HIDDEN)
def test_a_build_for_the_gpu_at_hand(install, bundle, tmp_path, generation):
    install(generation)
    options = EngineOptions('fp16', tmp_path)
    kept = build_ahead(bundle, options)
    assert [each.graph for each in kept] == ['encoder.onnx', 'decoder.onnx']
    assert all(each.built and each.path.is_file() for each in kept)
    assert not any(each.built for each in build_ahead(bundle, options))
    if generation == 'rtx':   # engines for a capability serve every GPU of it
        assert not any(each.built for each in build_ahead(bundle, options, ['SM86']))
    else:
        with pytest.raises(EngineError, match='builds for the GPU of this machine only; leave'):
            build_ahead(bundle, options, ['SM86'])


def test_the_runtime_that_nvidia_ships_has_all_calls():
    """Without a driver it says so; with one it names the GPU."""
    try:
        assert CudaRuntime().capability.startswith('SM')
    except EngineError as error:
        reason = str(error)
    else:
        return
    if 'not installed' in reason:
        pytest.skip(reason)
    assert reason.startswith('cudaGetDeviceCount failed: ')
