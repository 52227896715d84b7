# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The baselines do solve what they are made for: one clear outline on an empty background."""

import numpy as np
import pytest

from benchmarks.baselines import BOX, CLICK
from eventsam_ros.evaluation.metrics import iou
from eventsam_ros.evaluation.runs.objects import box_of, inmost_point
from eventsam_ros.events.tensors import NO_EVENT


@pytest.fixture
def scene():
    rows, columns = np.mgrid[:120, :160]
    radius = np.hypot(rows - 60, columns - 80)
    picture = np.full((120, 160, 3), NO_EVENT, np.uint8)
    picture[(radius > 28) & (radius < 31)] = 220
    return picture, radius < 30


@pytest.mark.parametrize('name', ['connected components'])
def test_a_click_in_a_clear_outline_fills_it(scene, name):
    picture, mask = scene
    assert iou(CLICK[name](picture, inmost_point(mask)), mask) > 0.85


@pytest.mark.parametrize('name', ['ellipse of the box', 'connected components', 'watershed'])
def test_a_box_around_a_clear_outline_fills_it(scene, name):
    picture, mask = scene
    assert iou(BOX[name](picture, box_of(mask)), mask) > 0.8


@pytest.mark.parametrize('method', [*CLICK.values()])
def test_an_empty_picture_is_no_error(method):
    picture = np.full((60, 80, 3), NO_EVENT, np.uint8)
    assert method(picture, (40.0, 30.0)).shape == (60, 80)


@pytest.mark.parametrize('method', [*BOX.values()])
def test_a_box_over_the_border_is_no_error(method):
    picture = np.full((60, 80, 3), NO_EVENT, np.uint8)
    assert method(picture, (60.0, 40.0, 80.0, 60.0)).shape == (60, 80)
