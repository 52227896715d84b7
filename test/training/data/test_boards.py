# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Printed boards: figures that move as one, and what the renderer shows of them."""

import numpy as np
import pytest

from eventsam_ros.simulation.samples import windows_of
from eventsam_ros.simulation.scene import Swing
from training.data.boards import board_scene
from training.data.figures import KINDS, SIDE, random_figure
from training.data.printed import Carried
from training.data.windows import training_windows


@pytest.mark.parametrize('kind', range(len(KINDS)))
@pytest.mark.parametrize('seed', range(3))
def test_figures_are_ink_within_their_outline(kind, seed):
    figure = random_figure(np.random.default_rng(seed), kind)
    assert figure.ink.shape == figure.mask.shape == (SIDE, SIDE)
    assert set(np.unique(figure.mask)) <= {0, 255}
    assert (figure.mask > 0).mean() > 0.04
    inside = figure.ink[figure.mask > 0]
    assert (inside > 200).mean() > 0.02
    # but for the smoothed rim
    assert (figure.ink[figure.mask == 0] > 200).sum() < 0.02 * SIDE ** 2


def test_a_carried_point_turns_and_grows_with_its_carrier():
    angle, scale = Swing(0.3, 0.0, 0.4, 2.0, 0.1), Swing(1.0, 0.0, 0.2, 3.0, 0.5)
    x = Carried(0.5, 0.1, 0.05, 4.0, 0.2, (0.2, -0.1), True, angle, scale)
    y = Carried(0.4, 0.0, 0.0, 0.0, 0.0, (0.2, -0.1), False, angle, scale)
    for t in (0.0, 0.7, 2.3):
        turn = np.exp(1j * (0.3 + 0.4 * np.sin(2 * t + 0.1)))
        grown = 1 + 0.2 * np.sin(3 * t + 0.5)
        centre = 0.5 + 0.1 * t + 0.05 * np.sin(4 * t + 0.2) + 0.4j
        expected = centre + grown * turn * (0.2 - 0.1j)
        assert x.at(t) + 1j * y.at(t) == pytest.approx(expected)


def carried_points(scene, t):
    """Return two points of each carried layer in pixels, as complex numbers [L, 2]."""
    points = []
    for layer, a in zip(scene.layers, scene.inverse(t).astype(np.float64), strict=True):
        if isinstance(layer.x, Carried):
            linear = np.linalg.inv([[a[0], a[1]], [a[3], a[4]]])
            points.append([linear @ ([u, v] - a[[2, 5]]) for u, v in ((0, 0), (0.5, -0.3))])
    points = np.asarray(points)
    return points[..., 0] + 1j * points[..., 1]


@pytest.mark.parametrize('seed', range(15))
def test_all_figures_of_a_board_move_as_one(seed):
    scene = board_scene(np.random.default_rng(seed), 346, 260)
    before, after = carried_points(scene, 1.0), carried_points(scene, 1.4)
    # one similarity, given by two points, takes all others along
    turn = (after[0, 1] - after[0, 0]) / (before[0, 1] - before[0, 0])
    shift = after[0, 0] - turn * before[0, 0]
    np.testing.assert_allclose(turn * before + shift, after, atol=0.02)


def test_boards_show_many_figures_with_ids_of_their_own():
    counts, moved = [], 0
    for seed in range(12):
        rng = np.random.default_rng([7, seed])
        scene = board_scene(rng, 346, 260)
        _, ids = scene.picture(1.0)
        carried = [k + 1 for k, layer in enumerate(scene.layers) if isinstance(layer.x, Carried)]
        counts.append(sum((ids == k).any() for k in carried))
        moved += sum(1 for _ in windows_of(scene, rng, 1))
    assert max(counts) >= 10
    assert np.mean(counts) > 4
    assert moved >= 9


def test_figures_do_not_overlap():
    for seed in range(10):
        scene = board_scene(np.random.default_rng([8, seed]), 346, 260)
        maps = scene.inverse(1.0).astype(np.float64)
        rows = [(layer, a) for layer, a in zip(scene.layers, maps, strict=True)
                if isinstance(layer.x, Carried)]
        # the sheet of a held board lies under its figures, and is larger than any
        largest = max(layer.half_side.base for layer, _ in rows)
        second = sorted(layer.half_side.base for layer, _ in rows)[-2]
        if largest > 1.5 * second:
            rows = [(k, a) for k, a in rows if k.half_side.base < largest]
        y, x = np.mgrid[:260, :346]
        cover = np.zeros((260, 346), int)
        for layer, a in rows:
            u, v = a[0] * x + a[1] * y + a[2], a[3] * x + a[4] * y + a[5]
            cells = layer.outline.shape[0]
            column, row = ((w + 1) / 2 * cells for w in (u, v))
            inside = (column >= 1) & (column < cells - 1) & (row >= 1) & (row < cells - 1)
            found = np.zeros(cover.shape, bool)
            found[inside] = layer.outline[
                row[inside].astype(int), column[inside].astype(int)] < -0.03
            cover += found
        assert cover.max() == 1


def test_scenes_without_boards_are_what_they_were():
    plain = training_windows(3, 64, 48, None)
    same = training_windows(3, 64, 48, None, boards=0.0)
    other = training_windows(3, 64, 48, None, boards=1.0)
    for (a, _), (b, _) in zip(plain, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(other) != len(plain) or (other[0][0] != plain[0][0]).any()

