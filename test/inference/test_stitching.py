# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Rigs: projections as OpenCV has them, and stitched pictures against direct renders."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import yaml

from eventsam_ros.errors import RigError
from eventsam_ros.inference.sphere import panorama_ways
from eventsam_ros.inference.stitching import Stitcher
from eventsam_ros.inference.stitching_rig import EQUIDISTANT, PLUMB_BOB, RATIONAL, read_rig
from eventsam_ros.simulation.panorama_town import random_street

OPTICAL = np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]], float)
"""From the optical frame of a camera that looks ahead to the vehicle's."""
DISTORTIONS = {
    PLUMB_BOB: (-0.12, 0.03, 0.001, -0.0015, 0.002),
    RATIONAL: (0.2, 0.05, 0.001, -0.001, 0.01, 0.35, 0.1, 0.02),
    EQUIDISTANT: (0.03, -0.01, 0.004, -0.001)}


def turned(degrees, up=0.0):
    """Return a camera's rotation: to the left and upwards."""
    a, b = np.radians([degrees, up])
    yaw = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    pitch = np.array([[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]])
    return yaw @ pitch @ OPTICAL


def camera(name='front', model=PLUMB_BOB, rotation=OPTICAL, focal=100.0, width=256, height=192,
           **more):
    return {'name': name, 'width': width, 'height': height, 'distortion_model': model,
            'k': [focal, 0, width / 2 - 0.5, 0, 1.02 * focal, height / 2 + 1.5, 0, 0, 1],
            'd': list(DISTORTIONS[model]), 'rotation': np.ravel(rotation).tolist(), **more}


def write(folder, cameras, **more):
    values = {'width': 256, 'height': 128, 'feather': 0.1, 'cameras': cameras, **more}
    (folder / 'rig.yaml').write_text(yaml.safe_dump(values))
    return read_rig(folder / 'rig.yaml')


@pytest.mark.parametrize('model', DISTORTIONS)
def test_projections_are_those_of_opencv(tmp_path, model):
    given = camera(model=model, rotation=turned(30, 10))
    made = write(tmp_path, [given]).cameras[0]
    rng = np.random.default_rng(0)
    own = rng.normal(0, 0.6, (200, 3))
    own[:, 2] = np.maximum(own[:, 2] + 1, 0.4)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    ways = own @ turned(30, 10).T
    matrix, d = np.reshape(given['k'], (3, 3)).astype(float), np.asarray(given['d'])
    if model == EQUIDISTANT:
        expected = cv2.fisheye.projectPoints(
            own[:, None], np.zeros(3), np.zeros(3), matrix, d)[0][:, 0]
    else:
        expected = cv2.projectPoints(own, np.zeros(3), np.zeros(3), matrix, d)[0][:, 0]
    found, shown = made.project(ways)
    assert shown.mean() > 0.7
    np.testing.assert_allclose(found[shown], expected[shown], atol=1e-6)
    if model != EQUIDISTANT:   # which may well look behind itself
        assert not made.project(-ways)[1].any()


@cache
def pixel_places(model, focal, width, height, dx, dy):
    """Return what a camera's pixels look at, at distance 1, by OpenCV's functions inverted."""
    given = camera(model=model, focal=focal, width=width, height=height)
    matrix, d = np.reshape(given['k'], (3, 3)).astype(float), np.asarray(given['d'])
    columns, rows = np.meshgrid(np.arange(width) + dx, np.arange(height) + dy)
    pixels = np.stack([columns, rows], -1).reshape(-1, 1, 2)
    if model == EQUIDISTANT:
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
        return cv2.fisheye.undistortPoints(pixels, matrix, d, criteria=criteria)[:, 0]
    wanted = (pixels[:, 0] - matrix[:2, 2]) / np.diag(matrix)[:2]
    flat = wanted.copy()
    for _ in range(15):
        points = np.concatenate([flat, np.ones((len(flat), 1))], 1)
        flat += wanted - cv2.projectPoints(points, np.zeros(3), np.zeros(3), np.eye(3), d)[0][:, 0]
    return flat


def pixel_ways(given, dx=0.0, dy=0.0):
    """Return where a camera's pixels look, in the frame of streets."""
    flat = pixel_places(given['distortion_model'], given['k'][0], given['width'],
                        given['height'], dx, dy)
    own = np.concatenate([flat, np.ones((len(flat), 1))], 1)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    ahead, left, up = np.reshape(given['rotation'], (3, 3)) @ own.T
    shape = (given['height'], given['width'], 3)
    return np.stack([-left, ahead, up], -1).reshape(shape).astype(np.float32)


QUARTERS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))


def levels(light):
    return np.clip(200 * np.clip(light, 0, None) ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def street():
    return random_street(np.random.default_rng(7))


def taken(street, ways):
    """Return a picture, the mean over four places in each pixel."""
    world, x = street
    return levels(np.mean([world.look((x, 0.0, 1.8), ways(dx, dy), 0.02)[0]
                           for dx, dy in QUARTERS], 0))


def direct(street, width=256, height=128):
    def ways(dx, dy):
        ahead, left, up = np.moveaxis(panorama_ways(width, height, dx, dy), -1, 0)
        return np.stack([-left, ahead, up], -1).astype(np.float32)
    return taken(street, ways)


@pytest.mark.parametrize('models', [
    (PLUMB_BOB,) * 6, (RATIONAL, PLUMB_BOB) * 3, (EQUIDISTANT,) * 4])
def test_a_stitched_rig_is_the_panorama_rendered_directly(tmp_path, street, models):
    """PSNR is measured where a camera looks; both are samples of one scene, not the same ones."""
    # OpenCV's inverse, from which the pictures are made, ends 90 degrees from a fisheye's axis
    more = {'focal': 95.0, 'reach': 80.0} if EQUIDISTANT in models else {'focal': 120.0}
    cameras = [
        camera(f'c{k}', model, turned(360 * k / len(models)), **more)
        for k, model in enumerate(models)]
    stitcher = Stitcher(write(tmp_path, cameras))
    pictures = {c['name']: taken(street, lambda dx, dy, c=c: pixel_ways(c, dx, dy))
                for c in cameras}
    found, wanted = stitcher.stitch(pictures), direct(street)
    assert stitcher.seen[64].all()
    assert stitcher.seen.mean() > 0.4
    assert (found[~stitcher.seen] == 0).all()
    difference = (found[stitcher.seen].astype(float) - wanted[stitcher.seen]) ** 2
    psnr = 10 * np.log10(255 ** 2 / difference.mean())
    assert psnr > 33, psnr
    # half a column of error would cost more than all of the sampling does
    moved = (found.astype(float) - np.roll(wanted, 1, 1)) ** 2
    assert difference.mean() < 0.5 * moved[stitcher.seen].mean()


def test_one_fisheye_shows_its_half(tmp_path):
    given = camera('eye', EQUIDISTANT, turned(0), 60.0, 220, 220, reach=88.0)
    given['d'] = []
    stitcher = Stitcher(write(tmp_path, [given]))
    ways = panorama_ways(256, 128)
    np.testing.assert_array_equal(
        stitcher.seen, np.degrees(np.arccos(np.clip(ways[..., 0], -1, 1))) <= 88)
    # columns of equal angle about the axis are columns of the panorama
    picture = np.zeros((220, 220, 3), np.uint8)
    picture[:, 110:] = 200
    found = stitcher.stitch({'eye': picture})
    assert (found[64, 70:120] == 0).all()
    assert (found[64, 136:186] == 200).all()


def test_overlaps_fade_and_single_views_stay(tmp_path):
    cameras = [camera('a', rotation=turned(25)), camera('b', rotation=turned(-25))]
    stitcher = Stitcher(write(tmp_path, cameras))
    flat = {'a': np.full((192, 256, 3), 60, np.uint8), 'b': np.full((192, 256, 3), 180, np.uint8)}
    row = stitcher.stitch(flat)[64, :, 0].astype(int)
    inside = np.flatnonzero(row)
    steps = np.diff(row[inside])
    assert row[inside[0]] == 60
    assert row[inside[-1]] == 180
    assert steps.min() >= 0
    assert steps.max() < 60   # it fades over several columns
    same = stitcher.stitch({'a': flat['a'], 'b': flat['a']})
    assert (same[stitcher.seen] == 60).all()


def test_a_quaternion_says_what_its_matrix_says(tmp_path):
    half = np.radians(40) / 2
    by_four = camera()
    # optical to vehicle is (-0.5, 0.5, -0.5, 0.5); a turn by 40 degrees about z goes before it
    a, b = np.array([-0.5, 0.5, -0.5]), 0.5
    c, d = np.array([0, 0, np.sin(half)]), np.cos(half)
    by_four['rotation'] = [*(d * a + b * c + np.cross(c, a)).tolist(), float(d * b - c @ a)]
    found = write(tmp_path, [by_four]).cameras[0].rotation
    np.testing.assert_allclose(found, turned(40), atol=1e-12)


@pytest.mark.parametrize(('edit', 'says'), [
    (lambda r: r.pop('cameras'), 'cameras is missing'),
    (lambda r: r.update(cameras=[]), 'cameras must be a list of at least one'),
    (lambda r: r['cameras'].append(dict(r['cameras'][0])), 'must have different names'),
    (lambda r: r.update(height=200), 'height must be at most half the width'),
    (lambda r: r.update(feather=0.7), 'feather must be above 0 and at most 0.5'),
    (lambda r: r['cameras'][0].update(distortion_model='fov'),
     r'cameras\[0\].distortion_model must be one of plumb_bob, rational_polynomial, equidistant'),
    (lambda r: r['cameras'][0].update(d=[0.1]), r'cameras\[0\].d must be a list of 0 or 4 or 5'),
    (lambda r: r['cameras'][0].update(k=[1, 2]), r'cameras\[0\].k must be a list of 9 numbers'),
    (lambda r: r['cameras'][0].update(k=[0] * 9), 'focal lengths above 0'),
    (lambda r: r['cameras'][0].update(k=[90, 0, 0, 0, 90, 0, 127.5, 95.5, 1]),
     r'k must be fx, 0, cx, 0, fy, cy, 0, 0, 1 row by row, but got \[90'),
    (lambda r: r['cameras'][0].update(rotation=[0, 0, 0, 2]), 'quaternion x, y, z, w of length 1'),
    (lambda r: r['cameras'][0].update(rotation=[1, 0, 0, 0, 1, 0, 0, 0, -1]), 'a rotation'),
])
def test_a_rig_that_does_not_fit_is_one_sentence(tmp_path, edit, says):
    values = {'width': 256, 'height': 128, 'feather': 0.1, 'cameras': [camera()]}
    edit(values)
    (tmp_path / 'rig.yaml').write_text(yaml.safe_dump(values))
    with pytest.raises(RigError, match=says):
        read_rig(tmp_path / 'rig.yaml')


def test_files_and_pictures_that_are_not_there(tmp_path):
    with pytest.raises(RigError, match='cannot be read'):
        read_rig(tmp_path / 'none.yaml')
    with pytest.raises(RigError, match='cannot be read'):
        read_rig('~nobody_of_that_name/rig.yaml')
    for text in ('{', 'width: 2026-02-30', '[' * 5000):
        (tmp_path / 'rig.yaml').write_text(text)
        with pytest.raises(RigError, match='is not valid YAML'):
            read_rig(tmp_path / 'rig.yaml')
    stitcher = Stitcher(write(tmp_path, [camera()]))
    with pytest.raises(ValueError, match='there is no picture of the camera front'):
        stitcher.stitch({})
    with pytest.raises(ValueError, match=r'camera front must be \[192, 256, 3\] of uint8'):
        stitcher.stitch({'front': np.zeros((4, 4, 3), np.uint8)})
