# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Photographs under a moving camera: which files, what is seen, and when."""

from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from eventsam_ros.simulation.sensor import SensorConfig
from training.data.camera import Camera, random_camera
from training.data.movers import Mover
from training.data.pair import Settings
from training.data.photos import find_photos
from training.data.sources.photographs import Photographs
from training.data.view import View, luminance, warped

PATTERNS = ['set/photos:labels', 'films/*/frames:masks']
PERFECT = SensorConfig(
    threshold=0.1, spread=0, refractory_us=0, noise_hz=0, hot_pixels=0, dark_level=0.001)


def test_splits_part_the_photos_and_keep_films_whole(photo_root):
    train, held, everything = (
        find_photos(photo_root, PATTERNS, s) for s in ('train', 'held-out', 'all'))
    assert len(everything) == 29
    names = [{p.name for p in part} for part in (train, held, everything)]
    assert names[0] | names[1] == names[2]
    assert not names[0] & names[1]
    assert not {p.group for p in train} & {p.group for p in held}
    assert sum(p.name.startswith('films/a/') and p.held_out for p in everything) in (0, 3)


def test_a_split_depends_on_names_alone(photo_root, tmp_path):
    before = {p.name: p.held_out for p in find_photos(photo_root, PATTERNS, 'all')}
    for name in ('03', '11'):
        for folder in ('photos', 'labels'):
            there = tmp_path / 'set' / folder / f'{name}.png'
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes((photo_root / 'set' / folder / f'{name}.png').read_bytes())
    for photo in find_photos(tmp_path, PATTERNS[:1], 'all'):
        assert photo.held_out == before[photo.name]


def test_photos_that_are_not_there_are_named(photo_root):
    with pytest.raises(FileNotFoundError, match='no photo of nothing:masks'):
        find_photos(photo_root, ['nothing:masks'], 'all')
    with pytest.raises(ValueError, match='FOLDER:MASKS'):
        find_photos(photo_root, ['set/photos'], 'all')
    with pytest.raises(ValueError, match='train, held-out, all'):
        find_photos(photo_root, PATTERNS, 'test')


def test_objects_are_the_connected_parts(tmp_path):
    mask = np.zeros((90, 120), np.uint8)
    mask[10:50, 10:40], mask[60:85, 70:110], mask[5:7, 100:102] = 5, 9, 9
    for folder, array in (('photos', mask), ('labels', mask)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / 'a.png'), array)
    _, ids = find_photos(tmp_path, ['photos:labels'], 'all')[0].read()
    assert ids[20, 20] == 1
    assert ids[70, 80] == 2
    # a speck is no object
    assert sorted(np.unique(ids)) == [0, 1, 2]


def test_luminance_is_that_of_the_formula():
    rgb = np.random.default_rng(0).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    linear = (rgb.astype(np.float64) / 255) ** 2.2
    expected = 0.2126 * linear[..., 0] + 0.7152 * linear[..., 1] + 0.0722 * linear[..., 2]
    np.testing.assert_allclose(luminance(rgb), expected, rtol=1e-5, atol=1e-7)


def sliding(width=120, height=90, scale=1.0, shift=(12.0, 0.0)):
    """Return a camera whose view begins at (40, 30) of the picture at the end."""
    corners = np.asarray([[0, 0], [width, 0], [width, height], [0, height]]) * scale
    begin = np.asarray([40 - 0.5, 30 - 0.5])
    return Camera(width, height, corners + begin, np.asarray(shift), 0.0, 0.0, 0.0)


@pytest.mark.parametrize('scale', [1.0, 0.5])
def test_the_view_is_where_its_corners_say(scale):
    y, x = np.mgrid[:200, :250]
    picture = np.stack([x, y, 0 * x], -1).astype(np.uint8)
    seen = warped(picture, sliding(scale=scale), 1.0)
    column, row = 33, 21
    # pixel areas: sensor pixel c covers [c, c + 1) * scale of the view, which begins at 40
    expected = [40 + (column + 0.5) * scale - 0.5, 30 + (row + 0.5) * scale - 0.5]
    assert np.abs(seen[row, column, :2] - np.asarray(expected)).max() <= 0.5 + 1e-6
    earlier = warped(picture, sliding(scale=scale), 0.0)
    assert np.abs(earlier[row, column, :2] - np.asarray(expected) + [12, 0]).max() <= 0.5 + 1e-6


@pytest.mark.parametrize('shift', [(12.0, 0.0), (-12.0, 0.0)])
def test_events_end_where_the_frame_shows_the_edge(shift):
    # an edge at picture column 100 is at sensor column 60 at the end of the window
    picture = np.full((200, 250, 3), 60, np.uint8)
    picture[:, 100:] = 220
    camera = sliding(shift=shift)
    window = View(picture, picture[..., 0], camera).window(
        PERFECT, np.random.default_rng(0))
    e = window.events
    share = (e.t - window.t_start) / (window.t_end - window.t_start)
    assert 0 <= share.min() < 0.1
    assert 0.9 < share.max() <= 1
    frame = warped(picture, camera, 1.0)
    assert (frame[45, :60, 0] < 100).all()
    assert (frame[45, 60:, 0] > 180).all()
    # the camera moves by `shift` over the picture, so the edge comes from 60 + shift
    np.testing.assert_allclose(
        e.x, 60 - 0.5 + shift[0] * (1 - share), atol=1.6)
    # moving right makes dark pixels bright
    assert (e.p == (1 if shift[0] > 0 else 0)).all()


@pytest.mark.parametrize('seed', range(30))
def test_random_cameras_move_evenly_and_little(seed):
    rng = np.random.default_rng(seed)
    camera = random_camera(rng, 346, 260, 512, 340, (200.0, 170.0))
    scale = np.linalg.norm(camera.corners[1] - camera.corners[0]) / 346
    path = np.stack([camera.corners_at(t) for t in np.linspace(0, 1, 11)]) / scale
    steps = np.linalg.norm(np.diff(path, axis=0), axis=-1)
    assert 0.3 < np.linalg.norm(path[-1] - path[0], axis=-1).max() < 60
    assert steps.max() < 4 * steps.mean() + 0.2
    np.testing.assert_allclose(camera.corners_at(1.0), camera.corners)
    assert camera.path == pytest.approx(np.linalg.norm(path[-1] - path[0], axis=-1).max())


def test_pairs_keep_colours_and_masks_fit_them(photo_root):
    photos = find_photos(photo_root, PATTERNS, 'train')
    source = Photographs(5, 64, photos, 'train')
    pairs = list(islice(source.pairs(0, Settings(96, 96)), 8))
    assert len({p.name for p in pairs}) == 8
    # before the last / is the photo, or the film
    assert {p.name.rpartition('/')[0] for p in pairs} <= {f'photos/{p.group}' for p in photos}
    for pair in pairs:
        rows = pair.content[1]
        frame, ids = pair.frame[:rows].astype(int), pair.ids[:rows]
        # the discs are (20, 60, 220) in RGB, and only they have a colour
        blue = frame[..., 2] - frame[..., 0] > 100
        inner = cv2.erode((ids > 0).astype(np.uint8), np.ones((5, 5))) > 0
        assert blue[inner].mean() > 0.99
        assert ids.any()
        # every disc that is labelled is labelled as a whole
        for i in np.unique(ids[ids > 0]):
            grown = cv2.dilate((ids == i).astype(np.uint8), np.ones((5, 5))) > 0
            assert grown[blue & (ids == i)].all()
        assert (pair.picture[:rows] != 128).any()


def square_mover(shift, turn=0.0):
    """Return a bright square of 21 pixels whose centre is at (70, 40) at the end."""
    return Mover(np.full((21, 21, 3), 230, np.uint8), np.ones((21, 21), np.float32), (70.0, 40.0),
                 0.0, shift, turn, 0.0)


def dark(movers):
    picture = np.full((200, 250, 3), 40, np.uint8)
    behind = np.zeros((200, 250), np.uint8)
    behind[60:80, 60:80] = 4
    return View(picture, behind, sliding(shift=(0.0, 0.0)), movers)


def test_a_mover_is_at_its_place_in_frame_and_ids():
    view = dark((square_mover((15.0, 0.0)),))
    y, x = np.mgrid[:90, :120]
    inside = (np.abs(x - 70) <= 10) & (np.abs(y - 40) <= 10)
    np.testing.assert_array_equal(view.frame().max(2), np.where(inside, 230, 40))
    np.testing.assert_array_equal(view.frame().min(2), np.where(inside, 230, 40))
    # what lies behind is at 20 to 40 of both, since the view begins at (40, 30)
    expected = np.where((x >= 20) & (x < 40) & (y >= 30) & (y < 50), 4, 0)
    np.testing.assert_array_equal(view.ids(), np.where(inside, 5, expected))


def test_only_what_moves_by_itself_gives_events_before_a_still_camera():
    window = dark((square_mover((15.0, 0.0)),)).window(PERFECT, np.random.default_rng(0))
    e = window.events
    share = (e.t - window.t_start) / (window.t_end - window.t_start)
    # to the right: the right edge brightens, the left one darkens, both on their way to the end
    on = e.p == 1
    assert 0.3 < on.mean() < 0.7
    np.testing.assert_allclose(e.x[on], 80.5 - 15 * (1 - share[on]), atol=1.6)
    np.testing.assert_allclose(e.x[~on], 59.5 - 15 * (1 - share[~on]), atol=1.6)
    assert 29 <= e.y.min() <= e.y.max() <= 51


def test_the_path_of_a_mover_is_no_shorter_than_its_corners_ways():
    for shift, turn in (((9.0, -5.0), 0.0), ((2.0, 1.0), 0.4)):
        mover = square_mover(shift, turn)
        corners = np.asarray([[0, 0, 1], [20, 0, 1], [20, 20, 1], [0, 20, 1.0]])
        ways = corners @ (mover.to_sensor(1.0) - mover.to_sensor(0.0)).T
        longest = np.linalg.norm(ways, axis=1).max()
        assert longest <= mover.path <= 1.6 * longest + 1


def test_photos_with_movers_show_more_objects(photo_root):
    photos = find_photos(photo_root, PATTERNS, 'train')
    plain, moved = (
        list(islice(Photographs(5, 64, photos, 'train', share).pairs(0, Settings(96, 96)), 8))
        for share in (0.0, 1.0))
    objects = [sum(len(np.unique(p.ids)) - 1 for p in pairs) for pairs in (plain, moved)]
    assert objects[1] > objects[0]


def test_the_same_seed_gives_the_same_bytes(photo_root):
    photos = find_photos(photo_root, PATTERNS, 'train')
    source, settings = Photographs(5, 64, photos, 'train'), Settings(64, 64)
    first, again, other = (
        list(islice(s.pairs(0, settings), 3)) for s in (source, source, replace(source, seed=6)))
    for a, b, c in zip(first, again, other, strict=True):
        for name in ('picture', 'frame', 'ids'):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert (a.picture != c.picture).any()
