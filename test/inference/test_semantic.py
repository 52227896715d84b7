# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class maps of a bundle whose answers can be worked out by hand; bundles that are refused."""

from miniature import semantic
import numpy as np
import pytest

from eventsam_ros.errors import BundleError, EngineError
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.class_maps import STAGES, class_map
from eventsam_ros.inference.class_votes import NO_CLASS
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.opening import load_any
from eventsam_ros.inference.semantic import SemanticSegmenter
from eventsam_ros.inference.semantic_bundle import SemanticBundle, load_semantic_bundle


@pytest.fixture
def segmenter(tmp_path):
    bundle = load_semantic_bundle(semantic.write(tmp_path / 'tiny'))
    made = SemanticSegmenter(bundle, 'onnxruntime', 1)
    yield made
    made.close()


def two_blocks(width, height):
    """ON at the left in the first moment, OFF at the right in the last; four events a pixel."""
    rows, columns = np.mgrid[height // 4:height // 2, width // 8:width // 4]
    count = 4 * rows.size
    x = np.tile(columns.ravel(), 8)
    x[count:] += width // 2
    y = np.tile(rows.ravel(), 8)
    p = np.repeat([1, 0], count).astype(np.uint8)
    t = np.repeat([0, 49_999_999], count).astype(np.int64)
    events = Events(x.astype(np.uint16), y.astype(np.uint16), p, t)
    return Window(events, 0, 50_000_000, width, height)


@pytest.mark.parametrize(('width', 'height'), [(96, 64), (192, 128), (160, 120)])
def test_each_pixel_has_the_class_of_what_happened_there(segmenter, width, height):
    found = segmenter.segment(two_blocks(width, height))
    assert found.shape == (height, width)
    assert found.dtype == np.uint8
    middle_row, left, right = 3 * height // 8, 3 * width // 16, 11 * width // 16
    assert found[middle_row, left] == 1
    assert found[middle_row, right] == 2
    assert found[3 * height // 4, left] == found[middle_row, width // 2] == 0
    assert all(segmenter.timings[stage] > 0 for stage in STAGES)


def test_the_map_is_the_argmax_of_the_interpolated_logits(segmenter):
    """Against float64 arithmetic on the picture: mean of cells, then linear between centres."""
    window = two_blocks(96, 64)
    picture = (window_image(window, 'robust', 96, 64).astype(np.float64) - 128) / 40
    cells = picture.reshape(16, 4, 24, 4, 3).mean((1, 3))
    planes = np.stack([np.zeros((16, 24)), cells[..., 0], -cells[..., 2]])

    def along(values, size, axis):
        place = np.clip((np.arange(size) + 0.5) * values.shape[axis] / size - 0.5, 0,
                        values.shape[axis] - 1)
        low = np.minimum(place.astype(int), values.shape[axis] - 2)
        share = (place - low).reshape([-1 if k == axis else 1 for k in range(3)])
        return (np.take(values, low, axis) * (1 - share)
                + np.take(values, low + 1, axis) * share)
    full = along(along(planes, 64, 1), 96, 2)
    expected = full.argmax(0)
    best = np.sort(full, 0)
    clear = best[-1] - best[-2] > 1e-4   # ties are decided by the last bit
    found = segmenter.segment(window)
    np.testing.assert_array_equal(found[clear], expected[clear])
    assert clear.mean() > 0.1


def test_the_padding_of_other_proportions_is_cut_off():
    logits = np.zeros((1, 2, 16, 24), np.float32)
    logits[0, 1, :, 16:] = 1   # outside of a square sensor's content
    found = class_map(logits, Letterbox(64, 64, semantic.WIDTH, semantic.HEIGHT))
    assert found.shape == (64, 64)
    assert not found.any()


def test_nothing_is_told_from_a_window_without_events(segmenter):
    found = segmenter.segment(Window(Events.empty(), 0, 1, 20, 10))
    assert (found == NO_CLASS).all()
    assert found.shape == (10, 20)
    assert not any(segmenter.timings.values())


def test_an_answer_names_its_classes(segmenter):
    found = segmenter.answer(two_blocks(96, 64))
    np.testing.assert_array_equal(found.labels, segmenter.segment(two_blocks(96, 64)))
    assert found.names == ('ground', 'early', 'late')
    assert found.colours[1] == (255, 0, 0)
    assert len(found) == 3
    assert len(segmenter.answer(Window(Events.empty(), 0, 1, 20, 10))) == 0


def test_warming_up_leaves_nothing_behind(segmenter):
    before = segmenter.segment(two_blocks(96, 64))
    segmenter.warm_up(96, 64)
    np.testing.assert_array_equal(segmenter.segment(two_blocks(96, 64)), before)
    assert segmenter.engine_description.startswith('ONNX Runtime')


def test_a_closed_segmenter_says_so(tmp_path):
    bundle = load_semantic_bundle(semantic.write(tmp_path / 'b'))
    made = SemanticSegmenter(bundle, 'onnxruntime', 1)
    made.close()
    with pytest.raises(EngineError, match='closed'):
        made.segment(two_blocks(96, 64))


@pytest.mark.parametrize(('edit', 'says'), [
    (lambda m: m.update(task='events'), 'is for the task events'),
    (lambda m: m.update(format_version=2), 'format_version 2 is not known'),
    (lambda m: m.update(classes=['one']), 'classes must be 2 to 255'),
    (lambda m: m['colours'].pop(), 'colours must be 3 lists'),
    (lambda m: m['colours'].__setitem__(0, [0, 0, 256]), 'colours must be 3 lists'),
    (lambda m: m['input'].update(width=97), 'input.width must be a multiple of 4'),
    (lambda m: m['representation'].update(bins=5), 'bins must be 3'),
    (lambda m: m['files']['network'].update(sha256='0' * 64), 'checksum'),
    (lambda m: m['files']['network'].update(path='../network.onnx'), 'inside the bundle'),
    (lambda m: m.pop('window'), 'window is missing'),
])
def test_a_bundle_that_does_not_check_out_is_refused(tmp_path, edit, says):
    with pytest.raises(BundleError, match=says):
        load_semantic_bundle(semantic.write(tmp_path / 'b', edit))


def test_a_bundle_is_opened_by_its_task(tmp_path, tiny_bundle):
    assert isinstance(load_any(semantic.write(tmp_path / 'b')), SemanticBundle)
    assert isinstance(load_any(tiny_bundle), Bundle)
    assert load_any().manifest.task == 'events'
    with pytest.raises(BundleError, match='is for the task other'):
        load_any(semantic.write(tmp_path / 'c', lambda m: m.update(task='other')))
    with pytest.raises(BundleError, match='there is no bundle'):
        load_any(tmp_path / 'none')


def test_missing_and_broken_bundles_are_named(tmp_path):
    with pytest.raises(BundleError, match='there is no bundle at'):
        load_semantic_bundle(tmp_path / 'none')
    folder = semantic.write(tmp_path / 'b')
    (folder / 'bundle.yaml').write_text('{')
    with pytest.raises(BundleError, match='is not valid YAML'):
        load_semantic_bundle(folder / 'bundle.yaml')


def test_a_graph_of_other_classes_is_refused(tmp_path):
    bundle = load_semantic_bundle(semantic.write(tmp_path / 'b', content=semantic.graph(2)))
    with pytest.raises(BundleError, match=r'the outputs of .* must be logits \[1, 3, 16, 24\]'):
        SemanticSegmenter(bundle, 'onnxruntime', 1)
