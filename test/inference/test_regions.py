# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Holes and islands go, everything else stays."""

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np

from eventsam_ros.inference.regions import clean_logits


def _components(mask):
    """Return the 8-connected components of a mask as sets of pixels, by flood fill."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    found = []
    while left:
        stack = [left.pop()]
        component = set(stack)
        while stack:
            y, x = stack.pop()
            for near in [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]:
                if near in left:
                    left.remove(near)
                    component.add(near)
                    stack.append(near)
        found.append(component)
    return found


def _naive(mask, least):
    """Return SAM's remove_small_regions: holes first, then islands but for the largest."""
    mask = mask.copy()
    for hole in _components(~mask):
        if len(hole) < least:
            mask[tuple(zip(*hole, strict=True))] = True
    islands = _components(mask)
    for island in islands:
        if len(island) < least and len(island) < max(map(len, islands)):
            mask[tuple(zip(*island, strict=True))] = False
    return mask


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000), st.integers(2, 12))
def test_equals_flood_fill(seed, least):
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.normal(size=(14, 17)).astype(np.float32), (0, 0), 0.8)
    mask, expected = clean_logits(smooth, least) > 0, _naive(smooth > 0, least)
    different = mask != expected
    # Of several largest islands either may be the one that stays.
    if different.any():
        sizes = [len(c) for c in _components(mask)] + [len(c) for c in _components(expected)]
        assert max(sizes) < least
        assert mask.sum() == expected.sum()


def test_a_removed_island_leaves_nothing_after_upscaling():
    logits = np.full((20, 20), -3, np.float32)
    logits[2:10, 2:10] = 5
    logits[15:17, 15:17] = 9
    full = cv2.resize(clean_logits(logits, 10), (133, 133), interpolation=cv2.INTER_LINEAR)
    assert len(_components(full > 0)) == 1
    assert not (full[80:] > 0).any()


def test_a_filled_hole_is_full_after_upscaling():
    logits = np.full((20, 20), 4, np.float32)
    logits[0] = logits[-1] = -4
    logits[8:10, 8:10] = -7
    full = cv2.resize(clean_logits(logits, 10), (133, 133), interpolation=cv2.INTER_LINEAR)
    assert (full[20:110] > 0).all()


def test_the_only_island_stays_however_small():
    logits = np.full((8, 8), -1, np.float32)
    logits[3, 3] = 1
    assert clean_logits(logits, 10)[3, 3] > 0


def test_nothing_to_do_copies_nothing():
    logits = np.ones((8, 8), np.float32)
    assert clean_logits(logits, 10) is logits
    assert clean_logits(-logits, 0) is not logits


def test_empty_and_full_masks():
    assert not (clean_logits(np.full((6, 6), -1, np.float32), 5) > 0).any()
    assert (clean_logits(np.full((6, 6), 1, np.float32), 5) > 0).all()
