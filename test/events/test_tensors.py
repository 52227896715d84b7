# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of events against plain loops in float64, and what they promise to networks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from eventsam_ros.events import Events, Window
from eventsam_ros.events.tensors import (
    HALF_LEVEL,
    NO_EVENT,
    PIXEL_LIMIT,
    REPRESENTATIONS,
    eventsam_image,
    robust_image,
    voxel_grid,
    window_image,
)

MS = 1_000_000
EPOCH = 1_767_225_600_123_456_789   # beyond 2**60: float64 steps by 256 ns here


def random_events(count, width, height, start=EPOCH, span=50 * MS, seed=0):
    rng = np.random.default_rng(seed)
    return Events(
        rng.integers(0, width, count).astype(np.uint16),
        rng.integers(0, height, count).astype(np.uint16),
        rng.integers(0, 2, count).astype(np.uint8),
        start + np.sort(rng.integers(0, span, count)))


def naive_grid(events, width, height, t_first, t_last):
    """Zhu et al. 2019: p * max(0, 1 - |b - tau|), tau in exact fractions."""
    grid = np.zeros((3, height, width))
    for x, y, p, t in zip(*(getattr(events, n).tolist() for n in 'xypt'), strict=True):
        if x >= width or y >= height:
            continue
        tau = float(min(max(Fraction(2 * (t - t_first), max(t_last - t_first, 1)), 0), 2))
        for b in range(3):
            grid[b, y, x] += (1 if p else -1) * max(0.0, 1 - abs(b - tau))
    return grid


def naive_eventsam(events, width, height):
    grid = naive_grid(events, width, height, int(events.t[0]), int(events.t[-1]))
    scaled = np.floor(255 * (grid - grid.min()) / (grid.max() - grid.min()))
    return scaled.transpose(1, 2, 0)


def naive_shades(grid):
    """The robust picture's last step, pixel by pixel."""
    sizes = [abs(v) for v in grid.reshape(-1).tolist() if abs(v) > 1e-3]
    level = max(HALF_LEVEL, sum(sizes) / len(sizes)) if sizes else HALF_LEVEL
    shades = [round(128 + 127 * v / (abs(v) + level)) for v in grid.reshape(-1).tolist()]
    return np.array(shades).reshape(grid.shape).transpose(1, 2, 0)


def naive_robust(window):
    grid = naive_grid(window.events, window.width, window.height, window.t_start, window.t_end)
    return naive_shades(np.clip(grid, -PIXEL_LIMIT, PIXEL_LIMIT))


def agree(picture, expected):
    """Rounding differs between float32 and float64 only where a value lies on the edge."""
    difference = np.abs(picture.astype(int) - expected.astype(int))
    return picture.dtype == np.uint8 and difference.max() <= 1 and np.mean(difference > 0) < 0.01


@pytest.mark.parametrize('start', [0, EPOCH])
@pytest.mark.parametrize('count', [1, 2, 500, 20_000])
def test_grid_matches_the_formula(start, count):
    events = random_events(count, 40, 30, start)
    grid = voxel_grid(events, 40, 30, start, start + 50 * MS)
    assert grid.dtype == np.float32
    np.testing.assert_allclose(
        grid, naive_grid(events, 40, 30, start, start + 50 * MS), atol=1e-4)


def test_nanoseconds_since_the_epoch_keep_their_precision():
    # Two windows of 1 µs: rounding to float64 first would move an event by a quarter of them.
    times = EPOCH + np.arange(0, 1001, 50)
    x = np.arange(len(times)).astype(np.uint16)
    events = Events(x, np.zeros_like(x), np.ones(len(x), np.uint8), times)
    grid = voxel_grid(events, len(x), 1, EPOCH, EPOCH + 1000)
    assert grid[1, 0] == pytest.approx(1 - np.abs(1 - np.arange(0, 1001, 50) / 500), abs=1e-6)


def test_events_out_of_the_bounds_count_at_the_nearest_end_and_out_of_the_sensor_not_at_all():
    events = Events(
        np.array([0, 1, 2, 0], np.uint16), np.array([0, 0, 0, 1], np.uint16),
        np.ones(4, np.uint8), np.array([-500, 5000, 10, 10]))
    grid = voxel_grid(events, 2, 1, 0, 1000)
    assert grid[:, 0, :].tolist() == [[1, 0], [0, 0], [0, 1]]


@pytest.mark.parametrize('count', [2, 500, 20_000])
def test_eventsam_picture_matches_the_formula(count):
    events = random_events(count, 40, 30)
    assert agree(eventsam_image(events, 40, 30), naive_eventsam(events, 40, 30))


def test_eventsam_picture_spans_the_whole_scale():
    picture = eventsam_image(random_events(500, 40, 30), 40, 30)
    assert (picture.min(), picture.max()) == (0, 255)


@pytest.mark.parametrize('count', [1, 2, 500, 20_000])
def test_robust_picture_matches_the_formula(count):
    window = Window(random_events(count, 40, 30), EPOCH, EPOCH + 50 * MS, 40, 30)
    assert agree(robust_image(window, 40, 30), naive_robust(window))


def test_robust_picture_has_the_window_and_not_its_events_as_time_base():
    event = Events(
        np.array([3], np.uint16), np.array([2], np.uint16), np.ones(1, np.uint8),
        np.array([EPOCH + 25 * MS]))
    picture = robust_image(Window(event, EPOCH, EPOCH + 50 * MS, 8, 4), 8, 4)
    assert picture[2, 3].tolist() == [128, 170, 128]   # 128 + 127 * 1 / (1 + 2)


@pytest.mark.parametrize('scale', [1, 0.5, 2])
@pytest.mark.parametrize('seed', [0, 1])
def test_no_event_is_one_constant_level_whatever_happens_elsewhere(scale, seed):
    events = random_events(3000, 32, 64, seed=seed)
    window = Window(events, EPOCH, EPOCH + 50 * MS, 64, 64)
    size = int(64 * scale)
    picture = robust_image(window, size, size)
    assert np.all(picture[:, size // 2 + 2:] == NO_EVENT)
    assert np.any(picture[:, :size // 2 - 2] != NO_EVENT)


def edges_with_hot_pixel(share):
    """Return a window of events along a moving edge, with one pixel that fires by itself."""
    rng = np.random.default_rng(5)
    count = 20_000
    t = np.sort(rng.integers(0, 50 * MS, count))
    x = (10 + t * 30 // (50 * MS) + rng.integers(0, 3, count)).astype(np.uint16)
    y = rng.integers(0, 60, count).astype(np.uint16)
    p = np.ones(count, np.uint8)
    hot = rng.random(count) < share
    x[hot], y[hot] = 70, 30
    return Window(Events(x, y, p, t), 0, 50 * MS, 80, 60)


def test_hot_pixel_with_three_percent_of_the_events_hardly_changes_the_others():
    others = np.ones((60, 80), bool)
    others[30, 70] = False
    hot, clean = edges_with_hot_pixel(0.03), edges_with_hot_pixel(0)
    # The same events but for those of the hot pixel.
    keep = ~((hot.events.x == 70) & (hot.events.y == 30))
    without = Window(clean.events[keep], 0, 50 * MS, 80, 60)

    def change(representation):
        pictures = [window_image(w, representation, 80, 60) for w in (hot, without)]
        return np.abs(pictures[0].astype(int) - pictures[1].astype(int))[others]

    assert change('robust').max() <= 1
    # What the robust picture is for.
    assert change('eventsam').max() > 50


def test_polarity_is_the_sign_and_mirrors_the_picture():
    events = random_events(2000, 40, 30)
    mirrored = Events(events.x, events.y, 1 - events.p, events.t)
    up, down = (
        robust_image(Window(e, EPOCH, EPOCH + 50 * MS, 40, 30), 40, 30).astype(int)
        for e in (events, mirrored))
    assert np.abs(up + down - 2 * NO_EVENT).max() <= 1
    assert up.min() >= 1


def test_thin_line_keeps_its_contrast_when_the_picture_is_halved():
    height, per_pixel = 64, 4
    y = np.repeat(np.arange(height), per_pixel).astype(np.uint16)
    events = Events(
        np.full(len(y), 20, np.uint16), y, np.ones(len(y), np.uint8),
        np.zeros(len(y), np.int64))
    window = Window(events, 0, MS, 64, 64)
    full, half = robust_image(window, 64, 64), robust_image(window, 32, 32)
    assert np.all(full[:, 20, 0] == half[0, 10, 0])
    assert np.all(half[:, 10, 0] == half[0, 10, 0])


@pytest.mark.parametrize('size', [(20, 15), (80, 60), (33, 47), (1, 1), (64, 20)])
@pytest.mark.parametrize('representation', REPRESENTATIONS)
def test_pictures_have_the_size_that_was_asked_for(representation, size):
    window = Window(random_events(500, 40, 30), EPOCH, EPOCH + 50 * MS, 40, 30)
    picture = window_image(window, representation, *size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous


def test_halved_robust_picture_is_the_area_mean_doubled():
    window = Window(random_events(5000, 40, 30), EPOCH, EPOCH + 50 * MS, 40, 30)
    grid = np.clip(
        naive_grid(window.events, 40, 30, EPOCH, EPOCH + 50 * MS), -PIXEL_LIMIT, PIXEL_LIMIT)
    halved = grid.reshape(3, 15, 2, 20, 2).mean(axis=(2, 4)) * 2
    assert agree(robust_image(window, 20, 15), naive_shades(halved))


@pytest.mark.parametrize('size', [(24, 18), (17, 29), (39, 30), (40, 7), (1, 1)])
def test_any_smaller_robust_picture_is_the_area_mean(size):
    window = Window(random_events(5000, 40, 30), EPOCH, EPOCH + 50 * MS, 40, 30)
    grid = np.clip(
        naive_grid(window.events, 40, 30, EPOCH, EPOCH + 50 * MS), -PIXEL_LIMIT, PIXEL_LIMIT)

    def shares(pixels, parts):
        """Return how much of each pixel lies in each part, [parts, pixels]."""
        edges = np.arange(parts + 1) * pixels / parts
        low, high = np.arange(pixels), np.arange(pixels) + 1
        inside = np.minimum(high, edges[1:, None]) - np.maximum(low, edges[:-1, None])
        return np.clip(inside, 0, None) * parts / pixels

    width, height = size
    small = shares(30, height) @ grid @ shares(40, width).T
    assert agree(robust_image(window, width, height),
                 naive_shades(small * max(40 / width, 30 / height)))


def test_windows_without_events_are_plain():
    window = Window(Events.empty(), 0, 50 * MS, 40, 30)
    assert np.all(window_image(window, 'robust', 20, 15) == NO_EVENT)
    assert np.all(window_image(window, 'eventsam', 20, 15) == 0)
    outside = Events(
        np.array([99], np.uint16), np.array([99], np.uint16), np.ones(1, np.uint8),
        np.zeros(1, np.int64))
    assert np.all(eventsam_image(outside, 40, 30) == 0)


def test_one_event_makes_a_picture_of_either_kind():
    event = Events(
        np.array([3], np.uint16), np.array([2], np.uint16), np.zeros(1, np.uint8),
        np.array([EPOCH]))
    window = Window(event, EPOCH, EPOCH, 8, 4)
    # OFF at the very start: all of it in bin 0.
    assert window_image(window, 'robust', 8, 4)[2, 3].tolist() == [86, 128, 128]
    assert window_image(window, 'eventsam', 8, 4)[2, 3].tolist() == [0, 255, 255]


@pytest.mark.parametrize(('make', 'sentence'), [
    (lambda: voxel_grid(Events.empty(), 0, 4, 0, 1), '^sensor size .* but got 0x4$'),
    (lambda: robust_image(Window(Events.empty(), 0, 1, 4, 4), 0, 4), '^picture size .* 0x4$'),
    (lambda: window_image(Window(Events.empty(), 0, 1, 4, 4), 'histogram', 4, 4),
     "^representation must be one of robust, eventsam, but got 'histogram'$"),
    (lambda: window_image(Window(Events.empty(), 0, 1, 4, 4), 'eventsam', 0, 4),
     '^picture size .* 0x4$'),
])
def test_impossible_pictures_are_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
