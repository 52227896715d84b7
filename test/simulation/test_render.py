# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The renderer against a naive loop, and scenes against their own description."""

from dataclasses import replace
import math

import numpy as np
import pytest

from eventsam_ros.simulation.render import render
from eventsam_ros.simulation.scene import Layer, Scene, Swing, random_scene
from eventsam_ros.simulation.shapes import SIZE, distance_map, random_outline
from eventsam_ros.simulation.textures import random_texture


def disc() -> np.ndarray:
    rows, columns = np.mgrid[:256, :256]
    return distance_map((np.hypot(rows - 127.5, columns - 127.5) < 64).astype(np.uint8))


def flat(value: float) -> np.ndarray:
    return np.full((64, 64), value, np.float32)


def still_layer(x: float, y: float, half: float, brightness: float) -> Layer:
    return Layer(Swing(x), Swing(y), Swing(0.0), Swing(half), 1.0, disc(), flat(brightness),
                 1.0, 1.0, (0.0, 0.0))


def still_scene(*layers: Layer) -> Scene:
    none = Swing(0.0)
    return Scene(120, 90, layers, none, none, none, Swing(1.0), Swing(1.0))


def test_a_disc_covers_its_area_and_hides_what_is_behind():
    front, back = still_layer(0.5, 0.375, 0.2, 0.9), still_layer(0.6, 0.375, 0.2, 0.5)
    scene = still_scene(front, back, still_layer(0.5, 0.375, 0.5, 0.1))
    luminance, ids = scene.picture(0.0)
    # the outline has half the square's half side: 0.2 * 120 / 2 = 12 pixels
    assert np.count_nonzero(ids == 1) == pytest.approx(math.pi * 12 ** 2, rel=0.04)
    rows, columns = np.mgrid[:90, :120] + 0.5
    inside = np.hypot(columns - 60, rows - 45) < 10.5
    assert (ids[inside] == 1).all()
    assert luminance[inside] == pytest.approx(0.9, abs=1e-5)
    behind = np.hypot(columns - 72, rows - 45) < 10.5
    behind &= np.hypot(columns - 60, rows - 45) > 13.5
    assert (ids[behind] == 2).all()
    assert luminance[behind] == pytest.approx(0.5, abs=1e-5)
    assert luminance[ids == 0].min() == pytest.approx(0.1, abs=1e-5)


def test_the_renderer_equals_a_naive_loop_on_textured_turned_layers():
    rng = np.random.default_rng(5)
    scene = random_scene(rng, 60, 44, objects=3)
    inverse = scene.inverse(0.4)
    textures = np.stack([k.texture for k in scene.layers])
    outlines = np.stack([k.outline for k in scene.layers])
    repeats = np.asarray([k.repeats for k in scene.layers], np.float32)
    gains = np.asarray([k.gain for k in scene.layers], np.float32)
    shades = np.asarray([k.shade for k in scene.layers], np.float32)
    luminance, ids = render(inverse, outlines, textures, repeats, gains, shades, 1.0, 60, 44)

    def sample(table, y, x, wrap):
        y0, x0 = math.floor(y), math.floor(x)
        fy, fx = y - y0, x - x0
        total = 0.0
        for dy, wy in ((0, 1 - fy), (1, fy)):
            for dx, wx in ((0, 1 - fx), (1, fx)):
                total += wy * wx * table[(y0 + dy) % wrap, (x0 + dx) % wrap]
        return total

    a64 = inverse.astype(np.float64)
    for row, column in rng.integers(0, (44, 60), (300, 2)):
        value, label = 0.0, 0
        for k in reversed(range(len(a64))):
            a = a64[k]
            u, v = a[0] * column + a[1] * row + a[2], a[3] * column + a[4] * row + a[5]
            cover, tilt = 1.0, 1.0
            if k < len(a64) - 1:
                if max(abs(u), abs(v)) >= 0.985:  # the edge of the square itself is not tested
                    continue
                d = sample(outlines[k], (v + 1) * SIZE / 2 - 0.5, (u + 1) * SIZE / 2 - 0.5, SIZE)
                cover = min(max(0.5 - d * a[6], 0), 1)
                tilt = 1 + shades[k, 0] * u + shades[k, 1] * v
                if cover > 0.5:
                    label = k + 1
            texel = sample(textures[k], v * repeats[k] * 256, u * repeats[k] * 256, 256)
            value += cover * (texel * gains[k] * tilt - value)
        assert luminance[row, column] == pytest.approx(value, rel=2e-3, abs=2e-3)
        assert ids[row, column] == label


def test_an_object_moves_as_its_swing_says():
    layer = replace(still_layer(0.5, 0.375, 0.2, 0.9), x=Swing(0.4, drift=0.2))
    scene = still_scene(layer, still_layer(0.5, 0.375, 0.5, 0.1))
    for t in (0.0, 0.5, 1.0):
        _, ids = scene.picture(t)
        assert np.nonzero(ids)[1].mean() + 0.5 == pytest.approx(120 * (0.4 + 0.2 * t), abs=0.3)


def test_zoom_and_roll_turn_about_the_middle():
    scene = still_scene(still_layer(0.6, 0.375, 0.2, 0.9), still_layer(0.5, 0.375, 0.5, 0.1))
    turned = replace(scene, roll=Swing(math.pi / 2), zoom=Swing(1.5))
    _, ids = turned.picture(0.0)
    rows, columns = np.nonzero(ids)
    assert columns.mean() + 0.5 == pytest.approx(60, abs=0.5)
    assert rows.mean() + 0.5 == pytest.approx(45 + 1.5 * 12, abs=0.5)
    assert len(rows) == pytest.approx(math.pi * (1.5 * 12) ** 2, rel=0.04)


@pytest.mark.parametrize('seed', range(12))
def test_textures_tile_without_a_seam_and_stay_in_range(seed):
    texture = random_texture(np.random.default_rng(seed))
    assert texture.shape == (256, 256)
    assert texture.min() > 0.0199
    assert texture.max() <= 1
    log = np.log(texture)
    inner = np.abs(np.diff(log, axis=1)).mean(0)
    seam = np.abs(log[:, 0] - log[:, -1]).mean()
    assert seam <= 3 * inner.mean() + 2 * inner.max()


@pytest.mark.parametrize('seed', range(12))
def test_outlines_are_closed_and_inside_the_square(seed):
    outline = random_outline(np.random.default_rng(seed))
    assert (outline < 0).any()
    border = np.concatenate([outline[0], outline[-1], outline[:, 0], outline[:, -1]])
    assert border.min() > 0


def test_equal_seeds_give_equal_scenes():
    first = random_scene(np.random.default_rng(3), 80, 60).picture(1.0)
    again = random_scene(np.random.default_rng(3), 80, 60).picture(1.0)
    other = random_scene(np.random.default_rng(4), 80, 60).picture(1.0)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
