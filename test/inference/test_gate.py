# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Engines pass with the masks of the reference, and are refused with others."""

from dataclasses import replace
import re
from types import SimpleNamespace

import numpy as np
import onnx
from onnx import numpy_helper
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines import create_engine
from eventsam_ros.inference.engines.engine_key import EngineKey
from eventsam_ros.inference.engines.mixed_precision import mixed_precision
from eventsam_ros.inference.engines.verdicts import read_verdict, write_verdict
from eventsam_ros.inference.gate import LEAST_IOU, MaskTrial, mask_fault, measure_parity, pass_gate
from eventsam_ros.inference.parity import Answer, Parity, compare

KEYS = tuple(EngineKey(graph, 'tensorrt 10.1', 'Orin', 'SM87', 'fp16', '{}') for graph in 'ab')


@pytest.fixture(scope='module')
def bundle():
    return load_bundle()


@pytest.fixture(scope='module')
def reference(bundle):
    return opened(bundle)


def opened(bundle, encoder=None, decoder=None, name='onnxruntime'):
    return tuple(create_engine(mine or path, name, 2) for mine, path in (
        (encoder, bundle.encoder_path), (decoder, bundle.decoder_path)))


def scaled_noise(path, target, amount):
    """Write a graph whose every large constant is off by a share of its own spread."""
    model, rng = onnx.load(str(path)), np.random.default_rng(0)
    for constant in model.graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype.kind == 'f' and values.size > 256:
            values = values + amount * values.std() * rng.normal(size=values.shape)
            constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), constant.name))
    onnx.save(model, str(target))
    return target


def test_openvino_passes(bundle, reference):
    pytest.importorskip('openvino', reason='openvino is not installed')
    found = opened(bundle, name='openvino')
    parity = measure_parity(bundle.manifest, found, reference)
    assert parity.mask_iou > 0.999
    assert mask_fault(parity) is None


def test_mixed_precision_passes(tmp_path, bundle, reference):
    for path in (bundle.encoder_path, bundle.decoder_path):
        (tmp_path / path.name).write_bytes(mixed_precision(path))
    found = opened(bundle, tmp_path / 'encoder.onnx', tmp_path / 'decoder.onnx')
    parity = measure_parity(bundle.manifest, found, reference)
    assert 0 < parity.embedding_mean < 0.01
    assert mask_fault(parity) is None


@pytest.mark.parametrize('damaged', ['encoder', 'decoder'])
def test_a_damaged_graph_is_refused_with_what_to_do(tmp_path, bundle, reference, damaged):
    path = scaled_noise(getattr(bundle, f'{damaged}_path'), tmp_path / 'damaged.onnx', 0.3)
    found = opened(bundle, **{damaged: path})
    parity = measure_parity(bundle.manifest, found, reference)
    assert re.fullmatch(r'its masks agree with ONNX Runtime at IoU 0\.\d{4} only, and 0\.98 is '
                        'required', mask_fault(parity))


def test_an_embedding_that_is_no_number_is_refused():
    assert mask_fault(Parity(float('nan'), 0.0, 1.0, 1.0)) == 'its embedding is not finite'


def test_the_figures_are_those_of_a_plain_count():
    rng = np.random.default_rng(0)
    one, two = rng.random((2, 5, 4, 6)) < 0.4
    one[3] = two[3] = False
    embeddings = rng.normal(size=(2, 1, 2, 3, 3)).astype(np.float32)
    parity = compare([Answer(embeddings[0], one)], [Answer(embeddings[1], two)])
    ious = []
    for a, b in zip(one, two, strict=True):
        both = sum(bool(x and y) for x, y in zip(a.ravel(), b.ravel(), strict=True))
        either = sum(bool(x or y) for x, y in zip(a.ravel(), b.ravel(), strict=True))
        ious.append(both / either if either else 1.0)
    assert parity.mask_iou == pytest.approx(sum(ious) / 5)
    assert parity.mask_iou_least == pytest.approx(min(ious))
    gaps = [abs(float(a) - float(b)) for a, b in zip(*map(np.ravel, embeddings), strict=True)]
    assert parity.embedding_max == pytest.approx(max(gaps))
    assert parity.embedding_mean == pytest.approx(sum(gaps) / len(gaps))


def compiled(engine, key, folder):
    """Give an engine what those that are compiled have beside it."""
    engine.key, engine.cache = key, SimpleNamespace(folder=folder)
    return engine


def test_the_comparison_runs_once_for_a_build(tmp_path, tiny_bundle):
    bundle = load_bundle(tiny_bundle)

    def go(*keys):
        said = []
        encoder, decoder = opened(bundle)
        pass_gate(bundle.path, (bundle.encoder_path, bundle.decoder_path),
                  (compiled(encoder, keys[0], tmp_path), compiled(decoder, keys[1], tmp_path)),
                  MaskTrial(bundle.manifest), said.append)
        return len(said)
    assert [go(*KEYS), go(*KEYS)] == [1, 0]
    newer = replace(KEYS[1], package='tensorrt 10.2')
    assert [go(KEYS[0], newer), go(KEYS[0], newer), go(*KEYS)] == [1, 0, 0]
    for path in tmp_path.glob('*.json'):
        path.write_text('{')
    assert [go(*KEYS), go(*KEYS)] == [1, 0]


def test_a_refusal_is_kept_too(tmp_path, bundle):
    path = scaled_noise(bundle.encoder_path, tmp_path / 'damaged.onnx', 0.3)
    said = []
    for _ in range(2):
        encoder, decoder = opened(bundle, path)
        with pytest.raises(EngineError, match=(
                r'^ONNX Runtime .* is refused for .*: its masks agree with ONNX Runtime at IoU .*'
                r'; build with precision fp32, or set the engine to onnxruntime$')):
            pass_gate(bundle.path, (bundle.encoder_path, bundle.decoder_path),
                      (compiled(encoder, KEYS[0], tmp_path), compiled(decoder, KEYS[1], tmp_path)),
                      MaskTrial(bundle.manifest), said.append)
    assert len(said) == 1


def test_figures_that_are_not_whole_do_not_count(tmp_path):
    figures = {'mask_iou': LEAST_IOU, 'other': 1.0}
    write_verdict(tmp_path, KEYS, 'onnx 1', figures)
    assert read_verdict(tmp_path, KEYS, 'onnx 1', ('mask_iou', 'other')) == figures
    assert read_verdict(tmp_path, KEYS, 'onnx 2', ('mask_iou', 'other')) is None
    assert read_verdict(tmp_path, KEYS, 'onnx 1', ('mask_iou',)) is None
    write_verdict(tmp_path, KEYS, 'onnx 1', {'mask_iou': float('nan')})
    assert read_verdict(tmp_path, KEYS, 'onnx 1', ('mask_iou',)) is None
    write_verdict(tmp_path / 'none', KEYS, 'onnx 1', figures)
    assert read_verdict(tmp_path / 'none', KEYS, 'onnx 1', ('mask_iou', 'other')) is None
