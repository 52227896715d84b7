# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts that do not fit are refused in one exact sentence."""

import numpy as np
import pytest

from eventsam_ros.inference.prompts import Box, Point, Prompt, assign_ids, check_prompts

W, H = 20, 10


@pytest.mark.parametrize('prompt', [
    Prompt(points=(Point(0, 0),)),
    Prompt(points=(Point(19.4, 9.4), Point(3, 3, 0)), id=65534),
    Prompt(box=Box(-5, -5, 100, 100)),
    Prompt(box=Box(0, 0, 20, 10), points=(Point(3, 3, 0),)),
    Prompt(mask=np.eye(H, W, dtype=np.bool_)),
    Prompt(mask=np.eye(H, W, dtype=np.bool_), points=(Point(3, 3, 0),)),
])
def test_prompts_that_fit(prompt):
    check_prompts([prompt], W, H)


@pytest.mark.parametrize(('prompt', 'sentence'), [
    (Prompt(), 'prompt 0 must have a point, a box or a mask, but it is empty'),
    (Prompt(id=3), 'prompt 0 must have a point, a box or a mask, but it is empty'),
    (Prompt(points=(Point(20, 5),)),
     'point of prompt 0 must lie inside the picture of 20x10 pixels, but got (20, 5)'),
    (Prompt(points=(Point(3, 3), Point(5, -0.75))),
     'point of prompt 0 must lie inside the picture of 20x10 pixels, but got (5, -0.75)'),
    (Prompt(points=(Point(float('nan'), 5),)),
     'point of prompt 0 must lie inside the picture of 20x10 pixels, but got (nan, 5)'),
    (Prompt(points=(Point(5, 5, 2),)),
     'label of a point of prompt 0 must be 1 (object) or 0 (not object), but got 2'),
    (Prompt(points=(Point(5, 5, 0),)),
     'prompt 0 must say where the object is, but all of its points have label 0'),
    (Prompt(box=Box(5, 5, 5, 8)),
     'box of prompt 0 must have x0 < x1 and y0 < y1, but got (5, 5, 5, 8)'),
    (Prompt(box=Box(5, 5, float('inf'), 8)),
     'box of prompt 0 must have x0 < x1 and y0 < y1, but got (5, 5, inf, 8)'),
    (Prompt(box=Box(20, 5, 25, 8)),
     'box of prompt 0 must overlap the picture of 20x10 pixels, but got (20, 5, 25, 8)'),
    (Prompt(box=Box(-9, 5, 0, 8)),
     'box of prompt 0 must overlap the picture of 20x10 pixels, but got (-9, 5, 0, 8)'),
    (Prompt(mask=np.zeros((W, H), np.bool_)),
     'mask of prompt 0 must be bool with shape (10, 20), but got bool with shape (20, 10)'),
    (Prompt(mask=np.ones((H, W), np.uint8)),
     'mask of prompt 0 must be bool with shape (10, 20), but got uint8 with shape (10, 20)'),
    (Prompt(mask=np.zeros((H, W), np.bool_)),
     'mask of prompt 0 must have at least one pixel, but it is empty'),
    (Prompt(points=(Point(5, 5),), id=0), 'id of prompt 0 must be between 1 and 65534, but got 0'),
    (Prompt(points=(Point(5, 5),), id=65535),
     'id of prompt 0 must be between 1 and 65534, but got 65535'),
])
def test_prompts_that_do_not_fit(prompt, sentence):
    with pytest.raises(ValueError, match='prompt 0') as raised:
        check_prompts([prompt], W, H)
    assert str(raised.value) == sentence


def test_message_counts_prompts_from_zero():
    with pytest.raises(ValueError, match=r'^prompt 1 must have'):
        check_prompts([Prompt(points=(Point(1, 1),)), Prompt()], W, H)


def test_ids_must_be_unique():
    prompts = [Prompt(points=(Point(1, 1),), id=7), Prompt(box=Box(1, 1, 2, 2), id=7)]
    with pytest.raises(ValueError, match=r'^ids of prompts must be unique, but 7 is there twice$'):
        check_prompts(prompts, W, H)


def test_prompts_without_id_get_the_smallest_free_ones():
    wanted = [None, 2, None, 1, None]
    prompts = [Prompt(points=(Point(1, 1),), id=i) for i in wanted]
    assert assign_ids(prompts) == [3, 2, 4, 1, 5]
