# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clicks go where the events are."""

import cv2
import numpy as np
import pytest

from eventsam_ros.inference.proposals import event_points, grid_points, inner_points


def _blobs(*places, radius=5):
    events = np.zeros((72, 96), np.float32)
    for column, row, strength in places:
        disc = cv2.circle(np.zeros_like(events), (column, row), radius, 1.0, -1)
        events += strength * disc
    return events


def test_every_blob_gets_its_click_and_no_more_are_spent():
    places = [(15, 15, 3), (80, 15, 9), (15, 60, 1), (80, 60, 5), (48, 36, 2)]
    points = event_points(_blobs(*places), 8)
    assert len(points) == 5
    near = np.array([[np.hypot(*(p - place[:2])) < 5 for place in places] for p in points])
    assert near.any(1).all()
    assert near.any(0).all()


def test_the_busiest_place_comes_first():
    points = event_points(_blobs((20, 20, 1), (70, 50, 8)), 4)
    assert np.hypot(*(points[0] - (70, 50))) < 3


def test_even_noise_draws_no_click_away_from_what_stands_out():
    noise = np.random.default_rng(7).poisson(3, (72, 96)).astype(np.float32)
    points = event_points(noise + _blobs((20, 20, 9), (70, 50, 9)), 2)
    assert {bool(np.hypot(*(p - (20, 20))) < 6) for p in points} == {True, False}
    assert {bool(np.hypot(*(p - (70, 50))) < 6) for p in points} == {True, False}


def test_no_click_where_nothing_happens():
    points = event_points(_blobs((30, 40, 5)), 64)
    assert 1 <= len(points) < 64
    assert (np.hypot(*(points - (30, 40)).T) < 12).all()
    assert event_points(np.zeros((72, 96), np.float32), 16).shape == (0, 2)
    assert event_points(_blobs((30, 40, 5)), 0).shape == (0, 2)


def test_what_is_clicked_already_is_left_alone():
    events = _blobs((20, 20, 5), (70, 50, 5))
    (point,) = event_points(events, 1, taken=np.array([[20, 20]], np.float32))
    assert np.hypot(*(point - (70, 50))) < 5


def test_points_do_not_crowd_and_are_inside():
    rng = np.random.default_rng(6)
    points = event_points(rng.random((72, 96)).astype(np.float32), 16)
    assert len(points) == 16
    apart = np.hypot(*(points[:, None] - points[None]).T) + 1e3 * np.eye(16)
    assert apart.min() > 5
    assert (points >= 0).all()
    assert (points < (96, 72)).all()


def test_grid_is_sams():
    # build_point_grid(2): 0.25 and 0.75 of each side; a pixel's centre is half a pixel on.
    expected = [[24.5, 9.5], [74.5, 9.5], [24.5, 29.5], [74.5, 29.5]]
    assert grid_points(2, 100, 40).tolist() == expected


@pytest.mark.parametrize('seed', range(5))
def test_inner_point_is_farthest_from_the_border(seed):
    rng = np.random.default_rng(seed)
    mask = cv2.GaussianBlur(rng.normal(size=(20, 24)).astype(np.float32), (0, 0), 2) > 0
    (point,) = inner_points(mask[None])
    outside = np.argwhere(~np.pad(mask, 1)) - 1

    def depth(row, column):
        return np.min(np.hypot(outside[:, 0] - row, outside[:, 1] - column))

    deepest = max(depth(*place) for place in np.argwhere(mask))
    column, row = point.astype(int)
    assert mask[row, column]
    # The 3x3 distance transform is an approximation within 5 %.
    assert depth(row, column) >= 0.9 * deepest


def test_no_masks_no_inner_points():
    assert inner_points(np.zeros((0, 5, 5), np.bool_)).shape == (0, 2)
