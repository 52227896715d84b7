# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DSEC's geometry against loops and points projected by hand."""

from __future__ import annotations

import math

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
import yaml

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.rectification import (
    Rectification,
    infinite_homography,
    read_rectify_map,
    rectified_frame,
)
from eventsam_ros.events.types import Events


def some_events(layouts, count=3000, seed=0):
    x, y, p, t = layouts.events(count, 640, 480, 10_000, seed)
    return Events(x.astype('u2'), y.astype('u2'), p.astype('u1'), t.astype('i8'))


def test_the_map_is_read_as_it_is_stored(layouts, tmp_path):
    table = layouts.rectify_map(tmp_path / 'rectify_map.h5')
    np.testing.assert_array_equal(read_rectify_map(tmp_path / 'rectify_map.h5', 640, 480), table)
    with pytest.raises(DatasetError, match='must be 100 x 200 x 2 of numbers, but is 480 x 640'):
        read_rectify_map(tmp_path / 'rectify_map.h5', 200, 100)


@pytest.mark.parametrize('rows', [480, 440])
def test_events_are_moved_as_a_loop_moves_them(layouts, rows):
    table = layouts.rectify_map()
    table[100:110] = np.nan
    events = some_events(layouts)
    expected = []
    for k in range(len(events)):
        x, y = table[events.y[k], events.x[k]].tolist()
        if math.isnan(x):
            continue
        # Half-way cases go to the even pixel, as in IEEE 754.
        x, y = round(x), round(y)
        if 0 <= x < 640 and 0 <= y < rows:
            expected.append((x, y, events.p[k], events.t[k]))
    found = Rectification(table, rows).events(events)
    assert list(zip(found.x, found.y, found.p, found.t, strict=True)) == expected
    assert 0 < len(found) < len(events)


def test_a_map_to_itself_leaves_everything(layouts):
    y, x = np.mgrid[:480, :640].astype(np.float32)
    same = Rectification(np.stack([x, y], -1), 480)
    events = some_events(layouts)
    found = same.events(events)
    np.testing.assert_array_equal(found.x, events.x)
    np.testing.assert_array_equal(found.y, events.y)
    assert len(same.events(Events.empty())) == 0
    labels = layouts.rng().integers(0, 11, (440, 640)).astype(np.uint8)
    back = same.distorted_labels(labels, 255)
    np.testing.assert_array_equal(back[:440], labels)
    assert (back[440:] == 255).all()


def test_labels_are_fetched_as_a_loop_fetches_them(layouts):
    table = layouts.rectify_map()
    labels = layouts.rng(2).integers(0, 11, (440, 640)).astype(np.uint8)
    found = Rectification(table, 440).distorted_labels(labels, 255)
    assert found.shape == (480, 640)
    for y, x in layouts.rng(3).integers(0, (480, 640), (500, 2)).tolist():
        u, v = table[y, x].tolist()
        # OpenCV rounds at 1/32 of a pixel: what is close to half-way may go either way.
        if min(abs(u % 1 - 0.5), abs(v % 1 - 0.5)) < 0.04:
            continue
        u, v = round(u), round(v)
        expected = labels[v, u] if 0 <= u < 640 and 0 <= v < 440 else 255
        assert found[y, x] == expected


def projected(calibration, ray):
    """Return where a far point is on both rectified cameras; `ray` is in the raw event camera."""
    def pixel(name, direction):
        fx, fy, cx, cy = calibration['intrinsics'][name]['camera_matrix']
        x, y, z = direction
        return fx * x / z + cx, fy * y / z + cy

    def turned(matrix, v):
        return [sum(matrix[r][c] * v[c] for c in range(3)) for r in range(3)]
    extrinsics = calibration['extrinsics']
    on_events = pixel('camRect0', turned(extrinsics['R_rect0'], ray))
    in_frame_camera = turned(extrinsics['T_10'], ray)
    return pixel('camRect1', turned(extrinsics['R_rect1'], in_frame_camera)), on_events


def exact(calibration):
    """Make the rounded rotations of a calibration exact, so that transposing inverts them."""
    for name in ('R_rect0', 'T_10', 'R_rect1'):
        matrix = np.array(calibration['extrinsics'][name])
        u, _, v = np.linalg.svd(matrix[:3, :3])
        matrix[:3, :3] = u @ v
        calibration['extrinsics'][name] = matrix.tolist()
    return calibration


@given(st.floats(-0.5, 0.5), st.floats(-0.4, 0.4))
def test_far_points_go_where_the_cameras_see_them(layouts, tmp_path_factory, x, y):
    path = tmp_path_factory.mktemp('calibration') / 'cam_to_cam.yaml'
    calibration = exact(yaml.safe_load(layouts.CALIBRATION))
    path.write_text(yaml.safe_dump(calibration))
    (u, v), expected = projected(calibration, (x, y, 1.0))
    found = infinite_homography(path) @ (u, v, 1.0)
    np.testing.assert_allclose(found[:2] / found[2], expected, atol=1e-6)


def test_a_spot_on_the_frame_arrives_in_both_views(layouts, tmp_path):
    path = tmp_path / 'cam_to_cam.yaml'
    calibration = exact(yaml.safe_load(layouts.CALIBRATION))
    path.write_text(yaml.safe_dump(calibration))
    (u, v), (x, y) = projected(calibration, (0.1, -0.05, 1.0))
    frame = np.zeros((1080, 1440, 3), np.uint8)
    cv2.circle(frame, (round(u), round(v)), 12, (255, 255, 255), -1)
    homography = infinite_homography(path)

    def centre(picture):
        rows, columns = np.nonzero(picture[..., 0] > 127)
        return columns.mean(), rows.mean()
    flat = rectified_frame(frame, homography, 640, 440)
    assert flat.shape == (440, 640, 3)
    assert np.allclose(centre(flat), (x, y), atol=0.6)
    table = layouts.rectify_map()
    bent = Rectification(table, 480).distorted_frame(frame, homography)
    assert bent.shape == (480, 640, 3)
    column, row = centre(bent)
    assert np.allclose(table[round(row), round(column)], (x, y), atol=1.2)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda c: c['extrinsics'].pop('T_10'), 'must have a matrix extrinsics/T_10'),
    (lambda c: c['intrinsics'].pop('camRect1'), 'intrinsics/camRect1/camera_matrix'),
    (lambda c: c['intrinsics']['camRect0'].update(camera_matrix=[1, 2, 3]), 'fx, fy, cx, cy'),
    (lambda c: c['extrinsics'].update(R_rect0=[[1, 0], [0, 1]]), 'R_rect0 in .* must be 3 x 3'),
    (lambda c: c['extrinsics'].update(R_rect1='none'), 'extrinsics/R_rect1'),
    (lambda c: c.clear(), 'camRect0'),
])
def test_a_calibration_that_lacks_something_is_told(layouts, tmp_path, change, message):
    content = yaml.safe_load(layouts.CALIBRATION)
    change(content)
    path = tmp_path / 'cam_to_cam.yaml'
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(DatasetError, match=message) as caught:
        infinite_homography(path)
    assert str(path) in str(caught.value)


def test_a_calibration_that_is_none_is_told(tmp_path):
    path = tmp_path / 'cam_to_cam.yaml'
    with pytest.raises(DatasetError, match='is missing'):
        infinite_homography(path)
    for content in (b'[1, 2', b'\xff\xfe\xfd', b'hello'):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=str(path)):
            infinite_homography(path)
