# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle with an int8 encoder says what it costs, and is one that every back end takes."""

import numpy as np
import onnx
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.errors import BundleError, EngineError  # noqa: E402
from eventsam_ros.inference.bundle import load_bundle  # noqa: E402
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine  # noqa: E402
from eventsam_ros.inference.engines.openvino_engine import OpenVinoEngine  # noqa: E402
from eventsam_ros.inference.engines.tensorrt_build import build_engine  # noqa: E402
from eventsam_ros.inference.engines.tensorrt_package import load_tensorrt  # noqa: E402
from eventsam_ros.inference.graphs import open_engines  # noqa: E402
from training.errors import RecipeError  # noqa: E402
from training.exporting.bundle import write_bundle  # noqa: E402
from training.exporting.description import Description  # noqa: E402
from training.exporting.quantise import calibration_pictures, quantise_bundle, quantise_graph  # noqa: E402
from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402

WIDTH, HEIGHT = 96, 64


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp('source') / 'bundle'
    write_bundle(CompactEncoder(), PromptDecoder(WIDTH, HEIGHT), folder,
                 Description('little', (128.0,) * 3, (40.0,) * 3), parity=False)
    return folder


@pytest.fixture(scope='module')
def quantised(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp('quantised') / 'bundle'
    return folder, quantise_bundle(source, folder, calibration=8, held_out=2)


def test_the_manifest_says_what_it_costs(source, quantised):
    folder, report = quantised
    manifest = yaml.safe_load((folder / 'bundle.yaml').read_text())
    assert manifest['quantisation'] == report
    assert manifest['name'] == 'little_int8'
    assert report['calibration'].startswith('8 simulated windows')
    assert 0 <= report['mask_iou_least'] <= report['mask_iou'] <= 1
    for side in ('before', 'after'):
        assert all(0 <= report[side][kind] <= 1 for kind in ('click', 'box'))
    assert report['cpu_time_ratio'] > 0
    assert 'quantisation' not in yaml.safe_load((source / 'bundle.yaml').read_text())


def test_it_is_a_whole_bundle(quantised):
    bundle = load_bundle(quantised[0])
    for engine in open_engines(bundle, 'onnxruntime'):
        engine.close()


def test_weights_of_the_encoder_are_bytes(source, quantised):
    graph = onnx.load(str(quantised[0] / 'encoder.onnx')).graph
    kinds = {}
    for constant in graph.initializer:
        kinds[constant.data_type] = kinds.get(constant.data_type, 0) + int(np.prod(constant.dims))
    assert kinds[onnx.TensorProto.INT8] > 0.9 * sum(kinds.values())
    assert (quantised[0] / 'decoder.onnx').read_bytes() == (source / 'decoder.onnx').read_bytes()


@pytest.fixture(scope='module')
def shipped(tmp_path_factory):
    """Return the encoder that ships, quantised."""
    path = tmp_path_factory.mktemp('shipped') / 'encoder.onnx'
    bundle = load_bundle()
    quantise_graph(bundle.encoder_path, path, calibration_pictures(bundle, 8))
    return path


def error(engine):
    """Return how far an encoder is from the one that ships, as a share of the embedding."""
    *_, picture = calibration_pictures(load_bundle(), 12)   # none that it was calibrated with
    found = engine.run({'image': picture})['embedding']
    wanted = OnnxRuntimeEngine(load_bundle().encoder_path, 1).run({'image': picture})['embedding']
    return np.abs(found - wanted).mean() / np.abs(wanted).mean()


def test_a_trained_encoder_stays_near_itself(shipped):
    assert 0 < error(OnnxRuntimeEngine(shipped, 1)) < 0.15


def test_so_it_does_in_openvino(shipped):
    pytest.importorskip('openvino', reason='openvino is not installed')
    assert 0 < error(OpenVinoEngine(shipped, 1)) < 0.15


@pytest.mark.parametrize('capability', ['SM80', 'SM86', 'SM89', 'SM120'])
def test_tensorrt_compiles_it(quantised, capability):
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))
    path = quantised[0] / 'encoder.onnx'
    assert len(build_engine(path, None, capability, 'fp16')) > path.stat().st_size


def test_calibration_is_the_same_every_time_and_different_pictures(source):
    bundle = load_bundle(source)
    one, two = (list(calibration_pictures(bundle, 3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert [each.shape for each in one] == [(1, 3, HEIGHT, WIDTH)] * 3
    assert not np.array_equal(one[0], one[1])


def test_what_is_quantised_already_is_refused(quantised, tmp_path):
    with pytest.raises(RecipeError, match='is quantised already; take the bundle that it was'):
        quantise_graph(quantised[0] / 'encoder.onnx', tmp_path / 'x.onnx', iter([]))


def test_a_folder_that_holds_something_is_refused(source, tmp_path):
    (tmp_path / 'mine').write_text('')
    with pytest.raises(RecipeError, match='is not empty; give a new folder'):
        quantise_bundle(source, tmp_path)


def test_a_source_that_is_not_there(tmp_path):
    with pytest.raises(BundleError, match='there is no bundle at '):
        quantise_bundle(tmp_path / 'none', tmp_path / 'new')
