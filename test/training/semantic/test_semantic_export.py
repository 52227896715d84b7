# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A network of classes as a bundle: it serves what was trained, and TensorRT compiles it."""

import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.errors import EngineError  # noqa: E402
from eventsam_ros.inference.engines.tensorrt_build import build_engine, load_tensorrt  # noqa: E402
from eventsam_ros.inference.semantic import SemanticSegmenter  # noqa: E402
from eventsam_ros.inference.semantic_bundle import load_semantic_bundle  # noqa: E402
from eventsam_ros.simulation.samples import held_out_window  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.segformer import SegFormer  # noqa: E402
from training.semantic.export import write_semantic_bundle  # noqa: E402
from training.semantic.run import KIND  # noqa: E402

SAID = {'source': {'kind': 'camvid'}, 'seed': 0}


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    made = SegFormer(6).eval()
    torch.nn.init.normal_(made.decode_head.linear_pred.weight, std=1.0)
    return made


@pytest.fixture(scope='module')
def checkpoint(network, tmp_path_factory):
    path = tmp_path_factory.mktemp('run') / 'last.pt'
    torch.save({
        'kind': KIND, 'classes': 6, 'average': network.state_dict(), 'shown': 'events',
        'table': 'ddd17_6', 'width': 128, 'height': 96, 'representation': 'robust',
        'mean': [128.0] * 3, 'std': [40.0] * 3, 'window_ms': 50.0, 'name': 'six', 'step': 7,
        'scores': {'miou': 0.5}, 'said': SAID}, path)
    return path


@pytest.fixture(scope='module')
def bundle(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp('bundles') / 'six'
    return folder, write_semantic_bundle(checkpoint, folder, recipe='r.yaml')


def test_the_bundle_serves_what_the_network_says(bundle, network):
    folder, reports = bundle
    loaded = load_semantic_bundle(folder)
    m = loaded.manifest
    assert m.classes == ('flat', 'background', 'object', 'vegetation', 'human', 'vehicle')
    assert m.colours[2] == (220, 220, 0)
    assert (m.width, m.height, m.window_ms, m.precision) == (128, 96, 50, 'fp16')
    assert m.training['steps'] == 7
    segmenter = SemanticSegmenter(loaded, 'onnxruntime', 1)
    from eventsam_ros.events.tensors import window_image
    from eventsam_ros.inference.letterbox import Letterbox
    for seed in (1, 2):
        window, _ = held_out_window(seed)
        found = segmenter.segment(window)
        letterbox = Letterbox(window.width, window.height, 128, 96)
        columns, rows = letterbox.content
        picture = np.full((96, 128, 3), 128, np.float32)
        picture[:rows, :columns] = window_image(window, 'robust', columns, rows)
        with torch.no_grad():
            logits = network(torch.from_numpy(((picture - 128) / 40).transpose(2, 0, 1)[None]))
        cut = logits[..., :rows // 4, :columns // 4]
        full = torch.nn.functional.interpolate(
            cut, (window.height, window.width), mode='bilinear', align_corners=False)
        assert np.mean(found == full[0].argmax(0).numpy()) > 0.98
    segmenter.close()
    assert reports['fp32'].logits_max < 1e-3
    assert reports['fp32'].agreement > 0.999
    written = yaml.safe_load((folder / 'bundle.yaml').read_text())
    assert written['parity']['fp16']['agreement'] == pytest.approx(
        reports['fp16'].agreement, abs=1e-4)
    assert {p.name for p in folder.iterdir()} == {'bundle.yaml', 'network.onnx'}
    assert (folder / 'network.onnx').stat().st_size < 8e6   # the target branch alone, fp16


def test_networks_of_pictures_and_other_files_are_refused(checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)
    torch.save({**state, 'shown': 'images'}, tmp_path / 'images.pt')
    with pytest.raises(RecipeError, match='looks at pictures'):
        write_semantic_bundle(tmp_path / 'images.pt', tmp_path / 'out')
    torch.save({'kind': 'other'}, tmp_path / 'other.pt')
    with pytest.raises(RecipeError, match='is no network of'):
        write_semantic_bundle(tmp_path / 'other.pt', tmp_path / 'out')
    with pytest.raises(RecipeError, match='cannot be read'):
        write_semantic_bundle(tmp_path / 'missing.pt', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_weights_that_fp16_cannot_hold_are_refused(checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)
    state['average']['backbone.patch_embed1.proj.weight'][0] = 1e6
    torch.save(state, tmp_path / 'large.pt')
    with pytest.raises(RecipeError, match='store the weights as fp32'):
        write_semantic_bundle(tmp_path / 'large.pt', tmp_path / 'out')
    assert not (tmp_path / 'out' / 'bundle.yaml').exists()


@pytest.mark.parametrize('precision', ['fp16', 'fp32'])
def test_tensorrt_compiles_the_graph(checkpoint, tmp_path, precision):
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))
    write_semantic_bundle(checkpoint, tmp_path, half=precision == 'fp16')
    path = tmp_path / 'network.onnx'
    engine = build_engine(path, None, capability='SM86')
    # an engine holds the weights, at least as fp16
    assert len(engine) > path.stat().st_size / (1 if precision == 'fp16' else 2)
