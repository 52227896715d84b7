# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Changes of pairs against pictures of changed events."""

from dataclasses import replace

import numpy as np
import pytest

from eventsam_ros.events.tensors import NO_EVENT, robust_image
from eventsam_ros.events.types import Events, Window
from training.data.pair import UNLABELLED, padded
from training.data.sources.recordings import run_backwards
from training.data.views import (
    add_noise,
    drop_events,
    event_augment,
    reverse_time,
    scale_contrast,
    swap_polarity,
    views,
)

SPAN = 40_000_000


def window(seed, count=3000, width=48, height=36):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, SPAN, count)) + 5_000_000_000
    return Window(Events(
        rng.integers(0, width, count).astype(np.uint16),
        rng.integers(0, height, count).astype(np.uint16),
        rng.integers(0, 2, count).astype(np.uint8), t),
        5_000_000_000, 5_000_000_000 + SPAN, width, height)


def within_a_level(a, b):
    """Halves round up on both sides of grey, so a level may be off by one."""
    assert np.abs(a.astype(int) - b.astype(int)).max() <= 1


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('size', [(48, 36), (32, 24), (96, 72)])
def test_a_swapped_picture_is_that_of_swapped_events(seed, size):
    original = window(seed)
    swapped = replace(original, events=replace(original.events, p=1 - original.events.p))
    within_a_level(swap_polarity(robust_image(original, *size)), robust_image(swapped, *size))


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('size', [(48, 36), (32, 24), (96, 72)])
def test_a_reversed_picture_is_that_of_the_film_run_backwards(seed, size):
    original = window(seed)
    e = original.events
    order = np.argsort(-e.t, kind='stable')
    mirrored = replace(original, events=Events(
        e.x[order], e.y[order], 1 - e.p[order],
        original.t_start + original.t_end - e.t[order]))
    within_a_level(reverse_time(robust_image(original, *size)), robust_image(mirrored, *size))
    within_a_level(
        reverse_time(robust_image(original, *size)), robust_image(run_backwards(original), *size))


def test_a_film_run_backwards_twice_is_itself():
    original = window(1)
    again = run_backwards(run_backwards(original))
    for name in 'xypt':
        np.testing.assert_array_equal(
            getattr(again.events, name), getattr(original.events, name))
    back = run_backwards(original)
    assert (np.diff(back.events.t) >= 0).all()
    assert original.t_start <= back.events.t[0] <= back.events.t[-1] < original.t_end


@pytest.mark.parametrize('share', [0.0, 0.1, 0.5, 1.0])
def test_dropout_takes_its_share_of_pixels_and_nothing_else(share):
    picture = np.full((200, 300, 3), 200, np.uint8)
    dropped = drop_events(picture, share, np.random.default_rng(0))
    gone = (dropped == NO_EVENT).all(2)
    assert set(np.unique(dropped)) <= {NO_EVENT, 200}
    assert (dropped[~gone] == 200).all()
    # six standard deviations of a binomial share
    assert abs(gone.mean() - share) <= 6 * np.sqrt(share * (1 - share) / gone.size)


def test_noise_hits_its_share_of_pixels_in_one_bin_each():
    picture = np.full((200, 300, 3), NO_EVENT, np.uint8)
    noisy = add_noise(picture, 0.02, np.random.default_rng(0))
    hit = noisy != NO_EVENT
    assert hit.sum(2).max() == 1
    assert abs(hit.any(2).mean() - 0.02) < 6 * np.sqrt(0.02 * 0.98 / 60000)
    # bins and polarities alike
    assert np.abs(hit.mean((0, 1)) / 0.02 * 3 - 1).max() < 0.2
    assert abs((noisy > NO_EVENT).sum() / hit.sum() - 0.5) < 0.1


def test_contrast_keeps_no_event_and_stays_in_range():
    picture = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    strong = scale_contrast(picture, 1.3)[0, :, 0].astype(int)
    assert strong[128] == 128
    assert (strong[28], strong[228], strong[1], strong[255]) == (1, 255, 1, 255)
    assert strong[138] == 141


@pytest.mark.parametrize('seed', range(20))
def test_event_augmentation_repeats_and_moves_nothing(seed):
    picture = np.full((40, 60, 3), NO_EVENT, np.uint8)
    picture[10:30, 20:50] = 220
    changed = event_augment(picture, np.random.default_rng(seed))
    np.testing.assert_array_equal(changed, event_augment(picture, np.random.default_rng(seed)))
    seen = (np.abs(changed.astype(int) - NO_EVENT) > 10).any(2)
    inside = np.zeros((40, 60), bool)
    inside[10:30, 20:50] = True
    assert seen[inside].mean() > 0.4
    assert seen[~inside].mean() < 0.06


def coordinates(name, labelled=True):
    """Return a pair whose three parts all say where a pixel was."""
    y, x = np.mgrid[:48, :64]
    frame = np.stack([4 * x, 5 * y, 0 * x], -1).astype(np.uint8)
    picture = np.stack([0 * x, 4 * x, 5 * y], -1).astype(np.uint8)
    ids = np.where((x // 8 + y // 8) % 2, 1 + x // 8, 0).astype(np.uint8)
    if not labelled:
        ids[:] = UNLABELLED
    return padded(picture, frame, ids, 64, 64, name)


@pytest.mark.parametrize('version', range(1, 13))
def test_views_move_all_three_parts_alike(version):
    pair = coordinates('some pair')
    view = views(pair, version)
    assert (view.content, view.name) == (pair.content, pair.name)
    # the same place in both pictures, exactly
    np.testing.assert_array_equal(view.picture[:48, :, 1], view.frame[:48, :, 0])
    np.testing.assert_array_equal(view.picture[:48, :, 2], view.frame[:48, :, 1])
    # and in the ids, but for interpolation near the borders of cells
    x, y = view.frame[:48, :, 0] / 4, view.frame[:48, :, 1] / 5
    expected = np.where((np.rint(x) // 8 + np.rint(y) // 8) % 2, 1 + np.rint(x) // 8, 0)
    inner = (np.abs(x % 8 - 3.5) < 3) & (np.abs(y % 8 - 3.5) < 3)
    assert inner.mean() > 0.3
    np.testing.assert_array_equal(view.ids[:48][inner], expected[inner])
    # the padding stays padding
    assert (view.picture[48:] == NO_EVENT).all()
    assert (view.ids[48:] == 0).all()
    np.testing.assert_array_equal(view.frame[48:], pair.frame[48:])


def test_views_are_those_of_name_and_version():
    first = [views(coordinates('a'), k).frame for k in range(9)]
    again = [views(coordinates('a'), k).frame for k in range(9)]
    other = [views(coordinates('b'), k).frame for k in range(9)]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[0], coordinates('a').frame)
    for k in range(1, 9):
        assert (first[k] != other[k]).any()
        assert (first[k] != first[k - 1]).any()
    mirrored = [bool(f[24, 5, 0] > f[24, 60, 0]) for f in first[1:]]
    assert 0 < sum(mirrored) < len(mirrored)


def test_views_of_pairs_without_labels_have_none():
    view = views(coordinates('a', labelled=False), 3)
    assert (view.ids == UNLABELLED).all()
