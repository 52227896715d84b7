# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Streets all around: what rays meet, by marching along them; one street in two projections."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from eventsam_ros.evaluation.datasets.class_tables import CITYSCAPES_19
from eventsam_ros.inference.sphere import panorama_ways
from eventsam_ros.simulation.panorama import panorama_picture, pinhole_picture, pinhole_ways, seen
from eventsam_ros.simulation.panorama_casting import (
    BOX,
    COLUMNS,
    CYLINDER,
    ELLIPSOID,
    RING,
    hit_shape,
)
from eventsam_ros.simulation.panorama_town import random_street

THINGS = {'person', 'rider', 'car', 'truck', 'bus', 'motorcycle', 'bicycle'}


def shape(kind, taper=(1.0, 1.0), turn=0.4):
    return np.array([kind, 0.5, 3.0, 1.0, 0.8, 1.1, 0.9, np.cos(turn), np.sin(turn), *taper, 0.0])


def inside(row, point):
    """Tell whether a point lies in a shape, from what the shape is."""
    x, y, z = point - row[1:4]
    u, v = row[7] * x + row[8] * y, row[7] * y - row[8] * x
    hx, hy, hz = row[4:7]
    if row[0] == BOX:
        up = (z + hz) / (2 * hz)
        return (abs(z) <= hz and abs(u) <= hx * (1 + (row[9] - 1) * up)
                and abs(v) <= hy * (1 + (row[10] - 1) * up))
    if row[0] == CYLINDER:
        return abs(z) <= hz and (u / hx) ** 2 + (v / hy) ** 2 <= 1
    return (u / hx) ** 2 + (v / hy) ** 2 + (z / hz) ** 2 <= 1


@pytest.mark.parametrize(('kind', 'taper'), [
    (BOX, (1.0, 1.0)), (BOX, (0.3, 0.6)), (ELLIPSOID, (1.0, 1.0))])
def test_rays_meet_shapes_where_marching_finds_them(kind, taper):
    row = shape(kind, taper)
    assert len(row) == COLUMNS
    rng = np.random.default_rng(1)
    step, met = 0.004, 0
    for _ in range(60):
        way = np.array([0.15, 1.0, 0.2]) + rng.normal(0, 0.35, 3)
        way /= np.linalg.norm(way)
        at, *normal = hit_shape(row, 0.0, 0.0, 0.4, *way, 100.0)
        marched = next((t for t in np.arange(0, 6, step)
                        if inside(row, np.array([0, 0, 0.4]) + t * way)), -1.0)
        if marched > 0 and at > 0:
            met += 1
            assert marched - at == pytest.approx(step / 2, abs=step)
            assert np.linalg.norm(normal) == pytest.approx(1)
            assert np.dot(normal, way) < 0
        else:   # a ray that grazes less than a step is met by arithmetic alone
            assert marched < 0
            assert at < 0 or not inside(row, np.array([0, 0, 0.4]) + (at + 0.1) * way)
    assert met > 15


def test_rings_are_open_in_the_middle_and_cylinders_above():
    ring = np.array([RING, 0, 3.0, 0.4, 0.4, 0.4, 0.3, 1.0, 0.0, 1.0, 1.0, 0.0])
    for height, hit in ((0.4, False), (0.75, True), (0.05, True), (0.9, False)):
        assert (hit_shape(ring, 0.0, 0.0, height, 0.0, 1.0, 0.0, 9.0)[0] == 3.0) is hit
    pole = np.array([CYLINDER, 0, 3.0, 1.0, 0.1, 0.1, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    assert hit_shape(pole, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 9.0)[0] == pytest.approx(2.9)
    assert hit_shape(pole, 0.0, 0.0, 2.1, 0.0, 1.0, 0.0, 9.0)[0] == -1


def ways(width, height, dx=0.0, dy=0.0):
    ahead, left, up = np.moveaxis(panorama_ways(width, height, dx, dy), -1, 0)
    return np.stack([-left, ahead, up], -1).astype(np.float32)


@pytest.fixture(scope='module')
def street():
    return random_street(np.random.default_rng(5))


def test_the_ground_is_where_trigonometry_has_it(street):
    """Without anything on it: classes of the ground in every pixel below the horizon."""
    world, x = street
    bare = type(world)(**{**vars(world), 'groups': world.groups[:0]})
    labels = bare.look((x, 0.0, 2.0), ways(128, 64), 2 * np.pi / 128)[1]
    half, verge, walk, away, across, left, right = world.ground[:7]
    checked = 0
    for row in range(36, 64):
        for column in range(128):
            down = np.radians((row + 0.5 - 32) * 360 / 128)
            turn = np.radians((column + 0.5) * 360 / 128 - 180)
            far = 2.0 / np.tan(down)
            px, py = x + far * np.sin(turn), far * np.cos(turn)
            a, b = abs(px), abs(py - away)
            edges = [half, half + verge, half + verge + walk]
            if min(abs(a - e) for e in edges) < 1e-3 or min(
                    abs(b - across), abs(b - across - walk)) < 1e-3:
                continue
            lawn = (left if px < 0 else right) or max(a, abs(py)) > 150
            if a < half or b < across:
                name = 'road'
            elif (across and b < across + walk) or edges[1] < a < edges[2]:
                name = 'sidewalk'
            else:
                name = 'terrain' if a < edges[1] or lawn else 'sidewalk'
            assert CITYSCAPES_19.names[labels[row, column]] == name
            checked += 1
    assert checked > 3000
    assert (labels[:32] == CITYSCAPES_19.names.index('sky')).all()


def test_both_projections_show_one_street(street):
    """Each pixel of a pinhole picture has the class that the panorama has in its direction."""
    world, x = street
    around = seen(world, (x, 0.0, 1.8), lambda dx, dy: ways(512, 256, dx, dy), 0.01)[1]
    flat = pinhole_ways(96, 64, 80.0, 0.1, 0.5)
    labels = seen(world, (x, 0.0, 1.8), lambda dx, dy: pinhole_ways(
        96, 64, 80.0, 0.1, 0.5, dx, dy), 1 / 80)[1]
    column = (np.degrees(np.arctan2(flat[..., 0], flat[..., 1])) + 180) / 360 * 512 - 0.5
    row = 128 - np.degrees(np.arcsin(flat[..., 2])) / 360 * 512 - 0.5
    there = around[np.round(row).astype(int), np.round(column).astype(int) % 512]
    assert len(np.unique(labels)) > 5
    assert (there == labels).mean() > 0.95


def test_near_things_are_stretched_around_the_nadir():
    """The ground under the camera fills its rows, as wide as the whole horizon."""
    labels = panorama_picture(3, 0, 128, 64).labels
    assert len(np.unique(labels[-1])) == 1
    assert len(np.unique(labels[30:36])) > 4


def test_pictures_are_the_same_again_and_differ_by_number_and_camera():
    one, again = panorama_picture(1, 4, 64, 32), panorama_picture(1, 4, 64, 32)
    np.testing.assert_array_equal(one.rgb, again.rgb)
    np.testing.assert_array_equal(one.labels, again.labels)
    for other in (panorama_picture(1, 5, 64, 32), panorama_picture(2, 4, 64, 32),
                  pinhole_picture(1, 4, 64, 32)):
        assert (other.labels != one.labels).mean() > 0.05


def test_classes_are_those_of_cityscapes_and_instances_are_things():
    found = Counter()
    for k in range(6):
        picture = pinhole_picture(0, k, 128, 64)
        found.update(np.unique(picture.labels).tolist())
        names = {number: {CITYSCAPES_19.names[c] for c in np.unique(
            picture.labels[picture.ids == number])} for number in np.unique(picture.ids)}
        assert names.pop(0).isdisjoint(THINGS)
        assert all(len(each) == 1 and each <= THINGS for each in names.values())
    assert set(found) <= set(range(19)) - {CITYSCAPES_19.names.index('train')}
    assert len(found) >= 12


def test_the_cameras_differ_in_colour_and_contrast():
    """The gap between the domains: panoramas are warmer and darker."""
    sets = [[make(0, k, 96, 48).rgb.astype(float) for k in range(6)]
            for make in (panorama_picture, pinhole_picture)]
    warm, neutral = (np.mean([p[..., 0].mean() / p[..., 2].mean() for p in each]) for each in sets)
    dark, bright = (np.mean([p.mean() for p in each]) for each in sets)
    assert warm > 1.05 * neutral
    assert dark < 0.95 * bright
