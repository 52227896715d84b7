# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Class maps of panoramas: their edges agree, whatever the size; bundles that are refused."""

from __future__ import annotations

from miniature import panoramic as layout
import numpy as np
import pytest

from eventsam_ros.errors import BundleError
from eventsam_ros.inference.circle import Circle, wrapped
from eventsam_ros.inference.class_votes import NO_CLASS
from eventsam_ros.inference.opening import load_any
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.panoramic_bundle import PanoramicBundle, load_panoramic_bundle


@pytest.fixture(scope='module')
def segmenter(tmp_path_factory):
    folder = layout.write(tmp_path_factory.mktemp('bundles') / 'tiny')
    made = PanoramicSegmenter(load_panoramic_bundle(folder), 'onnxruntime', 1)
    yield made
    made.close()


def panorama(width, height, seed=0):
    """Red and blue patches that are smooth all around."""
    rng = np.random.default_rng(seed)
    angle = np.arange(width) / width * 2 * np.pi
    down = np.linspace(0, 3, height)[:, None]
    waves = [128 + 90 * np.sin(k * angle + phase + turn * down)
             for k, phase, turn in ((3, rng.uniform(0, 6), 1.0), (2, rng.uniform(0, 6), 0.5),
                                    (4, rng.uniform(0, 6), 0.7))]
    return np.stack([np.broadcast_to(w, (height, width)) for w in waves], -1).astype(np.uint8)


def around(values, size):
    """Interpolate linearly around the circle along the last axis, in float64."""
    place = (np.arange(size) + 0.5) * values.shape[-1] / size - 0.5
    low = np.floor(place).astype(int)
    share = place - low
    count = values.shape[-1]
    return values[..., low % count] * (1 - share) + values[..., (low + 1) % count] * share


def down(values, size):
    place = np.clip((np.arange(size) + 0.5) * values.shape[-1] / size - 0.5, 0,
                    values.shape[-1] - 1)
    low = np.minimum(place.astype(int), values.shape[-1] - 2)
    return values[..., low] * (1 - (place - low)) + values[..., low + 1] * (place - low)


def expected(picture):
    """Work out in float64 what a picture of a whole multiple of the input's size gives."""
    rows, columns = layout.HEIGHT // 4, layout.WIDTH // 4
    height, width = picture.shape[:2]
    scale = (height // layout.HEIGHT, width // layout.WIDTH)
    small = np.round(picture.astype(np.float64).reshape(
        layout.HEIGHT, scale[0], layout.WIDTH, scale[1], 3).mean((1, 3)))
    cells = ((small - layout.MEAN) / layout.STD).reshape(rows, 4, columns, 4, 3).mean((1, 3))
    cells = (np.roll(cells, 1, 1) + cells + np.roll(cells, -1, 1)) / 3
    planes = np.stack([np.zeros((rows, columns)), cells[..., 0], cells[..., 2]])
    full = np.swapaxes(down(np.swapaxes(around(planes, width), 1, 2), height), 1, 2)
    return full.argmax(0), np.sort(full, 0)


@pytest.mark.parametrize('scale', [1, 2, 5])
def test_every_pixel_has_the_class_of_a_network_without_edges(segmenter, scale):
    picture = panorama(scale * layout.WIDTH, scale * layout.HEIGHT)
    found = segmenter.segment(picture)
    assert found.dtype == np.uint8
    assert found.shape == picture.shape[:2]
    wanted, levels = expected(picture)
    clear = levels[-1] - levels[-2] > 0.03   # rounding of grey levels decides closer ones
    assert clear.mean() > 0.9
    assert len(np.unique(wanted[clear])) == 3
    np.testing.assert_array_equal(found[clear], wanted[clear])
    assert all(value > 0 for value in segmenter.timings.values())


@pytest.mark.parametrize('width', [64, 128, 50, 200, 90])
def test_rolling_the_panorama_rolls_the_answer(segmenter, width):
    """Exactly by whole cells; by others a border moves by less than a cell."""
    picture = panorama(width, width // 2, 3)
    found = segmenter.segment(picture)
    for columns in (1, 7, width // 4, width // 2, width - 3):
        rolled = segmenter.segment(np.roll(picture, columns, 1))
        differing = (rolled != np.roll(found, columns, 1)).mean()
        whole = columns * layout.WIDTH / width % 4 == 0
        assert differing <= (0 if whole else 0.05), (width, columns, differing)


def test_without_wrapping_the_edges_disagree(tmp_path):
    """By hand: the last cell is red only if it sees its red neighbour, the first one."""
    picture = np.full((32, 64, 3), (109, 100, 130), np.uint8)
    picture[:, :4] = (255, 100, 120)
    found = {}
    for wrap in (0, 8):
        made = PanoramicSegmenter(load_panoramic_bundle(
            layout.write(tmp_path / str(wrap), wrap=wrap)), 'onnxruntime', 1)
        found[wrap] = made.segment(picture)
        made.close()
    last = slice(60, 62)   # nearer to the middle of the last cell than to any other
    assert (found[0][:, last] == 2).all()
    assert (found[8][:, last] == 1).all()
    np.testing.assert_array_equal(found[0][:, 8:56], found[8][:, 8:56])


def test_a_flat_panorama_lies_in_the_middle_and_a_high_one_is_seen_in_the_middle(segmenter):
    flat = np.full((100, 512, 3), 100, np.uint8)
    flat[..., 0] = 200
    found = segmenter.segment(flat)
    assert found.shape == (100, 512)
    assert (found == 1).all()
    circle = Circle(512, 100, 64, 32, 8)
    assert circle.filled == (8, 12)   # 12.5 rows, the nearest multiple of 4 around the middle
    high = np.full((96, 96, 3), 100, np.uint8)
    high[..., 2] = 200
    found = segmenter.segment(high)
    assert Circle(96, 96, 64, 32, 8).seen == (24, 48)
    assert (found[24:72] == 2).all()
    assert (np.delete(found, range(24, 72), 0) == NO_CLASS).all()


def test_the_input_is_the_normalised_panorama_wrapped_around():
    picture = panorama(64, 32)
    made = Circle(64, 32, 64, 32, 8).tensor(picture, layout.MEAN, layout.STD)
    plain = (picture.astype(np.float64) - layout.MEAN) / layout.STD
    columns = [k % 64 for k in range(-8, 72)]
    np.testing.assert_allclose(made[0], np.moveaxis(plain[:, columns], -1, 0), atol=1e-5)


def test_wrapping_is_what_torch_calls_circular():
    torch = pytest.importorskip('torch', reason='torch is for training only')
    values = np.random.default_rng(0).standard_normal((2, 3, 5, 12)).astype(np.float32)
    for columns in (0, 4, 12):
        theirs = torch.nn.functional.pad(
            torch.from_numpy(values), (columns, columns, 0, 0), mode='circular')
        np.testing.assert_array_equal(wrapped(values, columns), theirs.numpy())
    with pytest.raises(ValueError, match='columns must be 0 to 12, but got 13'):
        wrapped(values, 13)


@pytest.mark.parametrize('picture', [
    np.zeros((4, 8), np.uint8), np.zeros((4, 8, 4), np.uint8), np.zeros((4, 8, 3), np.float32),
    np.zeros((0, 8, 3), np.uint8)])
def test_what_is_no_panorama_is_refused(segmenter, picture):
    with pytest.raises(ValueError, match='a panorama must be '):
        segmenter.segment(picture)


@pytest.mark.parametrize(('edit', 'says'), [
    (lambda m: m.update(task='events'), 'is for the task events'),
    (lambda m: m['input'].update(wrap=6), 'input.wrap must be a multiple of 4 from 0'),
    (lambda m: m['input'].update(wrap=68), 'input.wrap must be a multiple of 4 from 0'),
    (lambda m: m['input'].update(wrap=True), 'input.wrap must be a multiple of 4 from 0'),
    (lambda m: m['input'].pop('wrap'), 'input.wrap is missing'),
    (lambda m: m['input'].update(height=30), 'input.height must be a multiple of 4'),
    (lambda m: m.update(classes=['one']), 'classes must be 2 to 255'),
    (lambda m: m['files']['network'].update(sha256='0' * 64), 'checksum'),
])
def test_a_bundle_that_does_not_check_out_is_refused(tmp_path, edit, says):
    with pytest.raises(BundleError, match=says):
        load_panoramic_bundle(layout.write(tmp_path / 'b', edit))


def test_a_bundle_is_opened_by_its_task_and_answers_with_names(tmp_path):
    bundle = load_any(layout.write(tmp_path / 'b'))
    assert isinstance(bundle, PanoramicBundle)
    segmenter = PanoramicSegmenter(bundle, 'onnxruntime', 1)
    segmenter.warm_up(64, 32)
    found = segmenter.answer(panorama(64, 32))
    segmenter.close()
    assert found.names == layout.CLASSES
    assert len(found) == 3


def test_a_graph_of_another_wrap_is_refused(tmp_path):
    folder = layout.write(tmp_path / 'b', lambda m: m['input'].update(wrap=4))
    with pytest.raises(BundleError, match=r'image \[1, 3, 32, 72\] as its manifest says, but '
                                          r'they are image \[1, 3, 32, 80\]'):
        PanoramicSegmenter(load_panoramic_bundle(folder), 'onnxruntime', 1)
