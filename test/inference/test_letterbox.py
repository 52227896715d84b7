# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sensor pixels, network input and low-resolution cells agree with each other."""

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.inference.letterbox import Letterbox

SENSORS = [(640, 480), (346, 260), (1280, 720), (304, 240), (240, 180), (128, 128), (640, 97)]


@pytest.mark.parametrize(('width', 'height'), SENSORS)
def test_content_fills_one_side_and_keeps_the_aspect_within_half_a_cell(width, height):
    box = Letterbox(width, height, 384, 288)
    columns, rows = box.content
    assert columns == 384 or rows == 288
    scale = min(384 / width, 288 / height)
    assert abs(columns - width * scale) <= 2
    assert abs(rows - height * scale) <= 2
    assert (columns // 4, rows // 4) == box.cells


def test_vga_is_scaled_exactly():
    box = Letterbox(640, 480, 384, 288)
    assert box.content == (384, 288)
    assert box.scale == (0.6, 0.6)
    assert box.cell_area == pytest.approx((640 / 96) ** 2)


@pytest.mark.parametrize(('width', 'height'), SENSORS)
def test_corners_of_the_picture_stay_corners(width, height):
    box = Letterbox(width, height, 384, 288)
    columns, rows = box.content
    assert box.pixels_to_input(-0.5, -0.5) == pytest.approx((-0.5, -0.5))
    assert box.pixels_to_input(width - 0.5, height - 0.5) == pytest.approx(
        (columns - 0.5, rows - 0.5))


@pytest.mark.parametrize(('width', 'height'), SENSORS)
def test_cell_centres_come_back_through_the_input(width, height):
    box = Letterbox(width, height, 384, 288)
    columns, rows = box.cells
    cells = np.array([[1, 1], [columns // 2, rows // 3], [columns - 2, rows - 2]], np.float32)
    for cell, pixel in zip(cells, box.cells_to_pixels(cells), strict=True):
        assert box.pixels_to_input(*pixel) == pytest.approx(cell * 4 + 1.5, abs=1e-3)


def test_cells_never_leave_the_sensor():
    box = Letterbox(16, 12, 384, 288)
    pixels = box.cells_to_pixels(np.array([[0, 0], [95, 71]], np.float32))
    assert pixels.tolist() == [[0, 0], [15, 11]]


def test_tensor_equals_a_naive_loop():
    rng = np.random.default_rng(2)
    box = Letterbox(30, 60, 64, 48)
    columns, rows = box.content
    assert (columns, rows) == (24, 48)
    picture = rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    mean, std = (100.0, 128.0, 5.0), (50.0, 2.0, 1.0)
    tensor = box.tensor(picture, mean, std)
    assert tensor.shape == (1, 3, 48, 64)
    assert tensor.dtype == np.float32
    for c in range(3):
        for y in range(48):
            for x in range(64):
                value = int(picture[y, x, c]) if y < rows and x < columns else 128
                assert tensor[0, c, y, x] == pytest.approx((value - mean[c]) / std[c], abs=1e-5)


def test_zeros_surround_the_picture_where_the_bundle_says_so():
    rng = np.random.default_rng(3)
    box = Letterbox(30, 60, 64, 48)
    picture = rng.integers(0, 256, (48, 24, 3), dtype=np.uint8)
    mean, std = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    normalised = (picture.transpose(2, 0, 1) - np.reshape(mean, (3, 1, 1))) / np.reshape(
        std, (3, 1, 1))
    expected = np.pad(normalised, ((0, 0), (0, 0), (0, 40)))
    np.testing.assert_allclose(box.tensor(picture, mean, std, 'zero')[0], expected, atol=1e-5)


def test_picture_of_another_size_is_refused():
    box = Letterbox(640, 480, 384, 288)
    with pytest.raises(ValueError, match=r'have shape \(288, 384, 3\), but got \(480, 640'):
        box.tensor(np.zeros((480, 640, 3), np.uint8), (0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (346, 260), (640, 97)])
def test_upscaled_mask_is_what_sam_gets_in_two_steps(width, height):
    """SAM upscales to the input, cuts the padding off and resizes to the original size."""
    rng = np.random.default_rng(3)
    box = Letterbox(width, height, 384, 288)
    coarse = rng.normal(size=(1, 5, 6)).astype(np.float32)
    low_res = cv2.resize(coarse[0], (96, 72), interpolation=cv2.INTER_CUBIC)
    columns, rows = box.content
    at_input = cv2.resize(low_res, (384, 288), interpolation=cv2.INTER_LINEAR)
    expected = cv2.resize(at_input[:rows, :columns], (width, height)) > 0
    mask = box.upscale(box.cut(low_res))
    assert mask.dtype == np.bool_
    assert mask.shape == (height, width)
    assert np.mean(mask != expected) < 0.01


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 9999), width=st.integers(1, 90), height=st.integers(1, 90),
       above=st.floats(-2, 2))
def test_upscaled_logits_are_interpolated_linearly(seed, width, height, above):
    box = Letterbox(width, height, 64, 48)
    columns, rows = box.cells
    logits = np.random.default_rng(seed).normal(above, 1, (rows, columns)).astype(np.float32)
    level = cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR)
    wrong = box.upscale(logits) != (level > 0)
    assert np.abs(level[wrong]).max(initial=0) < 1e-5


@pytest.mark.parametrize(('sizes', 'sentence'), [
    ((0, 480, 384, 288), 'sensor size must be at least 1x1, but got 0x480'),
    ((640, 480, 382, 288), 'input size must be a multiple of 4, but got 382x288'),
    ((640, 480, 0, 288), 'input size must be a multiple of 4, but got 0x288'),
])
def test_sizes_that_cannot_be(sizes, sentence):
    with pytest.raises(ValueError, match=f'^{sentence}$'):
        Letterbox(*sizes)
