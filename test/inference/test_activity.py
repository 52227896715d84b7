# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Only events with company count, and not more than eight a pixel."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference.activity import cell_events, event_activity
from eventsam_ros.inference.letterbox import Letterbox


def _window(x, y, width, height):
    x, y = np.asarray(x, np.uint16), np.asarray(y, np.uint16)
    polarity, time = np.ones(len(x), np.uint8), np.arange(len(x), dtype=np.int64)
    return Window(Events(x, y, polarity, time), 0, len(x) + 1, width, height)


@given(st.integers(0, 10_000), st.integers(0, 300))
def test_equals_a_naive_loop(seed, count):
    rng = np.random.default_rng(seed)
    # Some lie outside the sensor of 13x9 pixels.
    x, y = rng.integers(0, 15, count) ** 2 // 14, rng.integers(0, 11, count)
    counts = {}
    for place in zip(x.tolist(), y.tolist(), strict=True):
        if place[0] < 13 and place[1] < 9:
            counts[place] = counts.get(place, 0) + 1
    expected = np.zeros((9, 13), np.uint8)
    for (column, row), number in counts.items():
        near = [(column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
        if any(place in counts for place in near):
            expected[row, column] = min(number, 8)
    activity = event_activity(_window(x, y, 13, 9))
    assert activity.dtype == np.uint8
    np.testing.assert_array_equal(activity, expected)


def test_a_hot_pixel_counts_nothing_and_an_edge_counts_all():
    hot = _window([5] * 10_000, [5] * 10_000, 64, 48)
    assert event_activity(hot).sum() == 0
    edge = _window(np.full(40, 20), np.arange(40), 64, 48)
    assert event_activity(edge).sum() == 40


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (346, 260), (1280, 720), (40, 30)])
def test_cells_share_out_all_events(width, height):
    rng = np.random.default_rng(4)
    activity = rng.integers(0, 9, (height, width)).astype(np.uint8)
    letterbox = Letterbox(width, height, 384, 288)
    cells = cell_events(activity, letterbox)
    assert cells.shape == letterbox.cells[::-1]
    assert cells.sum() == pytest.approx(activity.sum(), rel=1e-5)


def test_whole_cells_equal_block_sums():
    rng = np.random.default_rng(5)
    activity = rng.integers(0, 9, (288, 384)).astype(np.uint8)
    cells = cell_events(activity, Letterbox(384, 288, 384, 288))
    expected = activity.reshape(72, 4, 96, 4).sum(axis=(1, 3))
    np.testing.assert_allclose(cells, expected, rtol=1e-5)


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (346, 260), (1280, 720), (40, 30)])
def test_cells_equal_an_area_average(width, height):
    activity = np.random.default_rng(6).integers(0, 9, (height, width)).astype(np.uint8)
    letterbox = Letterbox(width, height, 384, 288)
    columns, rows = letterbox.cells
    share = [
        np.clip(np.minimum(np.arange(n)[None] + 1, (np.arange(m)[:, None] + 1) * n / m)
                - np.maximum(np.arange(n)[None], np.arange(m)[:, None] * n / m), 0, None)
        for n, m in ((height, rows), (width, columns))]
    expected = share[0] @ activity @ share[1].T
    np.testing.assert_allclose(cell_events(activity, letterbox), expected, rtol=1e-4)
