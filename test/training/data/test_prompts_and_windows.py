# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts, augmentations, cut-outs and shards."""

import cv2
import numpy as np
import pytest

from eventsam_ros.events.tensors import NO_EVENT
from training.data.augment import augment
from training.data.cutouts import Cutouts
from training.data.prompts import Prompts, draw, inner_point, loose_box
from training.data.store import SHARD, Store, write_shards
from training.data.windows import training_windows


def two_objects() -> np.ndarray:
    ids = np.zeros((96, 128), np.uint8)
    ids[20:60, 20:60], ids[40:80, 80:120] = 1, 2
    return ids


def test_the_inner_point_is_deepest():
    mask = np.zeros((50, 60), bool)
    mask[10:31, 20:41] = True
    assert inner_point(mask) == (30.0, 20.0)


@pytest.mark.parametrize('seed', range(20))
def test_positive_points_lie_in_their_object_and_negative_ones_outside(seed):
    prompts = draw(two_objects(), 6, np.random.default_rng(seed))
    for k in range(6):
        for (x, y), label in zip(prompts.coords[k], prompts.labels[k], strict=True):
            inside = prompts.target[k, int(y), int(x)] if label in (0, 1) else None
            if label == 1:
                assert inside or not prompts.is_object[k]
            if label == 0:
                assert not inside
        if not prompts.is_object[k]:
            x, y = prompts.coords[k, 0].astype(int)
            assert two_objects()[y, x] == 0
            assert not prompts.target[k].any()


def test_every_object_is_prompted_when_there_are_prompts_enough():
    prompts = draw(two_objects(), 6, np.random.default_rng(0))
    areas = {int(t.sum()) for t in prompts.target if t.any()}
    assert areas == {1600}
    firsts = {tuple(np.argwhere(t)[0]) for t in prompts.target if t.any()}
    assert len(firsts) == 2


def test_an_exact_box_is_tight_and_a_loose_one_near():
    mask = two_objects() == 2
    assert loose_box(mask, None) == (80.0, 40.0, 120.0, 80.0)
    near = loose_box(mask, np.random.default_rng(0))
    assert np.abs(np.subtract(near, (80, 40, 120, 80))).max() <= 4


def test_joined_prompts_remember_their_picture():
    parts = [draw(two_objects(), n, np.random.default_rng(n)) for n in (2, 3)]
    joined, picture = Prompts.join(parts)
    assert picture.tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_array_equal(joined.coords[2:], parts[1].coords)


@pytest.mark.parametrize('seed', range(10))
def test_augmentations_move_picture_and_ids_together(seed):
    ids = two_objects()
    grey = np.where(ids == 1, 200, np.where(ids == 2, 60, NO_EVENT))
    picture = np.repeat(grey[..., None], 3, 2)
    rng = np.random.default_rng(seed)
    changed, changed_ids = augment(picture.astype(np.uint8), ids, 64, 32, rng)
    assert changed.shape == (32, 64, 3)
    assert changed_ids.any()
    shift = np.abs(changed.astype(int) - NO_EVENT).max(2) > 15
    core = cv2.erode((changed_ids > 0).astype(np.uint8), np.ones((3, 3))) > 0
    grown = cv2.dilate((changed_ids > 0).astype(np.uint8), np.ones((3, 3))) > 0
    # event dropout and noise spare at least half of each
    assert shift[core].mean() > 0.4
    assert shift[~grown].mean() < 0.1


def test_ids_lie_on_the_picture_without_a_shift():
    y, x = np.mgrid[:96, :128]
    ids = ((x - 64) ** 2 + (y - 48) ** 2 < 200).astype(np.uint8)
    picture = np.where(ids[..., None] > 0, 228, NO_EVENT).repeat(3, 2).astype(np.uint8)
    shifts = []
    for seed in range(60):
        changed, changed_ids = augment(picture, ids, 128, 96, np.random.default_rng(seed))
        shown = np.abs(changed[..., 0].astype(int) - NO_EVENT)
        near = cv2.dilate(changed_ids, np.ones((9, 9))) > 0
        rim = np.concatenate([near[0], near[-1], near[:, 0], near[:, -1]])
        if rim.any() or (shown[~near] > 0).any():
            continue  # cut off, or noisy
        shifts.append([
            (v * changed_ids).sum() / changed_ids.sum() - (v * shown).sum() / shown.sum()
            for v in (x, y)])
    assert len(shifts) > 25
    assert np.abs(np.mean(shifts, 0)).max() < 0.1


def test_cutouts_keep_the_photographed_outline_and_texture(tmp_path):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'masks').mkdir()
    photo = np.full((100, 140), 30, np.uint8)
    photo[20:80, 40:100] = 220
    mask = np.where(photo > 100, 255, 0).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'photos' / 'a.jpg'), photo)
    cv2.imwrite(str(tmp_path / 'masks' / 'a.png'), mask)
    cutouts = Cutouts.find({str(tmp_path / 'photos'): str(tmp_path / 'masks')})
    layer = cutouts.layer(np.random.default_rng(0), 0.75)
    # the square object fills 1 / (1 + 2/8) of the side
    assert (layer.outline < 0).mean() == pytest.approx(0.8 ** 2, rel=0.06)
    # rolled by half a tile, the object's brightness is at the tile's corner
    assert layer.texture[0, 0] == pytest.approx((220 / 255) ** 2.2, rel=0.05)


def test_photos_without_masks_are_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match='has a mask'):
        Cutouts.find({str(tmp_path): str(tmp_path)})


def test_windows_are_padded_pictures_with_ids():
    pairs = training_windows(3, 128, 96, None)
    assert pairs
    for picture, ids in pairs:
        assert picture.shape == (96, 128, 3)
        assert ids.shape == (96, 128)
        assert ids.any()
        assert (picture != NO_EVENT).any()


def test_shards_resume_and_repeat(tmp_path, monkeypatch):
    monkeypatch.setattr('training.data.store.SHARD', 4)
    write_shards(tmp_path, 50, range(2), 64, 64, None, 'robust')
    first = (tmp_path / 'shard_0000.npy').read_bytes()
    (tmp_path / 'shard_0000.npy').unlink()
    stamp = (tmp_path / 'shard_0001.npy').stat().st_mtime_ns
    write_shards(tmp_path, 50, range(2), 64, 64, None, 'robust')
    assert (tmp_path / 'shard_0000.npy').read_bytes() == first
    assert (tmp_path / 'shard_0001.npy').stat().st_mtime_ns == stamp
    assert SHARD > 4
    store = Store(tmp_path)
    assert len(store) == 8
    picture, ids = store[1]
    assert picture.shape == (64, 64, 3)
    assert ids.shape == (64, 64)
