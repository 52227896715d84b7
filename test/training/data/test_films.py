# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Films as pairs: which frames, what lies between them, and what is left out."""

from itertools import islice

import cv2
import numpy as np
import pytest

from training.__main__ import main
from training.data.between import Between
from training.data.films import find_films
from training.data.pair import Settings
from training.data.pairs import PairStore
from training.data.sources.filmed import Filmed


def texture(height, width, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float64)
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


BACKGROUND, OBJECT = texture(200, 300, 1), texture(60, 60, 2)


def scene(t):
    """Return a picture at time t: the background slides by (-3, 2), a square by (8, 0)."""
    place = np.asarray([[1, 0, -20 - 3 * t], [0, 1, -20 + 2 * t]], float)
    seen = cv2.warpAffine(BACKGROUND, place, (240, 150))
    # dark behind, bright in front
    seen = 60 + 60 * seen
    there = np.asarray([[1, 0, 80 + 8 * t], [0, 1, 50]], float)
    cover = cv2.warpAffine(np.ones((60, 60)), there, (240, 150))
    front = 140 + 90 * cv2.warpAffine(OBJECT, there, (240, 150))
    grey = np.rint(seen + cover * (front - seen)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2), (cover > 0.5).astype(np.uint8) * np.uint8(255)


@pytest.fixture(scope='session')
def film_root(tmp_path_factory):
    """Write the scene as frames (masks for all but the fourth) and as a video; and a cut."""
    root = tmp_path_factory.mktemp('films')
    for folder in ('a/frames', 'a/masks', 'cut/frames'):
        (root / folder).mkdir(parents=True)
    size = (240, 150)
    writer = cv2.VideoWriter(
        str(root / 'b.avi'), cv2.VideoWriter_fourcc(*'MJPG'), 24, size)
    for k in range(6):
        picture, mask = scene(k)
        cv2.imwrite(str(root / f'a/frames/{k:05d}.png'), picture)
        writer.write(picture)
        if k != 3:
            cv2.imwrite(str(root / f'a/masks/{k:05d}.png'), mask)
    writer.release()
    for k in range(2):
        other = texture(150, 240, 40 + k)
        cv2.imwrite(str(root / f'cut/frames/{k}.png'), np.rint(255 * other).astype(np.uint8))
    return root


def test_the_ends_are_the_frames_and_the_middle_is_the_scene():
    first, middle, second = (scene(t)[0] for t in (0, 0.5, 1))
    between = Between(first, second)
    maps = [p[..., 0].astype(np.float32) for p in (first, middle, second)]
    np.testing.assert_array_equal(between.at(maps[0], maps[2], 0.0), maps[0])
    np.testing.assert_array_equal(between.at(maps[0], maps[2], 1.0), maps[2])
    error = np.abs(between.at(maps[0], maps[2], 0.5) - maps[1])[10:-10, 10:-10]
    mixed = np.abs((maps[0] + maps[2]) / 2 - maps[1])[10:-10, 10:-10]
    # but for what is hidden in one of the frames
    assert np.median(error) < 0.6
    assert error.mean() < 0.35 * mixed.mean()
    assert between.mismatch < 3
    assert 2.5 < between.path < 9


def test_a_cut_does_not_fit():
    first, second = (np.repeat(np.rint(255 * texture(150, 240, k))[..., None], 3, 2)
                     .astype(np.uint8) for k in (50, 51))
    assert Between(first, second).mismatch > 12


def test_frames_are_read_with_the_masks_there_are(film_root):
    film, = find_films(film_root, ['a/frames:masks'], 'all')
    assert (film.group, film.count) == ('a', 6)
    for k in range(5):
        first, second, ids = film.read(k)
        np.testing.assert_array_equal(first, scene(k)[0])
        np.testing.assert_array_equal(second, scene(k + 1)[0])
        if k + 1 == 3:
            assert ids is None
        else:
            np.testing.assert_array_equal(ids, scene(k + 1)[1] // 255)


def test_videos_are_read_frame_by_frame(film_root):
    film, = find_films(film_root, ['*.avi'], 'all')
    assert (film.group, film.count) == ('b.avi', 6)
    for k in (4, 0, 2):
        first, second, ids = film.read(k)
        assert ids is None
        for found, t in ((first, k), (second, k + 1)):
            assert np.abs(found.astype(int) - scene(t)[0]).mean() < 3
            # and no other frame
            assert np.abs(found.astype(int) - scene(t + 1)[0]).mean() > 3
    with pytest.raises(FileNotFoundError, match='no frames 9 and 10'):
        film.read(9)


def test_what_is_no_film_is_told(film_root):
    with pytest.raises(FileNotFoundError, match='no film of nothing'):
        find_films(film_root, ['nothing'], 'all')
    with pytest.raises(FileNotFoundError, match='no film of a/frames/00000'):
        find_films(film_root, ['a/frames/00000.png'], 'all')
    with pytest.raises(ValueError, match='train, held-out, all'):
        find_films(film_root, ['*.avi'], 'test')


def test_a_pair_is_the_later_frame_with_what_led_to_it(film_root):
    films = find_films(film_root, ['a/frames:masks'], 'all')
    pairs = list(islice(Filmed(1, 64, films, 'all').pairs(0, Settings(96, 96)), 6))
    assert {p.name.rpartition('/')[0] for p in pairs} == {'photos/a'}
    labelled = [p for p in pairs if p.labelled]
    assert labelled
    for pair in labelled:
        rows = pair.content[1]
        grey, ids = pair.frame[:rows, :, 0], pair.ids[:rows]
        core = cv2.erode(ids, np.ones((5, 5))) > 0
        grown = cv2.dilate(ids, np.ones((5, 5))) > 0
        assert (grey[core] > 130).all()
        assert (grey[~grown] < 130).all()
        # the left and right edges of the square, as they are at the end, have events in the
        # last third of the window
        late = np.abs(pair.picture[:rows, :, 2].astype(int) - 128) > 20
        rim = grown & ~(cv2.erode(ids, np.ones((3, 3))) > 0)
        assert late[rim].mean() > late[~grown].mean()


def test_the_same_seed_gives_the_same_bytes(film_root):
    films = find_films(film_root, ['a/frames:masks', '*.avi'], 'all')
    first, again = (
        list(islice(Filmed(2, 64, films, 'all').pairs(0, Settings(64, 64)), 3))
        for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert a.name == b.name
        np.testing.assert_array_equal(a.picture, b.picture)
        np.testing.assert_array_equal(a.frame, b.frame)


def test_cuts_are_left_out_and_nothing_but_cuts_is_an_error(film_root, monkeypatch):
    monkeypatch.setattr('training.data.sources.filmed._TRIES', 10)
    films = find_films(film_root, ['cut/frames'], 'all')
    with pytest.raises(FileNotFoundError, match='nothing moves'):
        next(Filmed(1, 64, films, 'all').pairs(0, Settings(64, 64)))


def test_the_command_writes_films(film_root, tmp_path):
    assert main(['pairs', str(tmp_path), '--source', 'films', '--photo-root', str(film_root),
                 '--photos', 'a/frames:masks', '--photos', '*.avi', '--split', 'all',
                 '--count', '4', '--size', '64x48', '--jobs', '1']) == 0
    assert len(PairStore(tmp_path)) == 4
