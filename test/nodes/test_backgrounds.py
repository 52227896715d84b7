# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks are drawn over the picture of their own moment, not over the newest."""

import numpy as np

from eventsam_ros.nodes.backgrounds import KEPT, Backgrounds

MS = 1_000_000


def picture(level):
    return np.full((4, 6, 3), level, np.uint8)


def test_the_picture_of_the_moment_is_found():
    backgrounds = Backgrounds()
    for k in range(5):
        backgrounds.add(k * 50 * MS, picture(k))
    assert backgrounds.at(100 * MS)[0, 0, 0] == 2
    assert backgrounds.at(130 * MS)[0, 0, 0] == 3


def test_a_picture_that_is_too_far_away_is_none():
    backgrounds = Backgrounds()
    assert backgrounds.at(0) is None
    backgrounds.add(0, picture(1))
    assert backgrounds.at(51 * MS) is None
    backgrounds.clear()
    assert backgrounds.at(0) is None


def test_memory_is_bounded():
    backgrounds = Backgrounds()
    for k in range(KEPT + 5):
        backgrounds.add(k * 100 * MS, picture(k))
    assert backgrounds.at(4 * 100 * MS) is None
    assert backgrounds.at(5 * 100 * MS)[0, 0, 0] == 5
