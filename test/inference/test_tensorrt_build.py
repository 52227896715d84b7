# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Real engine builds with TensorRT for RTX, which needs no GPU for them."""

import onnx
from onnx import TensorProto, helper
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines import tensorrt_build
from eventsam_ros.inference.engines.tensorrt_build import Range, build_engine, load_tensorrt
from eventsam_ros.inference.graphs import decoder_shapes
from eventsam_ros.inference.ranges import decoder_ranges


def missing():
    try:
        load_tensorrt()
    except EngineError as error:
        return str(error)
    return ''


needs_tensorrt = pytest.mark.skipif(bool(missing()), reason=missing())


@needs_tensorrt
def test_both_graphs_of_the_bundle_that_ships_compile():
    bundle = load_bundle()
    encoder = build_engine(bundle.encoder_path, capability='SM86')
    decoder = build_engine(bundle.decoder_path, decoder_ranges(bundle), capability='SM86')
    # an engine carries the weights
    assert len(encoder) > bundle.manifest.files['encoder'].size
    assert len(decoder) > bundle.manifest.files['decoder'].size
    assert build_engine(bundle.encoder_path, capability='SM89') != encoder


def test_ranges_hold_every_call_that_a_segmenter_makes(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    inputs, _ = decoder_shapes(bundle)
    ranges = decoder_ranges(bundle)
    assert ranges.keys() == {name for name, shape in inputs.items() if None in shape}
    for name, (least, usual, most) in ranges.items():
        assert all(a <= b <= c for a, b, c in zip(least, usual, most, strict=True))
        fixed = [(k, side) for k, side in enumerate(inputs[name]) if side is not None]
        assert all(least[k] == most[k] == side for k, side in fixed)
        assert least[0] == 1
        assert most[0] == 32


@needs_tensorrt
def test_a_file_that_is_no_graph(tmp_path):
    (tmp_path / 'x.onnx').write_text('no graph')
    with pytest.raises(EngineError, match=r'x\.onnx cannot be read by TensorRT: .*[Pp]arse'):
        build_engine(tmp_path / 'x.onnx', capability='SM86')


@needs_tensorrt
def test_an_operator_that_tensorrt_does_not_know(tmp_path):
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in 'ab']
    node = helper.make_node('Stranger', ['a'], ['b'], domain='elsewhere')
    model = helper.make_model(
        helper.make_graph([node], 'g', value[:1], value[1:]),
        opset_imports=[helper.make_opsetid('', 17), helper.make_opsetid('elsewhere', 1)])
    onnx.save(model, str(tmp_path / 'x.onnx'))
    with pytest.raises(EngineError, match=r'x\.onnx cannot be read by TensorRT: .*Stranger'):
        build_engine(tmp_path / 'x.onnx', capability='SM86')


@needs_tensorrt
def test_open_sizes_without_a_range(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    with pytest.raises(EngineError, match=r"has inputs of open size \['has_mask', 'mask_input', "
                       r"'point_coords', 'point_labels'\], but ranges were given for \['image'\]"):
        build_engine(bundle.decoder_path, {'image': Range((1,), (1,), (1,))}, 'SM86')


@needs_tensorrt
def test_ranges_that_a_graph_cannot_take(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    ranges = decoder_ranges(bundle)
    ranges['has_mask'] = Range((9,), (3,), (1,))
    with pytest.raises(EngineError, match=r'decoder\.onnx'):
        build_engine(bundle.decoder_path, ranges, 'SM86')


@needs_tensorrt
def test_an_unknown_capability(tiny_bundle):
    with pytest.raises(EngineError, match=r"^compute capability must be one of SM75, .*, "
                                          r"but got 'SM1'$"):
        build_engine(load_bundle(tiny_bundle).encoder_path, capability='SM1')


def test_without_tensorrt_the_sentence_says_how_to_get_it(tiny_bundle, monkeypatch):
    monkeypatch.setattr(tensorrt_build, 'PACKAGES', ('tensorrt_that_is_not_there',))
    with pytest.raises(EngineError, match=r'^TensorRT is not installed; install tensorrt, or '):
        build_engine(load_bundle(tiny_bundle).encoder_path)
