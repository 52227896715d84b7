# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class maps of two pictures and of one, by a bundle that can be followed by hand."""

from __future__ import annotations

from miniature import rgbt as layout
import numpy as np
import pytest

from eventsam_ros.errors import BundleError
from eventsam_ros.inference.class_maps import class_map
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.rgbt import RgbtSegmenter, network_inputs
from eventsam_ros.inference.rgbt_bundle import load_rgbt_bundle
from eventsam_ros.inference.rgbt_input import colour_input, thermal_input, thermal_levels


@pytest.fixture(scope='module')
def segmenter(tmp_path_factory):
    folder = layout.write(tmp_path_factory.mktemp('rgbt') / 'tiny')
    return RgbtSegmenter(load_rgbt_bundle(folder), 'onnxruntime', 1)


def pictures():
    """A red left half and a warm lower half, on a camera of 128 x 64 pixels."""
    rgb = np.zeros((64, 128, 3), np.uint8)
    rgb[:, :64, 0] = 200          # (200 - 100) / 50 = 2
    thermal = np.full((64, 128), 80, np.uint8)
    thermal[32:] = 160            # (160 - 120) / 40 = 1
    return rgb, thermal


def test_both_pictures_are_weighed_against_each_other(segmenter):
    rgb, thermal = pictures()
    found = segmenter.segment(rgb, thermal)
    assert found.dtype == np.uint8
    assert found.shape == (64, 128)
    # away from the borders: left is red (2 against 1 and -1), lower right warm, upper right none
    assert (found[4:28, 4:56] == 1).all()
    assert (found[36:60, 4:56] == 1).all()
    assert (found[36:60, 72:124] == 2).all()
    assert (found[4:28, 72:124] == 0).all()
    assert segmenter.sight == 'both'
    assert set(segmenter.timings) == {'tensor', 'network', 'post'}
    assert all(v > 0 for v in segmenter.timings.values())


def test_one_picture_alone_gives_its_own_classes(segmenter):
    rgb, thermal = pictures()
    alone = segmenter.segment(rgb, None)
    assert segmenter.sight == 'rgb_only'
    assert set(np.unique(alone)) == {0, 1}
    warm = segmenter.segment(None, thermal)
    assert segmenter.sight == 'thermal_only'
    assert set(np.unique(warm)) == {0, 2}
    assert (warm[36:60] == 2).all()
    with pytest.raises(ValueError, match='needs a colour picture, a thermal picture, or both'):
        segmenter.segment(None, None)


def test_the_thermal_picture_may_have_fewer_pixels(segmenter):
    rgb, thermal = pictures()
    np.testing.assert_array_equal(
        segmenter.segment(rgb, thermal[::2, ::2]), segmenter.segment(rgb, thermal))
    assert segmenter.segment(None, thermal[::2, ::2]).shape == (32, 64)


def test_other_pictures_are_told(segmenter):
    rgb, thermal = pictures()
    with pytest.raises(ValueError, match=r'same proportions, .* 128x64 and the thermal one 64x64'):
        segmenter.segment(rgb, thermal[:, :64])
    with pytest.raises(ValueError, match=r'\[height, width, 3\] of uint8, but got \[64, 128\]'):
        segmenter.segment(rgb[..., 0], thermal)
    with pytest.raises(ValueError, match=r'uint8 or uint16, but got .* of float32'):
        segmenter.segment(rgb, thermal.astype(np.float32))
    with pytest.raises(ValueError, match=r'uint8 or uint16, but got \[64\] of uint8'):
        segmenter.segment(None, thermal[:, 0])


def test_inputs_are_the_formula_and_padding_is_zero(segmenter):
    manifest = segmenter.bundle.manifest
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)   # half of the input's width
    inputs, box = network_inputs(manifest, rgb, None)
    assert box.content == (32, 32)
    expected = (rgb.astype(np.float64) - 100) / 50
    np.testing.assert_allclose(
        inputs['rgb'][0, :, :, :32], expected.transpose(2, 0, 1), atol=1e-6)
    assert not inputs['rgb'][..., 32:].any()
    assert not inputs['thermal'].any()
    assert inputs['present'].tolist() == [[1.0, 0.0]]


def test_a_class_map_is_the_largest_of_the_enlarged_logits():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1, (1, 5, 8, 16)).astype(np.float32)
    box = Letterbox(64, 32, 64, 32)
    # linear interpolation by its formula, pixel centres at half places
    def enlarged(plane):
        y = np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7)
        x = np.clip((np.arange(64) + 0.5) / 4 - 0.5, 0, 15)
        y0, x0 = np.minimum(y.astype(int), 6), np.minimum(x.astype(int), 14)
        fy, fx = (y - y0)[:, None], (x - x0)[None]
        return ((1 - fy) * ((1 - fx) * plane[np.ix_(y0, x0)] + fx * plane[np.ix_(y0, x0 + 1)])
                + fy * ((1 - fx) * plane[np.ix_(y0 + 1, x0)] + fx * plane[np.ix_(y0 + 1, x0 + 1)]))
    wanted = np.stack([enlarged(p.astype(np.float64)) for p in logits[0]]).argmax(0)
    assert np.mean(class_map(logits, box) == wanted) > 0.999   # ties to rounding


def test_raw_thermal_counts_become_grey_levels_and_holes_black():
    raw = np.linspace(20_000, 30_000, 101 * 100).reshape(101, 100).astype(np.uint16)
    raw[:5, :5] = 0
    grey = thermal_levels(raw)
    assert grey.dtype == np.uint8
    assert not grey[:5, :5].any()
    low, high = np.percentile(raw[raw > 0], [1, 99])
    expected = np.clip(255 * (raw.astype(np.float64) - low) / (high - low) + 0.5, 0, 255)
    seen = raw > 0
    assert np.abs(grey[seen] - np.floor(expected[seen])).max() <= 1
    assert not thermal_levels(np.zeros((4, 4), np.uint16)).any()
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(thermal_levels(levels), levels)


def test_smaller_pictures_are_averaged_not_skipped():
    box = Letterbox(8, 8, 4, 4)
    checks = (np.indices((8, 8)).sum(0) % 2 * 200).astype(np.uint8)
    assert np.unique(thermal_input(checks, box)).tolist() == [100]
    assert np.unique(colour_input(np.repeat(checks[..., None], 3, 2), box)).tolist() == [100]


def _set(*keys, value):
    def edit(manifest):
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value
    return edit


@pytest.mark.parametrize(('edit', 'message'), [
    (_set('task', value='events'), 'is for the task events, but one of rgbt_semantic is needed'),
    (_set('format_version', value=9), 'format_version 9 is not known'),
    (_set('classes', value=['one']), 'classes must be 2 to 255 names'),
    (_set('colours', value=[[0, 0, 0]]), 'colours must be 3 lists of red, green and blue'),
    (_set('colours', 1, value=[0, 0, 300]), 'colours must be 3 lists'),
    (_set('input', 'thermal', 'std', value=[0, 1, 1]), 'input.thermal.std must be a list of 3'),
    (_set('input', 'width', value=62), 'input.width must be a multiple of 4'),
    (_set('one_camera', value='yes'), 'one_camera must be true or false'),
    (_set('files', 'network', 'sha256', value='0' * 64), 'does not have the checksum'),
    (_set('files', 'text', 'path', value='../text.csv'), 'must lie inside the bundle folder'),
])
def test_a_manifest_that_does_not_fit_is_refused(tmp_path, edit, message):
    with pytest.raises(BundleError, match=message):
        load_rgbt_bundle(layout.write(tmp_path / 'bundle', edit))


def test_a_missing_bundle_and_another_graph_are_told(tmp_path):
    with pytest.raises(BundleError, match='there is no bundle at'):
        load_rgbt_bundle(tmp_path / 'none')
    folder = layout.write(tmp_path / 'bundle', _set('input', 'height', value=64))
    with pytest.raises(BundleError, match=r'rgb \[1, 3, 64, 64\].*as its manifest says, '
                                          r'but they are rgb \[1, 3, 32, 64\]'):
        RgbtSegmenter(load_rgbt_bundle(folder / 'bundle.yaml'), 'onnxruntime', 1)


def test_a_closed_segmenter_says_so(tmp_path):
    closed = RgbtSegmenter(load_rgbt_bundle(layout.write(tmp_path / 'b')), 'onnxruntime', 1)
    assert 'ONNX Runtime' in closed.engine_description
    closed.close()
    with pytest.raises(Exception, match='closed'):
        closed.segment(*pictures())
