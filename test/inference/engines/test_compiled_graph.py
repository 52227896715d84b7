# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Buffers, shapes and recordings around an engine, on a GPU that is made of the host."""

import ctypes

import host_gpu
import numpy as np
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines.compiled_graph import CompiledGraph
from eventsam_ros.inference.engines.cuda_runtime import CudaRuntime
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.ranges import decoder_ranges


@pytest.fixture(scope='module')
def compiled(tmp_path_factory):
    return host_gpu.compile_runtime(tmp_path_factory.mktemp('cuda'))


class Counters:
    """The counters of the runtime on the host."""

    def __init__(self, library):
        self._library = ctypes.CDLL(str(library))

    def __getattr__(self, name):
        return ctypes.c_int.in_dll(self._library, f'host_{name}').value

    def set(self, name, value):
        ctypes.c_int.in_dll(self._library, f'host_{name}').value = value

    def limit(self, size):
        ctypes.c_size_t.in_dll(self._library, 'host_limit').value = size % 2**64


@pytest.fixture
def counters(compiled):
    found = Counters(compiled)
    found.set('launches', 0)
    yield found
    found.set('refuse', 0)
    found.set('devices', 1)
    found.limit(-1)
    assert found.live == 0, 'memory, a stream or a recording was not given back'


@pytest.fixture
def cuda(compiled, counters):
    assert counters.live == 0
    return CudaRuntime(compiled)


@pytest.fixture
def engine(tiny_bundle, compiled):
    bundle = load_bundle(tiny_bundle)
    return host_gpu.HostEngine(bundle.decoder_path, decoder_ranges(bundle), compiled)


@pytest.fixture
def decoder(engine, cuda):
    graph = CompiledGraph(engine, engine.context, cuda)
    yield graph
    graph.close()


@pytest.fixture(scope='module')
def reference(tiny_bundle):
    return OnnxRuntimeEngine(tiny_bundle / 'decoder.onnx')


def prompts(count, seed, masks=1, points=4):
    rng = np.random.default_rng(seed)
    return {'embedding': rng.normal(size=(1, 3, 4, 6)).astype(np.float32),
            'point_coords': rng.uniform(0, 60, (count, points, 2)).astype(np.float32),
            'point_labels': rng.integers(-1, 4, (count, points)).astype(np.float32),
            'mask_input': rng.normal(size=(masks, 1, 16, 24)).astype(np.float32),
            'has_mask': rng.integers(0, 2, masks).astype(np.float32)}


def check(decoder, reference, inputs):
    found, wanted = decoder.run(inputs), reference.run(inputs)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
    return found


def test_answers_are_those_of_the_graph_for_any_number_of_prompts(decoder, reference):
    rng = np.random.default_rng(0)
    for seed, count in enumerate(rng.integers(1, 33, 40)):
        many = rng.random() < 0.3
        check(decoder, reference, prompts(
            int(count), seed, int(count) if many else 1, int(rng.integers(1, 17))))


def test_shapes_are_those_of_the_graph(decoder, reference):
    assert decoder.inputs == reference.inputs
    assert decoder.outputs == reference.outputs


def test_the_second_run_is_recorded_and_later_ones_are_launched(decoder, reference, counters):
    for run, launches in enumerate((0, 1, 2, 3)):
        check(decoder, reference, prompts(3, run))
        assert counters.launches == launches


def test_sizes_in_turns_keep_their_recordings(decoder, engine, reference, counters):
    for run in range(6):
        for count in (32, 8, 3, 1):
            check(decoder, reference, prompts(count, 10 * run + count))
    # the first one, set to the largest shapes at the beginning, has become that of a size
    assert engine.contexts == 4
    assert counters.launches == 4 * 5


def test_beyond_four_the_sizes_used_longest_ago_go(decoder, engine, reference, counters):
    for count in (1, 2, 3, 4, 5, 1, 1):
        check(decoder, reference, prompts(count, count))
    assert engine.contexts == 4
    # 1 had gone when it came again: once piece by piece, then recorded
    assert counters.launches == 1


def test_an_answer_stays_when_the_next_comes(decoder, reference):
    first = check(decoder, reference, prompts(2, 1))
    kept = {name: value.copy() for name, value in first.items()}
    check(decoder, reference, prompts(2, 2))
    for name, value in kept.items():
        np.testing.assert_array_equal(first[name], value)


@pytest.mark.parametrize('how', [1, 2])
def test_where_the_driver_refuses_to_record_runs_go_on(decoder, reference, counters, how):
    counters.set('refuse', how)
    for run in range(4):
        check(decoder, reference, prompts(3, run))
    assert counters.launches == 0
    assert not decoder.records


def test_contexts_that_record_themselves_are_left_alone(engine, cuda, reference, counters):
    graph = CompiledGraph(engine, engine.context, cuda, records=False, contexts=1)
    for run in range(3):
        for count in (3, 5):
            check(graph, reference, prompts(count, run))
    assert counters.launches == 0
    assert engine.contexts == 1
    graph.close()


def test_inputs_in_any_layout_and_type(decoder, reference):
    inputs = prompts(3, 1)
    strange = {name: np.asfortranarray(value.astype(np.float64))
               for name, value in inputs.items()}
    wanted = reference.run(inputs)
    for name, value in decoder.run(strange).items():
        np.testing.assert_array_equal(value, wanted[name])


@pytest.mark.parametrize(('inputs', 'said'), [
    (prompts(33, 0), r'built for point_coords of \[1, 1, 2\] to \[32, 16, 2\], '
                     r'but got \[33, 4, 2\]'),
    (prompts(3, 0, points=17), r'but got \[3, 17, 2\]'),
    ({**prompts(3, 0), 'has_mask': np.zeros((1, 1), np.float32)}, r'built for has_mask of \[1\]'),
    ({'embedding': np.zeros((1, 3, 4, 6), np.float32)}, 'takes embedding, has_mask, .*, but got')])
def test_what_the_engine_was_not_built_for_is_one_sentence(decoder, reference, inputs, said):
    with pytest.raises(EngineError, match=said):
        decoder.run(inputs)
    check(decoder, reference, prompts(3, 0))


def test_too_little_memory_says_what_to_do_and_gives_all_back(engine, cuda, counters):
    counters.limit(60_000)
    with pytest.raises(EngineError, match=r'^cudaMalloc failed: out of memory; stop other'):
        CompiledGraph(engine, engine.context, cuda)
    assert counters.live == 0


def test_an_engine_that_does_not_start(engine, cuda):
    graph = CompiledGraph(engine, engine.context, cuda)
    engine.starts = False
    with pytest.raises(EngineError, match='TensorRT could not start the engine'):
        graph.run(prompts(3, 0))
    graph.close()


def test_an_engine_of_another_type(engine, cuda):
    engine.kind = 'HALF'
    with pytest.raises(EngineError, match=r'^embedding of a compiled engine is HALF, '):
        CompiledGraph(engine, engine.context, cuda)


def test_closed_twice_and_run(decoder):
    decoder.close()
    decoder.close()
    with pytest.raises(EngineError, match='the engine is closed'):
        decoder.run(prompts(1, 0))


def test_the_gpu_is_named(cuda):
    assert (cuda.gpu, cuda.capability) == ('Host memory', 'SM86')


def test_no_gpu(compiled, counters):
    counters.set('devices', 0)
    with pytest.raises(EngineError, match=r'^there is no GPU that CUDA can use$'):
        CudaRuntime(compiled)


def test_no_runtime(tmp_path):
    with pytest.raises(EngineError, match=r'^the CUDA runtime is not installed; install '):
        CudaRuntime(tmp_path / 'none.so')
