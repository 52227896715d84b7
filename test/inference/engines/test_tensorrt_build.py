# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Real engine builds with TensorRT for RTX, which needs no GPU for them."""

import onnx
from onnx import TensorProto, helper
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.engines import tensorrt_package
from eventsam_ros.inference.engines.tensorrt_build import Range, build_engine
from eventsam_ros.inference.engines.tensorrt_package import OPERATOR, complaint
from eventsam_ros.inference.ranges import decoder_ranges
from eventsam_ros.inference.shapes import decoder_shapes


@pytest.mark.usefixtures('tensorrt')
@pytest.mark.parametrize('capability', ['SM80', 'SM86', 'SM89', 'SM120'])
def test_both_graphs_of_the_bundle_that_ships_compile(capability):
    bundle = load_bundle()
    sizes = {}
    for precision in ('fp16', 'fp32'):
        encoder = build_engine(bundle.encoder_path, None, capability, precision)
        decoder = build_engine(bundle.decoder_path, decoder_ranges(bundle), capability, precision)
        sizes[precision] = len(encoder), len(decoder)
    # an engine carries the weights, which the files store as fp16
    files = bundle.manifest.files
    stored = files['encoder'].size, files['decoder'].size
    assert all(size > file for size, file in zip(sizes['fp16'], stored, strict=True))
    assert all(size > 1.5 * half for size, half in zip(sizes['fp32'], sizes['fp16'], strict=True))


@pytest.mark.usefixtures('tensorrt')
def test_engines_of_two_capabilities_differ(tiny_bundle):
    one, two = (build_engine(tiny_bundle / 'encoder.onnx', capability=each)
                for each in ('SM86', 'SM89'))
    assert one != two


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


@pytest.mark.usefixtures('tensorrt')
def test_a_file_that_is_no_graph(tmp_path):
    (tmp_path / 'x.onnx').write_text('no graph')
    with pytest.raises(EngineError, match=r'x\.onnx cannot be read by TensorRT: .*[Pp]arse'):
        build_engine(tmp_path / 'x.onnx', capability='SM86')


@pytest.mark.usefixtures('tensorrt')
def test_an_operator_that_tensorrt_does_not_know(tmp_path):
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in 'ab']
    node = helper.make_node('Stranger', ['a'], ['b'], domain='elsewhere')
    model = helper.make_model(
        helper.make_graph([node], 'g', value[:1], value[1:]),
        opset_imports=[helper.make_opsetid('', 17), helper.make_opsetid('elsewhere', 1)])
    onnx.save(model, str(tmp_path / 'x.onnx'))
    with pytest.raises(EngineError, match=r'x\.onnx cannot be read by TensorRT: .*Stranger') as e:
        build_engine(tmp_path / 'x.onnx', capability='SM86')
    assert str(e.value).endswith(f'; {OPERATOR}')
    assert '\n' not in str(e.value)


@pytest.mark.usefixtures('tensorrt')
def test_an_operator_of_onnx_that_tensorrt_does_not_know(tmp_path):
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in 'ab']
    node = helper.make_node('Unique', ['a'], ['b'])
    graph = helper.make_graph([node], 'g', value[:1], value[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)]),
              str(tmp_path / 'x.onnx'))
    with pytest.raises(EngineError, match=r'cannot be read by TensorRT: Unique.*update Ten'):
        build_engine(tmp_path / 'x.onnx', capability='SM86')


@pytest.mark.parametrize(('said', 'advice'), [
    ('[virtualMemoryBuffer.cpp::resizePhysical::140] Error Code 2: OutOfMemory (Requested size '
     'was 33554432 bytes.)', 'stop other programs on the GPU'),
    ('Could not find any implementation for node {ForeignNode[a...b]}. no implementation',
     'build with precision fp32'),
    ('CUDA initialization failure with error: 35', 'give a compute capability to build for')])
def test_messages_that_tensorrt_is_known_for_say_what_to_change(said, advice):
    sentence = complaint(['first', said])
    assert sentence.startswith(f'first; {said}; ')
    assert advice in sentence


def test_a_message_that_nobody_knows_is_passed_on():
    assert complaint(['a\n b', 'c']) == 'a b; c'
    assert complaint([], 'do that') == 'it gives no reason; do that'


def test_an_unknown_precision(tiny_bundle):
    with pytest.raises(EngineError, match=r"^precision must be one of .*, but got 'int3'$"):
        build_engine(load_bundle(tiny_bundle).encoder_path, precision='int3')


@pytest.mark.usefixtures('tensorrt')
def test_open_sizes_without_a_range(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    with pytest.raises(EngineError, match=r"has inputs of open size \['has_mask', 'mask_input', "
                       r"'point_coords', 'point_labels'\], but ranges were given for \['image'\]"):
        build_engine(bundle.decoder_path, {'image': Range((1,), (1,), (1,))}, 'SM86')


@pytest.mark.usefixtures('tensorrt')
def test_ranges_that_a_graph_cannot_take(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    ranges = decoder_ranges(bundle)
    ranges['has_mask'] = Range((9,), (3,), (1,))
    with pytest.raises(EngineError, match=r'decoder\.onnx'):
        build_engine(bundle.decoder_path, ranges, 'SM86')


@pytest.mark.usefixtures('tensorrt')
def test_an_unknown_capability(tiny_bundle):
    with pytest.raises(EngineError, match=r"^compute capability must be one of SM75, .*, "
                                          r"but got 'SM1'$"):
        build_engine(load_bundle(tiny_bundle).encoder_path, capability='SM1')


def test_without_tensorrt_the_sentence_says_how_to_get_it(tiny_bundle, monkeypatch):
    monkeypatch.setattr(tensorrt_package, 'PACKAGES', ('tensorrt_that_is_not_there',))
    with pytest.raises(EngineError, match=r'^TensorRT is not installed; install tensorrt, or '):
        build_engine(load_bundle(tiny_bundle).encoder_path)
