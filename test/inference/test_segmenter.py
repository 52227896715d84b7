# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The whole path, with a network whose answers can be worked out (see conftest)."""

from dataclasses import replace
import os
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import pytest

from eventsam_ros.errors import BundleError
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference import AutomaticOptions, Box, Point, Prompt, Segmenter, load_bundle

WIDTH, HEIGHT = 192, 128
OPTIONS = AutomaticOptions(
    pred_iou=0.5, stability=0.5, min_area=50, min_region=50, min_events=50, min_window_events=100,
    prompts=4, max_area=1.0)


@pytest.fixture
def segmenter(tiny_bundle):
    return Segmenter(load_bundle(tiny_bundle), threads=1, options=OPTIONS)


def _window(*blobs, noise=0, seed=0):
    """Return a window with 500 events in a 20x20 patch around each (x, y), and lone noise."""
    rng = np.random.default_rng(seed)
    x = [rng.integers(bx - 10, bx + 10, 500) for bx, _ in blobs]
    y = [rng.integers(by - 10, by + 10, 500) for _, by in blobs]
    grid = rng.permutation(np.argwhere(np.ones((HEIGHT // 4, WIDTH // 4))))[:noise] * 4
    x, y = np.concatenate([*x, grid[:, 1]]), np.concatenate([*y, grid[:, 0]])
    events = Events(x.astype(np.uint16), y.astype(np.uint16),
                    rng.integers(0, 2, len(x), dtype=np.uint8),
                    np.sort(rng.integers(0, 50_000_000, len(x))))
    return Window(events, 0, 50_000_000, WIDTH, HEIGHT)


def _disc(x, y, radius):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(columns - x, rows - y) < radius


def _iou(a, b):
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


def test_click_gives_the_mask_of_the_highest_score(segmenter):
    masks = segmenter.segment(_window((50, 60)), [Prompt(points=(Point(50, 60),))])
    # Output 2, radius 24 input pixels, two sensor pixels each.
    assert _iou(masks.masks[0], _disc(50, 60, 48)) > 0.97
    assert masks.scores.tolist() == pytest.approx([0.95])
    assert masks.ids.tolist() == [1]


def test_box_gives_its_inside(segmenter):
    masks = segmenter.segment(_window((50, 60)), [Prompt(box=Box(40, 20, 140, 90))])
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[20:90, 40:140] = True
    assert _iou(masks.masks[0], expected) > 0.94
    assert np.abs(masks.boxes[0] - (40, 20, 140, 90)).max() <= 2


def test_earlier_mask_reaches_the_decoder(segmenter):
    earlier = _disc(120, 40, 30)
    masks = segmenter.segment(_window((50, 60)), [Prompt(mask=earlier)])
    assert _iou(masks.masks[0], earlier) > 0.93


def test_mixed_prompts_keep_their_order_and_ids(segmenter):
    prompts = [
        Prompt(box=Box(100, 50, 180, 120), id=40),
        Prompt(points=(Point(30, 30),)),
        Prompt(points=(Point(90, 20), Point(100, 20), Point(110, 20), Point(100, 10),
                       Point(100, 30)), id=7),
        Prompt(mask=_disc(60, 90, 20), id=1)]
    window = _window((50, 60))
    together = segmenter.segment(window, prompts)
    assert together.ids.tolist() == [40, 2, 7, 1]
    assert _iou(together.masks[2], _disc(100, 20, 48)) > 0.97
    for k, prompt in enumerate(prompts):
        alone = segmenter.segment(window, [prompt])
        np.testing.assert_array_equal(alone.masks[0], together.masks[k])


def test_prompt_outside_is_one_exact_sentence(segmenter):
    with pytest.raises(ValueError, match=r'^point of prompt 0 must lie inside the picture of '
                                         r'192x128 pixels, but got \(192, 5\)$'):
        segmenter.segment(_window((50, 60)), [Prompt(points=(Point(192, 5),))])


def test_no_prompts_is_not_automatic(segmenter):
    assert len(segmenter.segment(_window((50, 60)), [])) == 0


def test_prompts_on_a_window_without_events_give_masks_without_pixels(segmenter):
    window = Window(Events.empty(), 0, 50_000_000, WIDTH, HEIGHT)
    masks = segmenter.segment(window, [Prompt(points=(Point(5, 5),), id=9)])
    assert masks.ids.tolist() == [9]
    assert not masks.masks.any()
    assert masks.scores.tolist() == [0]
    assert segmenter.timings['encode'] == 0


def test_embedding_is_that_of_the_normalised_picture(segmenter):
    window = _window((50, 60), noise=40)
    picture = window_image(window, 'robust', 96, 64).astype(np.float64)
    normal = (picture - (128, 127, 126)) / (64, 32, 16)
    expected = normal.reshape(4, 16, 6, 16, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    np.testing.assert_allclose(segmenter.embed(window)[0], expected, atol=1e-5)


def test_embedding_is_computed_once_for_a_window(segmenter):
    window = _window((50, 60))
    embedding = segmenter.embed(window)
    segmenter.segment(window, [Prompt(points=(Point(50, 60),))])
    assert segmenter.timings['encode'] == 0
    assert segmenter.timings['decode'] > 0
    segmenter.segment(window)
    assert segmenter.timings['encode'] == 0
    assert segmenter.embed(window) is embedding
    segmenter.segment(_window((50, 60)))
    assert segmenter.timings['encode'] > 0


def test_automatic_masks_lie_over_the_events(segmenter):
    segmenter.options = replace(OPTIONS, nms_iou=0.3, containment=0.3)
    places = [(30, 30), (150, 90)]
    masks = segmenter.segment(_window(*places, noise=60))
    assert len(masks) >= 2
    for place in places:
        best = max(_iou(mask, _disc(*place, 48)) for mask in masks.masks)
        assert best > 0.5
    assert (masks.scores[:-1] >= masks.scores[1:]).all()
    assert (masks.boxes[:, 2:] > masks.boxes[:, :2]).all()


def test_noise_alone_is_an_empty_window_and_does_not_run_the_network(segmenter):
    window = _window((0, 0), noise=1500)
    lone = Window(window.events[500:], 0, 50_000_000, WIDTH, HEIGHT)
    assert len(segmenter.segment(lone)) == 0
    assert segmenter.timings['encode'] == 0
    segmenter.options = replace(OPTIONS, min_window_events=0, min_events=1)
    assert len(segmenter.segment(lone)) == 0


def test_masks_without_events_are_not_invented(segmenter):
    """The network answers every click of the grid, but events vouch for one corner only."""
    segmenter.options = replace(OPTIONS, strategy='grid', points_per_side=4, nms_iou=0.9,
                                containment=1.0, min_density=0.02)
    window = _window((30, 30))
    masks = segmenter.segment(window)
    assert len(masks) > 0
    for mask in masks.masks:
        assert mask[window.events.y, window.events.x].sum() >= 50


def test_grid_larger_than_one_decoder_call(segmenter):
    segmenter.options = replace(OPTIONS, strategy='grid', points_per_side=9, nms_iou=1.0,
                                containment=1.0, min_events=0, min_density=0.0, max_masks=1000)
    masks = segmenter.segment(_window((30, 30)))
    assert len(masks) == 9 * 9 * 4


def test_ids_stay_with_a_moving_object_and_begin_again_after_reset(segmenter):
    segmenter.options = replace(OPTIONS, prompts=1)
    ids = [segmenter.segment(_window((40 + 6 * k, 60), seed=k)).ids.tolist() for k in range(8)]
    assert ids == [[1]] * 8
    segmenter.reset()
    assert segmenter.segment(_window((150, 60))).ids.tolist() == [1]


def test_ids_survive_a_pause(segmenter):
    segmenter.options = replace(OPTIONS, prompts=1, track_memory=2)
    assert segmenter.segment(_window((40, 60))).ids.tolist() == [1]
    quiet = Window(Events.empty(), 0, 50_000_000, WIDTH, HEIGHT)
    for _ in range(2):
        assert len(segmenter.segment(quiet)) == 0
    assert segmenter.segment(_window((42, 60))).ids.tolist() == [1]
    for _ in range(3):
        segmenter.segment(quiet)
    assert segmenter.segment(_window((42, 60))).ids.tolist() == [2]


def test_same_windows_give_same_masks(tiny_bundle):
    windows = [_window((40 + 9 * k, 60), (150 - 5 * k, 100), noise=50, seed=k) for k in range(4)]
    results = []
    for _ in range(2):
        segmenter = Segmenter(load_bundle(tiny_bundle), threads=1, options=OPTIONS)
        results.append([segmenter.segment(window) for window in windows])
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one.label_image(), two.label_image())


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (346, 260), (40, 30), (1280, 720)])
def test_masks_have_the_size_of_any_sensor(segmenter, width, height):
    window = _window((30, 20))
    window = Window(window.events, 0, 50_000_000, width, height)
    segmenter.warm_up(width, height)
    for masks in (segmenter.segment(window), segmenter.segment(window, [Prompt(
            points=(Point(width - 1, height - 1),))])):
        assert masks.masks.shape[1:] == (height, width)


def test_after_warming_up_nothing_is_compiled_any_more():
    code = """
import gc
import numpy as np
from numba.core.dispatcher import Dispatcher
from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference import Point, Prompt, Segmenter, load_bundle

def compiled():
    return {(d.py_func.__module__, d.py_func.__name__, str(s))
            for d in gc.get_objects() if isinstance(d, Dispatcher) for s in d.signatures}

segmenter = Segmenter(load_bundle())
segmenter.warm_up(384, 288)
before = compiled()
rng = np.random.default_rng(0)
for _ in range(3):
    events = Events(rng.integers(0, 300, 9000).astype(np.uint16),
                    rng.integers(0, 200, 9000).astype(np.uint16),
                    rng.integers(0, 2, 9000).astype(np.uint8),
                    np.sort(rng.integers(0, 50_000_000, 9000)))
    window = Window(events, 0, 50_000_000, 640, 480)
    segmenter.segment(window)
    segmenter.segment(window, [Prompt(points=(Point(50, 60),))])
assert len(before) >= 6, before
assert compiled() == before, compiled() - before
"""
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=Path(__file__).parents[2], check=False,
        capture_output=True, text=True, env={**os.environ, 'NUMBA_DISABLE_JIT': '0'})
    assert done.returncode == 0, done.stderr


def test_bundle_of_one_output_uses_only_that(edited_bundle):
    folder = edited_bundle(lambda manifest: manifest['decoder'].update(multimask=False))
    segmenter = Segmenter(load_bundle(folder), threads=1, options=OPTIONS)
    masks = segmenter.segment(_window((50, 60)), [Prompt(points=(Point(50, 60),))])
    assert masks.scores.tolist() == pytest.approx([0.9])


def test_bundle_says_whether_the_first_or_the_best_output_answers(edited_bundle, segmenter):
    folder = edited_bundle(lambda manifest: manifest['decoder'].update(prompt_output='first'))
    first = Segmenter(load_bundle(folder), threads=1, options=OPTIONS)
    window, click = _window((50, 60)), [Prompt(points=(Point(50, 60),))]
    # 0.9 is the first output's score in the tiny bundle
    assert first.segment(window, click).scores.tolist() == pytest.approx([0.9])
    assert segmenter.segment(window, click).scores[0] >= np.float32(0.9)


def test_lone_clicks_get_the_best_alternative_and_other_prompts_the_first_output_as_in_sam(
        edited_bundle):
    folder = edited_bundle(lambda manifest: manifest['decoder'].update(prompt_output='sam'))
    segmenter = Segmenter(load_bundle(folder), threads=1, options=OPTIONS)
    click, box = Point(50, 60), Box(40, 50, 60, 70)
    prompts = [Prompt(points=(click,)), Prompt(box=box), Prompt(points=(click, click)),
               Prompt(points=(click,), box=box)]
    scores = segmenter.segment(_window((50, 60)), prompts).scores
    # outputs score 0.9, 0.8, 0.95 and 0.7 in the tiny bundle
    assert scores.tolist() == pytest.approx([0.95, 0.9, 0.9, 0.9])


def test_automatic_masks_of_sam_are_its_alternatives_only(edited_bundle):
    options = replace(OPTIONS, pred_iou=0.85)
    found = {}
    for rule in ('first', 'sam'):
        folder = edited_bundle(lambda manifest, rule=rule: (
            manifest['decoder'].update(prompt_output=rule)))
        segmenter = Segmenter(load_bundle(folder), threads=1, options=replace(
            options, nms_iou=1.0, containment=1.0))
        scores = segmenter.segment(_window((50, 60))).scores
        found[rule] = {round(float(score), 3) for score in scores}
        shutil.rmtree(folder)
    assert found == {'first': {0.9, 0.95}, 'sam': {0.95}}


def test_options_are_checked_when_set(segmenter):
    with pytest.raises(ValueError, match=r'^pred_iou must be between 0 and 1, but got 2$'):
        segmenter.options = replace(OPTIONS, pred_iou=2)
    assert segmenter.options == OPTIONS


def test_bundle_of_another_task_is_refused(edited_bundle):
    folder = edited_bundle(lambda manifest: manifest.update(task='referring'))
    with pytest.raises(BundleError, match=r'is for the task referring, but the segmenter of '
                                          r'events needs a bundle of task events$'):
        Segmenter(load_bundle(folder))


def test_timings_name_every_stage(segmenter):
    segmenter.segment(_window((50, 60)))
    assert list(segmenter.timings) == ['propose', 'tensor', 'encode', 'decode', 'post']
    assert all(value > 0 for value in segmenter.timings.values())
