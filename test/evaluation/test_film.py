# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A film runs as time did, and its moments are spread over the run."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.film import Film

MS = 1_000_000


def picture(level, size=(48, 64)):
    return np.full((*size, 3), level, np.uint8)


def test_each_picture_stays_until_the_next(tmp_path):
    film = Film(tmp_path / 'f.mp4', fps=20)
    for time_ms, level in ((0, 0), (100, 250), (400, 0)):
        film.add(time_ms * MS, picture(level))
    film.close()
    video = cv2.VideoCapture(str(tmp_path / 'f.mp4'))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1].mean() > 125)
    # 20 frames a second: 2 until 100 ms, 6 until 400 ms, and the last one.
    assert frames == [False] * 2 + [True] * 6 + [False]
    assert film.frames == 9


def test_a_stamp_that_goes_back_does_not_stop_the_film(tmp_path):
    film = Film(tmp_path / 'f.mp4')
    for time_ms in (0, 500, 100, 600):
        film.add(time_ms * MS, picture(9))
    film.close()
    assert film.pictures == 4
    assert film.frames == 13


def test_pictures_of_another_size_are_fitted(tmp_path):
    film = Film(tmp_path / 'f.mp4')
    film.add(0, picture(1))
    film.add(50 * MS, picture(1, (96, 128)))
    film.close()
    assert all(p.shape == (48, 64, 3) for _, p in film.moments())


@pytest.mark.parametrize('count', [1, 5, 12, 500])
def test_moments_are_at_most_twelve_and_spread_over_the_run(tmp_path, count):
    film = Film(tmp_path / 'f.mp4')
    for k in range(count):
        film.add(k * 50 * MS, picture(k % 250))
    film.close()
    seconds = [second for second, _ in film.moments()]
    assert len(seconds) == min(count, 12)
    assert seconds == sorted(seconds)
    assert seconds[0] == 0
    if count > 1:
        assert seconds[-1] > 0.8 * (count - 1) * 0.05


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(EventsamError, match='cannot be written'):
        Film(tmp_path / 'missing' / 'f.mp4').add(0, picture(0))
