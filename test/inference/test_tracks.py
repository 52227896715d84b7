# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Ids follow objects."""

import numpy as np
import pytest

from eventsam_ros.inference import tracks as tracks_module
from eventsam_ros.inference.tracks import Tracks


def _squares(*places, side=10):
    masks = np.zeros((len(places), 60, 80), np.bool_)
    for mask, (x, y) in zip(masks, places, strict=True):
        mask[y:y + side, x:x + side] = True
    return masks


def test_ids_follow_moving_objects_whatever_their_order():
    tracks = Tracks()
    first = tracks.update(_squares((5, 5), (60, 40)), 0.3, 5)
    assert first.tolist() == [1, 2]
    for step in range(1, 8):
        ids = tracks.update(_squares((60 - 2 * step, 40), (5 + 3 * step, 5)), 0.3, 5)
        assert ids.tolist() == [2, 1]
        assert ids.dtype == np.int32


def test_an_object_that_comes_back_in_time_keeps_its_id():
    tracks = Tracks()
    tracks.update(_squares((5, 5)), 0.3, 3)
    for _ in range(3):
        assert tracks.update(_squares(), 0.3, 3).shape == (0,)
    assert tracks.update(_squares((6, 5)), 0.3, 3).tolist() == [1]


def test_an_object_that_comes_back_too_late_is_new():
    tracks = Tracks()
    tracks.update(_squares((5, 5)), 0.3, 3)
    for _ in range(4):
        tracks.update(_squares(), 0.3, 3)
    assert len(tracks) == 0
    assert tracks.update(_squares((5, 5)), 0.3, 3).tolist() == [2]


def test_memory_of_no_window():
    tracks = Tracks()
    assert tracks.update(_squares((5, 5)), 0.3, 0).tolist() == [1]
    assert tracks.update(_squares((5, 6)), 0.3, 0).tolist() == [1]
    tracks.update(_squares(), 0.3, 0)
    assert tracks.update(_squares((5, 6)), 0.3, 0).tolist() == [2]


def test_two_masks_never_share_an_id():
    tracks = Tracks()
    tracks.update(_squares((20, 20)), 0.1, 5)
    assert tracks.update(_squares((24, 20), (21, 20)), 0.1, 5).tolist() == [2, 1]


def test_distant_masks_are_new_even_without_a_threshold():
    tracks = Tracks()
    tracks.update(_squares((5, 5)), 0.0, 5)
    assert tracks.update(_squares((50, 40)), 0.0, 5).tolist() == [2]


@pytest.mark.parametrize(('shift', 'kept'), [(3, True), (6, False)])
def test_threshold_is_the_iou(shift, kept):
    # 10x10 squares shifted by s share (10 - s) / (10 + s): 0.54 and 0.25.
    tracks = Tracks()
    tracks.update(_squares((20, 20)), 0.3, 5)
    assert (tracks.update(_squares((20 + shift, 20)), 0.3, 5)[0] == 1) == kept


def test_points_are_inside_the_objects_the_latest_first():
    tracks = Tracks()
    assert tracks.points().shape == (0, 2)
    tracks.update(_squares((5, 5), (60, 40)), 0.3, 5)
    tracks.update(_squares((60, 40)), 0.3, 5)
    (late, early) = tracks.points()
    assert np.abs(late - (64.5, 44.5)).max() <= 1
    assert np.abs(early - (9.5, 9.5)).max() <= 1


def test_reset_begins_again_with_one():
    tracks = Tracks()
    tracks.update(_squares((5, 5), (60, 40)), 0.3, 5)
    tracks.reset()
    assert tracks.update(_squares((60, 40)), 0.3, 5).tolist() == [1]


def test_masks_of_another_size_begin_again():
    tracks = Tracks()
    tracks.update(_squares((5, 5), (60, 40)), 0.3, 5)
    assert tracks.update(np.ones((1, 30, 30), np.bool_), 0.3, 5).tolist() == [1]


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(tracks_module, '_MOST', 4)
    tracks = Tracks()
    for step in range(30):
        tracks.update(_squares((2 * step, step)), 0.9, 100)
    assert len(tracks) <= 5


def test_ids_begin_again_at_the_largest_and_skip_those_in_use(monkeypatch):
    monkeypatch.setattr(tracks_module, 'LARGEST_ID', 3)
    tracks = Tracks()
    assert tracks.update(_squares((0, 0), (20, 0)), 0.3, 1).tolist() == [1, 2]
    assert tracks.update(_squares((0, 0), (40, 0)), 0.3, 0).tolist() == [1, 3]
    assert tracks.update(_squares((0, 0), (60, 0)), 0.3, 0).tolist() == [1, 2]


def test_later_changes_of_the_masks_do_not_reach_in():
    tracks = Tracks()
    masks = _squares((5, 5))
    tracks.update(masks, 0.3, 5)
    masks[:] = False
    assert tracks.update(_squares((5, 5)), 0.3, 5).tolist() == [1]
