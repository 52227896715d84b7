# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts become decoder arrays as training makes them."""

import numpy as np
import pytest

from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.packing import mask_logits, pack_clicks, pack_prompts
from eventsam_ros.inference.prompts import Box, Point, Prompt

VGA = Letterbox(640, 480, 384, 288)


def test_click_and_box_go_together_padded_to_four_points():
    prompts = [Prompt(points=(Point(99.5, 199.5),)), Prompt(box=Box(100, 50, 700, 400))]
    (call,) = pack_prompts(prompts, VGA)
    assert call.index.tolist() == [0, 1]
    np.testing.assert_allclose(
        call.coords[0], [[59.5, 119.5], [0, 0], [0, 0], [0, 0]], atol=1e-4)
    np.testing.assert_allclose(call.coords[1], [[60, 30], [384, 240], [0, 0], [0, 0]], atol=1e-4)
    assert call.labels.tolist() == [[1, -1, -1, -1], [2, 3, -1, -1]]
    # nobody brings a mask: one "none" serves all
    assert call.has_mask.tolist() == [0]
    assert call.masks.shape == (1, 1, 72, 96)
    assert all(v.dtype == np.float32 for v in call.inputs().values())


def test_points_come_before_the_box():
    prompt = Prompt(points=(Point(1, 1), Point(9, 9, 0)), box=Box(0, 0, 8, 8))
    (call,) = pack_prompts([prompt], VGA)
    assert call.labels.tolist() == [[1, 0, 2, 3]]


def test_long_prompts_go_with_their_like_and_none_is_lost():
    lengths = [1, 5, 2, 5, 7, 4]
    prompts = [Prompt(points=(Point(1, 1),) * n) for n in lengths]
    calls = pack_prompts(prompts, VGA)
    assert [c.coords.shape[:2] for c in calls] == [(3, 4), (2, 5), (1, 7)]
    assert sorted(np.concatenate([c.index for c in calls]).tolist()) == list(range(6))
    for call in calls:
        for place, k in enumerate(call.index):
            assert np.count_nonzero(call.labels[place] == 1) == lengths[k]


def test_points_are_padded_as_sam_pads_them():
    point, box = Point(1, 1), Box(0, 0, 8, 8)
    prompts = [Prompt(points=(point,)), Prompt(box=box), Prompt(points=(point, point)),
               Prompt(points=(point,), box=box), Prompt(points=(point,) * 5)]
    calls = pack_prompts(prompts, VGA, padding='sam')
    found = {int(k): call.labels[place].tolist()
             for call in calls for place, k in enumerate(call.index)}
    # PromptEncoder: "not a point" follows the clicks where there is no box
    assert found == {0: [1, -1], 1: [2, 3], 2: [1, 1, -1], 3: [1, 2, 3], 4: [1] * 5 + [-1]}
    assert pack_clicks(np.zeros((2, 2), np.float32), VGA, 'sam').labels.tolist() == [[1, -1]] * 2


def test_calls_are_bounded():
    calls = pack_prompts([Prompt(points=(Point(1, 1),))] * 70, VGA, batch=32)
    assert [len(call) for call in calls] == [32, 32, 6]


def test_no_prompts_no_calls():
    assert pack_prompts([], VGA) == []


def test_clicks_are_packed_like_prompts():
    points = np.array([[3, 4], [600.25, 470.5]], np.float32)
    (expected,) = pack_prompts([Prompt(points=(Point(*p.tolist()),)) for p in points], VGA)
    packed = pack_clicks(points, VGA)
    for name, value in expected.inputs().items():
        np.testing.assert_allclose(packed.inputs()[name], value, atol=1e-4)


@pytest.mark.parametrize('letterbox', [VGA, Letterbox(346, 260, 384, 288),
                                       Letterbox(1280, 720, 384, 288)])
def test_mask_becomes_logits_that_give_it_back(letterbox):
    mask = np.zeros((letterbox.height, letterbox.width), np.bool_)
    mask[40:161, 60:201] = True
    logits = mask_logits(mask, letterbox)
    assert logits.max() == pytest.approx(7.5, abs=1e-4)
    assert logits.min() == pytest.approx(-7.5, abs=1e-4)
    again = letterbox.upscale(logits)
    common = np.count_nonzero(mask & again) / np.count_nonzero(mask | again)
    assert common > 0.93


def test_mask_alone_brings_its_box_and_leaves_the_padding_empty():
    wide = Letterbox(1280, 640, 384, 288)
    mask = np.zeros((640, 1280), np.bool_)
    mask[100:200, 300:500] = True
    (call,) = pack_prompts([Prompt(mask=mask)], wide)
    assert call.has_mask.tolist() == [1]
    assert call.labels.tolist() == [[2, 3, -1, -1]]
    np.testing.assert_allclose(call.coords[0, :2], [[90, 30], [150, 60]], atol=1e-4)
    assert (call.masks[0, 0, 48:] == 0).all()
    assert (call.masks[0, 0, 8:14, 24:36] > 0).all()
