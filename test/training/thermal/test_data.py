# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of the three public layouts, splits, and batches made of them."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from eventsam_ros.evaluation.datasets import class_tables
from eventsam_ros.evaluation.datasets.registry import open_dataset
from training.errors import RecipeError
from training.thermal import pictures
from training.thermal.batches import BatchMaker, augmented, normalised, sized
from training.thermal.pictures import read_split, read_training
from training.thermal.recipe import Augmentation, PictureChoice

import torch  # isort: skip  (conftest skips where there is none)


def choice(path, kind, **options):
    return PictureChoice(path=path, format=kind, **options)


def same(pairs, dataset):
    samples = list(dataset.sequences[0].samples())
    assert pairs.names == tuple(s.name for s in samples)
    for k, sample in enumerate(samples):
        np.testing.assert_array_equal(pairs.rgb[k], sample.image)
        np.testing.assert_array_equal(pairs.labels[k], sample.labels)


def test_mfnet_trains_and_validates_on_its_own_lists(layouts, tmp_path):
    root = layouts.write_mfnet(tmp_path / 'mfnet')
    (root / 'val.txt').write_text('00001D\n')
    training, validation = read_training(choice(root, 'mfnet'))
    same(training, open_dataset(root, 'mfnet', split='train'))
    same(validation, open_dataset(root, 'mfnet', split='val'))
    assert training.classes == class_tables.MFNET_9
    four = layouts.rng(0).integers(0, 256, (24, 32, 4)).astype(np.uint8)
    np.testing.assert_array_equal(validation.thermal[0], four[..., 3])


@pytest.mark.parametrize('flat', [False, True])
def test_pst900_keeps_the_order_of_its_own_code(layouts, tmp_path, flat):
    root = layouts.write_pst900(tmp_path / 'pst900', flat)
    pairs = read_split(choice(root, 'pst900'), 'train')
    same(pairs, open_dataset(root, 'pst900', split='train'))
    assert pairs.classes.names[1:4] == ('fire-extinguisher', 'backpack', 'hand-drill')
    raw = read_split(choice(root, 'pst900', options={'thermal': 'raw'}), 'test')
    assert raw.thermal.dtype == np.uint8
    assert raw.thermal.max() == 255


@pytest.mark.parametrize('flat', [False, True])
def test_fmb_in_both_conventions(layouts, tmp_path, flat):
    root = layouts.write_fmb(tmp_path / 'fmb', flat)
    fifteen = read_split(choice(root, 'fmb'), 'test')
    fourteen = read_split(choice(root, 'fmb', options={'classes': '14'}), 'test')
    assert (len(fifteen.classes), len(fourteen.classes)) == (15, 14)
    labels = fifteen.labels.astype(int)
    np.testing.assert_array_equal(
        fourteen.labels, np.where(labels == 0, 255, labels - 1))
    assert fifteen.classes.names[1:] == fourteen.classes.names


def test_palettes_are_the_published_ones():
    # the sheet's lists: MFNet in RGB, FMB as its code has it in BGR
    assert class_tables.MFNET_9.colours == (
        (0, 0, 0), (64, 0, 128), (64, 64, 0), (0, 128, 192), (0, 0, 192), (128, 128, 0),
        (64, 64, 128), (192, 128, 128), (192, 64, 0))
    bgr = ((0, 0, 0), (228, 228, 179), (133, 57, 181), (177, 162, 67), (50, 178, 200),
           (199, 45, 132), (84, 172, 66), (79, 73, 179), (166, 99, 76), (253, 121, 66),
           (91, 165, 137), (152, 97, 155), (140, 153, 105), (158, 215, 222), (90, 113, 135))
    assert class_tables.FMB_15.colours == tuple((r, g, b) for b, g, r in bgr)
    assert class_tables.FMB_14.colours == class_tables.FMB_15.colours[1:]


def test_without_a_validation_list_a_share_is_held_out_and_never_the_test(streets):
    training, validation = read_training(choice(streets, 'mfnet', validation='', share=0.4))
    whole = read_split(choice(streets, 'mfnet'), 'train')
    assert sorted(training.names + validation.names) == sorted(whole.names)
    assert training.names
    assert validation.names
    assert len(training.spread(2)) == 2
    with pytest.raises(RecipeError, match='split test is a test split'):
        read_training(choice(streets, 'mfnet', validation='test'))
    with pytest.raises(RecipeError, match='leaves nothing'):
        read_training(choice(streets, 'mfnet', train='val', validation='', share=0.01))
    with pytest.raises(RecipeError, match='does not exist'):
        read_training(choice(streets / 'none', 'mfnet'))


def test_pictures_in_a_cache_are_the_same(streets, tmp_path):
    plain = read_split(choice(streets, 'mfnet'), 'train')
    for _ in range(2):   # written, then read
        kept = read_split(choice(streets, 'mfnet'), 'train', tmp_path)
        assert kept.names == plain.names
        for part in ('rgb', 'thermal', 'labels'):
            np.testing.assert_array_equal(getattr(kept, part), getattr(plain, part))
    other = read_split(choice(streets, 'mfnet'), 'test', tmp_path)
    assert other.names != plain.names


def test_a_cache_that_another_process_fills_is_waited_for(streets, tmp_path, monkeypatch):
    plain, original = read_split(choice(streets, 'mfnet'), 'train'), pictures._fill
    calls, found, both = [], [], threading.Barrier(2, timeout=60)

    def fill(*arguments):
        calls.append(1)
        time.sleep(0.5)   # the other one comes while nothing is there yet
        original(*arguments)
    monkeypatch.setattr(pictures, '_fill', fill)

    def read():
        both.wait()
        found.append(read_split(choice(streets, 'mfnet'), 'train', tmp_path))
    workers = [threading.Thread(target=read) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(calls) == 1
    for kept in found:
        assert kept.names == plain.names
        np.testing.assert_array_equal(kept.labels, plain.labels)


def marked():
    """A pair in which both pictures and the labels say the same at every place."""
    labels = (np.arange(48 * 64).reshape(48, 64) // 97 % 9).astype(np.uint8)
    return np.repeat(labels[..., None] * 20, 3, 2), labels * 20, labels


@pytest.mark.parametrize('seed', range(6))
def test_the_parts_of_a_pair_are_changed_alike(seed):
    rng = np.random.default_rng(seed)
    picture = Augmentation(jitter=0, blur=0, scale=(1.0, 1.0))
    rgb, thermal, labels, inside = augmented(marked(), picture, 64, 48, rng)
    assert inside.all()
    np.testing.assert_array_equal(rgb[..., 0], labels * 20)
    np.testing.assert_array_equal(thermal, labels * 20)
    mirrored = np.array_equal(labels, marked()[2][:, ::-1])
    assert mirrored or np.array_equal(labels, marked()[2])


def test_padding_never_counts():
    picture = Augmentation(jitter=1, blur=1, scale=(0.5, 0.5))
    rgb, thermal, labels, inside = augmented(marked(), picture, 64, 64, np.random.default_rng(0))
    # 64 x 48 fitted to cover 64 x 64, then halved: 43 x 32
    assert inside.sum() == 43 * 32
    assert (labels[~inside] == 255).all()
    assert (labels[inside] != 255).all()
    values = normalised(torch.from_numpy(rgb.copy())[None], torch.from_numpy(inside.copy())[None],
                        torch.tensor([100.0, 110.0, 120.0]), torch.tensor([50.0, 60.0, 70.0]))
    assert not values[0, :, ~torch.from_numpy(inside.copy())].any()
    y, x = np.argwhere(inside)[5]
    np.testing.assert_allclose(
        values[0, :, y, x], (rgb[y, x] - [100.0, 110, 120]) / [50, 60, 70], rtol=1e-5)
    assert thermal.dtype == np.uint8


def test_a_whole_picture_lies_at_the_top_left():
    rgb, _, labels, inside = sized(marked(), (32, 24), (32, 48))
    assert rgb.shape == (32, 48, 3)
    assert inside[:24, :32].all()
    assert inside.sum() == 24 * 32
    assert (labels[~inside] == 255).all()


def test_batches_are_a_matter_of_seed_step_and_place(recipe, streets):
    pairs = read_split(choice(streets, 'mfnet'), 'train')
    one, again = (BatchMaker(recipe(), pairs).make(3) for _ in range(2))
    for name in ('rgb', 'thermal', 'labels', 'inside', 'present'):
        assert torch.equal(getattr(one, name), getattr(again, name))
    halves = [BatchMaker(recipe(), pairs, rank, 2).make(3) for rank in (0, 1)]
    assert torch.equal(torch.cat([h.rgb for h in halves]), one.rgb)
    other = BatchMaker(recipe('seed=1'), pairs).make(3)
    assert not torch.equal(one.rgb, other.rgb)


def test_pictures_go_missing_as_often_as_said_and_never_both(recipe, streets):
    pairs = read_split(choice(streets, 'mfnet'), 'train')
    maker = BatchMaker(recipe('missing=0.5', 'batch=8'), pairs)
    present = torch.cat([maker.make(step).present for step in range(40)])
    assert (present.sum(1) >= 1).all()
    gone = present.sum(1) == 1
    assert 0.4 < float(gone.float().mean()) < 0.6
    assert 0.35 < float(present[gone][:, 0].mean()) < 0.65
    whole = BatchMaker(recipe('missing=0'), pairs).make(0).present
    assert (whole == 1).all()
