# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A box as mask logits."""

import numpy as np
import pytest

from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.packing import pack_prompts
from eventsam_ros.inference.priors import BOX_GAIN, box_logits
from eventsam_ros.inference.prompts import Box, Point, Prompt


def test_logits_are_positive_inside_zero_on_the_sides_and_bounded():
    logits = box_logits((40.0, 20.0, 120.0, 60.0), 96, 72, 4)
    x, y = np.meshgrid(np.arange(96) * 4 + 2, np.arange(72) * 4 + 2)
    inside = (x > 40) & (x < 120) & (y > 20) & (y < 60)
    np.testing.assert_array_equal(logits > 0, inside)
    assert logits.max() == pytest.approx(BOX_GAIN, abs=1)
    assert logits.min() == -2 * BOX_GAIN


def test_a_box_smaller_than_a_cell_still_has_a_place():
    assert (box_logits((41.0, 21.0, 42.0, 22.0), 96, 72, 4) > 0).sum() == 1


def test_only_boxes_without_a_mask_bring_a_prior():
    letterbox = Letterbox(640, 480, 384, 288)
    mask = np.zeros((480, 640), bool)
    mask[100:200, 100:200] = True
    prompts = [Prompt(points=(Point(5, 5),)), Prompt(box=Box(100, 100, 300, 200)),
               Prompt(box=Box(100, 100, 300, 200), mask=mask)]
    call, = pack_prompts(prompts, letterbox, box_prior=True)
    assert call.has_mask.tolist() == [0, 1, 1]
    wanted = box_logits((60.0, 60.0, 180.0, 120.0), 96, 72, 4)
    np.testing.assert_allclose(call.masks[1, 0], wanted, atol=1e-4)
    assert not np.allclose(call.masks[2, 0], wanted)
    call, = pack_prompts(prompts[:2], letterbox, box_prior=False)
    assert call.has_mask.tolist() == [0]
