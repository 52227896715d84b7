# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sums of a window against plain loops in exact fractions, and against the window's events."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.evaluation.overlay import draw_events
from eventsam_ros.events import Events, Triggers, Window
from eventsam_ros.events.pixel_events import PixelEvents
from eventsam_ros.events.summed_window import SummedWindow, window_sums
from eventsam_ros.events.sums import FRACTION, WindowSums
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows, TriggerWindows
from eventsam_ros.inference.activity import event_activity

MS = 1_000_000
SECOND = 1000 * MS
EPOCH = 1_767_225_600_123_456_789
WIDTH, HEIGHT = 7, 5


def events_at(times, seed=0, width=WIDTH, height=HEIGHT):
    rng = np.random.default_rng(seed)
    count = len(times)
    return Events(rng.integers(0, width, count).astype(np.uint16),
                  rng.integers(0, height, count).astype(np.uint16),
                  rng.integers(0, 2, count).astype(np.uint8), np.array(times, np.int64))


def summed(events, start, end):
    window = WindowSums(start, end, WIDTH, HEIGHT)
    window.add(PixelEvents.of(events, WIDTH, HEIGHT))
    return window


def naive_bins(events, start, end):
    """Zhu et al. 2019 in exact fractions, unclipped."""
    bins = np.zeros((HEIGHT, WIDTH, 3))
    for x, y, p, t in zip(*(getattr(events, n).tolist() for n in 'xypt'), strict=True):
        tau = min(max(Fraction(2 * (t - start), max(end - start, 1)), 0), 2)
        for b in range(3):
            bins[y, x, b] += (1 if p else -1) * float(max(0, 1 - abs(b - tau)))
    return bins


@pytest.mark.parametrize('start', [0, EPOCH])
@pytest.mark.parametrize('span', [1, 999, 50 * MS, 3600 * SECOND])
def test_bins_match_the_formula(start, span):
    rng = np.random.default_rng(span % 97)
    # Also before the begin and after the end, where disorder puts some.
    t = start + rng.integers(-span // 20, span + span // 20 + 1, 2000)
    events = events_at(t)
    most = np.bincount(events.y * WIDTH + events.x).max()
    np.testing.assert_allclose(
        summed(events, start, start + span).grid(500), naive_bins(events, start, start + span),
        atol=most * 0.5 ** (FRACTION + 1) + 1e-6)


def test_counts_of_a_pixel_are_exact_however_many_there_are():
    # 63 events fill a word, 65535 would fill 16 bits.
    rng = np.random.default_rng(3)
    sums, on, off = WindowSums(0, 1000, WIDTH, HEIGHT), 0, 0
    for size in (62, 1, 1, 63, 5000, 70_000):
        p = rng.integers(0, 2, size)
        pixel = np.full(size, 17, np.uint32) | (p << 31).astype(np.uint32)
        sums.add(PixelEvents(pixel, np.full(size, 700, np.int64), WIDTH))
        on, off = on + int(p.sum()), off + size - int(p.sum())
        counts = sums.polarities()
        assert counts[2, 3].tolist() == [off, on]
        assert counts.sum() == on + off == sums.count
        # All of them at 0.4 of the second half.
        expected = np.clip([0, 0.6 * (on - off), 0.4 * (on - off)], -500, 500)
        np.testing.assert_allclose(sums.grid(500)[2, 3], expected, atol=sums.count / 2**FRACTION)
        activity = np.zeros((HEIGHT, WIDTH), np.uint8)
        sums.counts(8, activity)
        assert activity[2, 3] == activity.sum() == min(8, on + off)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999), hot=st.integers(1, 80))
def test_any_number_of_rows_may_carry(seed, hot):
    """Up to all rows of both halves, in whatever order they begin to."""
    rng, width, height = np.random.default_rng(seed), 6, 40
    line, size = rng.permutation(2 * height)[:hot], 70
    pixel = np.repeat((line % height) * width + rng.integers(0, width, hot), size)
    t = np.repeat(np.where(line < height, 100, 900), size)
    bright = rng.integers(0, 2, len(t))
    sums = WindowSums(0, 1000, width, height)
    order = rng.permutation(len(t))
    sums.add(PixelEvents((pixel | bright << 31).astype(np.uint32)[order], t[order], width))
    expected = np.zeros((height * width, 2), np.int64)
    np.add.at(expected, (pixel, bright), 1)
    assert sums.polarities().reshape(-1, 2).tolist() == expected.tolist()
    # 100 lies at 0.2 of the first half, 900 at 0.8 of the second
    bins = np.zeros((height * width, 3))
    shares = np.where(t[:, None] < 500, [0.8, 0.2, 0], [0, 0.2, 0.8])
    np.add.at(bins, pixel, np.where(bright, 1, -1)[:, None] * shares)
    np.testing.assert_allclose(
        sums.grid(500).reshape(-1, 3), bins, atol=2 * size / 2**FRACTION)
    activity = np.zeros((height, width), np.uint8)
    sums.counts(8, activity)
    assert activity.ravel().tolist() == np.minimum(expected.sum(1), 8).tolist()


def test_a_hot_pixel_of_either_half_is_clipped():
    t = np.repeat([100, 900], 200)
    events = Events(np.zeros(400, np.uint16), np.zeros(400, np.uint16),
                    np.repeat([1, 0], 200).astype(np.uint8), t)
    assert summed(events, 0, 1000).grid(8)[0, 0].tolist() == [8, 0, -8]


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 999), cuts=st.sets(st.integers(0, 3000), max_size=6))
def test_cuts_and_order_of_the_calls_do_not_matter(seed, cuts):
    events = events_at(np.random.default_rng(seed).integers(0, 50 * MS, 3000), seed)
    whole = summed(events, 0, 50 * MS)
    parts = [events[a:b] for a, b in pairwise([0, *sorted(cuts), 3000])]
    other = WindowSums(0, 50 * MS, WIDTH, HEIGHT)
    for part in reversed(parts):
        other.add(PixelEvents.of(part, WIDTH, HEIGHT))
    np.testing.assert_array_equal(whole.grid(500), other.grid(500))
    np.testing.assert_array_equal(whole.polarities(), other.polarities())


def test_a_window_of_more_than_ten_million_events():
    """More than may wait (EVENT_LIMIT): against counts and weighted counts in float64."""
    rng = np.random.default_rng(5)
    part, parts, width, height = 1_500_000, 8, 320, 240
    place = np.minimum(rng.integers(0, width * height, (2, part)).min(0) // 2, 60_000)
    p = rng.integers(0, 2, part)
    pixel = (place | p << 31).astype(np.uint32)
    within = np.sort(rng.integers(0, 6 * MS, part))
    policy, windows = PeriodWindows(48 * MS, width, height), []
    counts = np.bincount(2 * place + p, minlength=2 * width * height) * parts
    bins = np.zeros((width * height, 3))
    within[0] = 0
    for k in range(parts):
        t = within + k * 6 * MS
        windows += policy.push(PixelEvents(pixel.copy(), EPOCH + t, width))
        tau = t / (24 * MS)
        for b in range(3):
            bins[:, b] += np.bincount(
                place, (2 * p - 1) * np.maximum(0, 1 - np.abs(b - tau)), width * height)
    assert windows == []
    windows = policy.push(PixelEvents(pixel[:1], np.array([EPOCH + 48 * MS]), width))
    assert [len(window) for window in windows] == [parts * part]
    assert policy.counters['events_dropped'] == 0
    sums = window_sums(windows[0])
    np.testing.assert_array_equal(sums.polarities().reshape(-1), counts)
    most = counts.reshape(-1, 2).sum(1).max()
    np.testing.assert_allclose(
        sums.grid(500).reshape(-1, 3), np.clip(bins, -500, 500), atol=most * 0.5**(FRACTION + 1))


def test_events_by_pixel_are_the_same_events_without_those_outside():
    x, y = np.array([0, 6, 7, 3], np.uint16), np.array([0, 4, 0, 5], np.uint16)
    events = PixelEvents.of(
        Events(x, y, np.array([1, 0, 1, 1], np.uint8), np.arange(4)), WIDTH, HEIGHT)
    assert (events.x.tolist(), events.y.tolist(), events.p.tolist(), events.t.tolist()) == (
        [0, 6], [0, 4], [1, 0], [0, 1])
    assert PixelEvents.of(events, WIDTH, HEIGHT) is events
    assert len(PixelEvents.of(Events.empty(), WIDTH, HEIGHT)) == 0


def test_summed_window_says_that_its_events_are_gone():
    window = SummedWindow(0, 1, WIDTH, HEIGHT)
    assert len(window) == 0
    with pytest.raises(ValueError, match=r'not kept'):
        _ = window.events
    with pytest.raises(ValueError, match=r'^sensor size .* but got 0x4$'):
        WindowSums(0, 1, 0, 4)


def pictures(window):
    return [window_image(window, 'robust', WIDTH, HEIGHT), window_image(window, 'robust', 4, 3),
            event_activity(window), draw_events(window), window_sums(window).grid(500)]


def assert_equal(windows, others):
    assert [(w.t_start, w.t_end, len(w)) for w in windows] == [
        (w.t_start, w.t_end, len(w)) for w in others]
    for window, other in zip(windows, others, strict=True):
        for picture, expected in zip(pictures(other), pictures(window), strict=True):
            np.testing.assert_array_equal(picture, expected)


POLICIES = {
    'period': lambda: PeriodWindows(2 * MS, WIDTH, HEIGHT),
    'count': lambda: CountWindows(7, WIDTH, HEIGHT),
    'frame': lambda: FrameWindows(WIDTH, HEIGHT, 3 * MS),
    'frame to frame': lambda: FrameWindows(WIDTH, HEIGHT),
    'trigger': lambda: TriggerWindows(WIDTH, HEIGHT, 0, 'both', 5 * MS),
}
STEPS = st.lists(
    st.sampled_from([0, 0, 1000, 1000, 3000, -2000, 400_000, 3 * MS, 300 * MS, 3 * SECOND,
                     -3 * SECOND]), max_size=80)


def push_in_passing(policy, events):
    """Push, and write over what was pushed, as the next packet does."""
    part = PixelEvents.of(events, WIDTH, HEIGHT).copy()
    windows = policy.push(part)
    part.pixel[:] = 0xFFFFFFFF
    part.t[:] = -1
    return windows


def ends(policy, time):
    if isinstance(policy, FrameWindows):
        return policy.frame(time)
    if isinstance(policy, TriggerWindows):
        return policy.triggers(Triggers(
            np.array([time]), np.zeros(1, np.uint16), np.ones(1, np.uint8)))
    return []


@pytest.mark.parametrize('name', POLICIES)
@settings(deadline=None, max_examples=80)
@given(steps=STEPS, cuts=st.sets(st.integers(0, 80), max_size=6), late=st.integers(-4, 4))
def test_summed_windows_are_those_of_the_events(name, steps, cuts, late):
    """Jumps, spikes, disorder, silence and joins: the same windows, counters and pictures."""
    t = 10 * SECOND + np.cumsum([*steps, 2 * MS]).astype(np.int64)
    events = events_at(t, len(steps))
    bounds = [0, *sorted(min(cut, len(t)) for cut in cuts), len(t)]
    kept, sums = POLICIES[name](), POLICIES[name]()
    for a, b in pairwise(bounds):
        part = events[a:b]
        windows, others = kept.push(part), push_in_passing(sums, part)
        if len(part):
            end = int(t[b - 1]) + late * MS
            windows, others = windows + ends(kept, end), others + ends(sums, end)
        assert_equal(windows, others)
        assert kept.counters == sums.counters
    kept.reset()
    sums.reset()
    assert kept.counters == sums.counters


def test_a_period_of_many_events_holds_their_sums_alone():
    policy = PeriodWindows(SECOND, WIDTH, HEIGHT)
    times = np.arange(0, 900 * MS, 3000)
    for part in np.array_split(times, 50):
        policy.push(PixelEvents.of(events_at(part), WIDTH, HEIGHT))
        assert len(policy._arrivals) == 0
    window, = policy.push(PixelEvents.of(events_at([SECOND]), WIDTH, HEIGHT))
    assert len(window) == len(times)
    assert window.sums().polarities().sum() == len(times)


@pytest.mark.parametrize('kind', [Events, PixelEvents])
@pytest.mark.parametrize('name', ['period', 'count', 'frame'])
def test_thinned_windows_keep_their_share_evenly(name, kind):
    width, height, most, size = 64, 64, 4096, 16_384
    policy = {'period': PeriodWindows(MS, width, height),
              'count': CountWindows(size, width, height),
              'frame': FrameWindows(width, height, MS)}[name]
    policy.thin_to(most)
    found, fed = [], 0
    for k in range(8):
        # Row by row, as sensors read.
        t = k * MS + np.arange(size) * 61
        events = Events((np.arange(size) % width).astype(np.uint16),
                        (np.arange(size) // width % height).astype(np.uint16),
                        np.ones(size, np.uint8), t)
        found += policy.push(
            PixelEvents.of(events, width, height) if kind is PixelEvents else events)
        fed += size
        if name == 'frame':
            found += policy.frame(int(t[-1]) - 1)
    for window in found[2:]:
        assert len(window) == pytest.approx(most, rel=0.02)
        counts = window_sums(window).polarities().sum(axis=2)
        for axis in (0, 1):
            blocks = counts.sum(axis=axis).reshape(8, 8).sum(axis=1)
            np.testing.assert_allclose(blocks, blocks.mean(), rtol=0.1)
            assert counts.sum(axis=axis).min() > 0.5 * counts.sum(axis=axis).mean()
    if name == 'count':
        assert policy.counters['events_thinned'] + sum(map(len, found)) == fed
    with pytest.raises(ValueError, match=r'^events of a window must be at least 1, but got 0$'):
        policy.thin_to(0)


def test_windows_are_true_even_without_events():
    assert Window(Events.empty(), 0, 1, 4, 4)


@pytest.mark.parametrize(('rows', 'columns'), [(5, 7), (3, 4), (5, 2), (1, 7), (1, 1)])
def test_small_bins_are_averages_over_areas(rows, columns):
    rng = np.random.default_rng(rows + columns)
    events = events_at(np.sort(rng.integers(0, 50 * MS, 3000)))   # some pixels are carried over
    window = summed(events, 0, 50 * MS)
    small = np.empty((rows, columns, 3), np.float32)
    window.small_grid(8, 1.5, small)
    grid = window.grid(8).astype(float)
    for axis, (size, cells) in enumerate(((HEIGHT, rows), (WIDTH, columns))):
        edges = [Fraction(k * size, cells) for k in range(cells + 1)]
        shares = np.array([[float(max(0, min(b, i + 1) - max(a, i))) for i in range(size)]
                           for a, b in pairwise(edges)])
        grid = np.moveaxis(np.tensordot(shares, grid, (1, axis)), 0, axis)
    assert np.allclose(small, 1.5 * grid * rows * columns / (HEIGHT * WIDTH), atol=1e-5)
