# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows that go round, what they share, and what they are stitched to."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.panoramic.stitching import counted, majority, stitch, weight  # noqa: E402
from training.panoramic.windows import Family, View, crop, cut, lay_out, shared, views  # noqa: E402

V1 = (Family(16, 0, 8),)
PLUS = (Family(20, 6, 10, 3), Family(8, 12, 4, 4))
MODES = [(V1, True), (V1, False), (PLUS, True), (PLUS, False), ((*PLUS, Family(40, 12, 20)), True)]
WIDTH, HEIGHT = 40, 12


def pixels(view, width=WIDTH):
    """The places of a window in the panorama, one by one."""
    return {(view.top + r, (view.left + c) % width)
            for r in range(view.height) for c in range(view.width)}


@pytest.mark.parametrize(('families', 'wrap'), MODES)
def test_windows_cover_every_pixel_and_give_it_back(families, wrap):
    windows = lay_out(families, WIDTH, HEIGHT, wrap)
    assert set().union(*(pixels(v) for v in windows.views)) == {
        (r, c) for r in range(HEIGHT) for c in range(WIDTH)}
    if not wrap:
        assert all(v.left + v.width <= WIDTH for v in windows.views)
    picture = np.random.default_rng(0).random((3, HEIGHT, WIDTH)).astype(np.float32)
    for taper in ('cosine', 'flat'):
        parts = [np.moveaxis(cut(np.moveaxis(picture, 0, -1), v), -1, 0) for v in windows.views]
        np.testing.assert_allclose(stitch(parts, windows, taper), picture, atol=1e-6)


@pytest.mark.parametrize(('families', 'wrap'), MODES)
def test_overlaps_are_what_two_windows_share(families, wrap):
    windows = lay_out(families, WIDTH, HEIGHT, wrap)
    for first, second, view in windows.overlaps:
        one, other = windows.views[first], windows.views[second]
        assert pixels(view) <= pixels(one) & pixels(other)
        if one.width + other.width <= WIDTH:
            assert pixels(view) == pixels(one) & pixels(other)
        picture = np.random.default_rng(1).random((HEIGHT, WIDTH))
        for window in (one, other):
            rows, columns = view.within(window, WIDTH)
            np.testing.assert_array_equal(cut(picture, window)[rows, columns], cut(picture, view))


def test_neighbours_meet_over_the_seam():
    windows = lay_out(V1, WIDTH, HEIGHT)
    assert [v.left for v in windows.views] == [0, 8, 16, 24, 32]
    assert {(o.first, o.second) for o in windows.overlaps} == {
        (0, 1), (1, 2), (2, 3), (3, 4), (4, 0)}
    assert windows.overlaps[-1].view == View(0, 0, 12, 8)
    assert {(o.first, o.second) for o in lay_out(V1, WIDTH, HEIGHT, wrap=False).overlaps} == {
        (0, 1), (1, 2), (2, 3)}
    tall = lay_out((Family(16, 6, 8, 6),), WIDTH, HEIGHT)   # two rows
    assert {(4, 0), (9, 5)} <= {(o.first, o.second) for o in tall.overlaps}


def test_windows_of_one_family_cross_those_of_the_next():
    windows = lay_out(PLUS, WIDTH, HEIGHT)
    wide = len(views(PLUS[0], WIDTH, HEIGHT, wrap=True))
    crossing = {(i, j) for i in range(wide) for j in range(wide, len(windows.views))
                if pixels(windows.views[i]) & pixels(windows.views[j])}
    assert {(o.first, o.second) for o in windows.overlaps} == crossing
    assert shared(View(0, 0, 4, 8), View(4, 0, 4, 8), 40) is None
    assert shared(View(0, 0, 4, 8), View(0, 20, 4, 8), 40) is None


def test_a_turned_panorama_gives_turned_predictions():
    """What a window says depends on the window alone; turns by whole steps move them on."""
    windows = lay_out(V1, WIDTH, HEIGHT)
    picture = np.random.default_rng(2).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(3, 4, 3, padding=1)   # sees the window's own edge

    def said(shown):
        with torch.no_grad():
            return stitch([convolution(torch.from_numpy(
                np.moveaxis(cut(shown, v), -1, 0).copy())).softmax(0).numpy()
                for v in windows.views], windows, 'flat')
    for turn in (8, 24):
        np.testing.assert_allclose(
            said(np.roll(picture, turn, 1)), np.roll(said(picture), turn, -1), atol=1e-6)
    assert np.abs(said(np.roll(picture, 3, 1)) - np.roll(said(picture), 3, -1)).max() > 1e-3


def test_weights_fall_to_the_edges_and_never_to_zero():
    shares = weight(View(0, 0, 5, 8), 'cosine')
    assert shares.min() > 0
    assert np.unravel_index(shares.argmax(), shares.shape) in {(2, 3), (2, 4)}
    assert (weight(View(0, 0, 5, 8), 'flat') == 1).all()


def test_counting_says_how_many_windows_say_what():
    windows = lay_out(PLUS, WIDTH, HEIGHT)
    rng = np.random.default_rng(3)
    parts = [rng.choice([0, 1, 2, 255], (v.height, v.width)).astype(np.uint8)
             for v in windows.views]
    wanted = np.zeros((3, HEIGHT, WIDTH), int)
    for view, part in zip(windows.views, parts, strict=True):
        for r in range(view.height):
            for c in range(view.width):
                if part[r, c] != 255:
                    wanted[part[r, c], view.top + r, (view.left + c) % WIDTH] += 1
    found = counted(parts, windows, 3)
    np.testing.assert_array_equal(found, wanted)
    most = majority(found)
    assert (np.take_along_axis(wanted, most[None].clip(max=2), 0)[0] == wanted.max(0))[
        most != 255].all()
    np.testing.assert_array_equal(most == 255, wanted.sum(0) == 0)


def test_tensors_and_arrays_are_cut_alike():
    maps = np.random.default_rng(4).random((2, 3, HEIGHT, WIDTH))
    view = View(2, 35, 7, 9)
    np.testing.assert_array_equal(
        crop(torch.from_numpy(maps), view)[1, 2].numpy(), cut(maps[1, 2], view))


@pytest.mark.parametrize(('families', 'wrap', 'says'), [
    ((Family(64, 0, 8),), True, 'must fit'), ((Family(16, 16, 8),), True, 'must fit'),
    ((Family(8, 0, 16),), False, 'leave gaps'), ((Family(16, 4, 8, 6),), True, 'leave gaps'),
    ((Family(16, 0, 12),), True, 'must divide the 40 columns'),
    ((Family(8, 0, 8),), True, 'must overlap')])
def test_windows_that_cannot_be_are_refused(families, wrap, says):
    with pytest.raises(RecipeError, match=says):
        lay_out(families, WIDTH, HEIGHT, wrap)
