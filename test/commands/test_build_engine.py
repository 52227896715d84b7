# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`bundle build-engine` fills the cache that nodes read."""


from miniature import panoramic
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines import EngineOptions, tensorrt_package
from eventsam_ros.inference.engines.cuda_runtime import CudaRuntime
from eventsam_ros.inference.engines.engine_cache import EngineCache
from eventsam_ros.inference.engines.tensorrt_engine import cached_engine
from eventsam_ros.inference.engines.tensorrt_package import load_tensorrt
from eventsam_ros.inference.ranges import decoder_ranges


@pytest.fixture
def _tensorrt():
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))


@pytest.fixture
def build(tmp_path, tiny_bundle, capsys):
    def run(*arguments, cache=tmp_path / 'cache'):
        code = main(['bundle', 'build-engine', str(tiny_bundle), '--cache', str(cache),
                     *arguments])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err
    return run


@pytest.mark.usefixtures('_tensorrt')
def test_it_builds_what_a_node_on_that_gpu_loads(build, tmp_path, tiny_bundle):
    code, lines, said = build('--capability', 'SM86', 'SM120', '--precision', 'fp32')
    assert code == 0, said
    targets = ['encoder.onnx for SM86', 'decoder.onnx for SM86', 'encoder.onnx for SM120',
               'decoder.onnx for SM120']
    assert [line.split(': ')[0] for line in lines[4:8]] == targets
    assert all(': built, ' in line for line in lines[4:8])
    bundle, cache = load_bundle(tiny_bundle), EngineCache(tmp_path / 'cache')
    cached_engine(bundle.decoder_path, EngineOptions('fp32', ranges=decoder_ranges(bundle)),
                  'NVIDIA RTX A2000', 'SM86', cache)
    assert cache.counters['hits'] == 1
    again = build('--capability', 'SM86', '--precision', 'fp32')[1]
    assert [line.split(', ')[0] for line in again[:2]] == [
        'encoder.onnx for SM86: was there', 'decoder.onnx for SM86: was there']
    assert ': built, ' in build('--capability', 'SM86', '--precision', 'fp16')[1][2]


@pytest.mark.usefixtures('_tensorrt')
def test_bundles_of_one_graph_are_built_too(tmp_path, capsys):
    bundle, cache = panoramic.write(tmp_path / 'bundle'), tmp_path / 'cache'
    assert main(['bundle', 'build-engine', str(bundle), '--cache', str(cache), '--capability',
                 'SM86', '--precision', 'fp32']) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith('network.onnx for SM86: built, ')
    kept = EngineCache(cache)
    cached_engine(bundle / 'network.onnx', EngineOptions('fp32'), 'any', 'SM86', kept)
    assert kept.counters['hits'] == 1


@pytest.mark.usefixtures('_tensorrt')
def test_a_capability_that_nobody_has(build):
    code, _, said = build('--capability', 'SM1')
    assert code == 1
    assert said.startswith('bundle: compute capability must be one of SM75, ')


@pytest.mark.usefixtures('_tensorrt')
def test_a_cache_that_cannot_be_written(build, tmp_path):
    (tmp_path / 'file').write_text('')
    code, _, said = build('--capability', 'SM86', cache=tmp_path / 'file' / 'cache')
    assert code == 1
    assert said.endswith('cannot be written: Not a directory; give another folder with --cache\n')


def test_without_a_gpu_it_says_so(build):
    try:
        CudaRuntime()
    except EngineError as error:
        reason = str(error)
    else:
        pytest.skip('there is a GPU')
    code, _, said = build()
    assert code == 1
    assert reason in said or 'TensorRT is not installed' in said


def test_without_tensorrt_it_says_how_to_get_it(build, monkeypatch):
    monkeypatch.setattr(tensorrt_package, 'PACKAGES', ('tensorrt_that_is_not_there',))
    for arguments in ((), ('--capability', 'SM86')):
        code, _, said = build(*arguments)
        assert code == 1
        assert said.startswith('bundle: TensorRT is not installed; install tensorrt, or ')
