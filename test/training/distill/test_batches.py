# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Step k gives the same batch in every run, however many processes share it."""

from dataclasses import fields

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')
import torch

from training.data.pairs import views
from training.data.prompts import draw
from training.distill.batches import Batch, BatchMaker, Loader, busy_cells, content_cells, shares
from training.distill.cache import WEIGHTINGS, TeacherCache
from training.distill.recipe import make_recipe
from training.distill.split import split


@pytest.fixture
def everything(content):
    """A recipe that needs all that a batch can hold."""
    return make_recipe({**content, 'loss': {
        'tokens': 1, 'weighting': 'clean', 'embedding': 1, 'prompts': 1, 'masks': 1,
        'mixing': 0.5}}, 'r')


@pytest.fixture
def maker(everything, make_teacher, cache_folder):
    pairs, _ = split(everything)
    cache = TeacherCache(cache_folder, make_teacher(), taps=True)
    cache.fill(pairs.stores, 2)
    return lambda *share: BatchMaker(everything, pairs, cache, *share)


def parts(batch):
    found = {f.name: getattr(batch, f.name) for f in fields(Batch)}
    return {name: t for name, t in found.items() if t is not None}


def test_two_processes_share_the_batch_of_one(maker):
    whole = parts(maker().make(7))
    halves = [parts(maker(rank, 2).make(7)) for rank in (0, 1)]
    assert set(whole) == {f.name for f in fields(Batch)}
    for name, tensor in whole.items():
        assert torch.equal(tensor, torch.cat([h[name] for h in halves])), name


def test_a_step_is_the_same_in_every_run_and_other_steps_differ(maker):
    one, again, other = (parts(m.make(k)) for m, k in ((maker(), 3), (maker(), 3), (maker(), 4)))
    for name, tensor in one.items():
        assert torch.equal(tensor, again[name]), name
    assert not torch.equal(one['pictures'], other['pictures'])


def test_every_epoch_shows_each_pair_once_in_another_order(everything, maker):
    made = maker()
    total = len(made._pairs)
    order = [made._index(k // everything.batch, k % everything.batch) for k in range(2 * total)]
    assert sorted(order[:total]) == sorted(order[total:]) == list(range(total))
    assert order[:total] != order[total:]


def test_the_teacher_has_seen_the_view_that_the_student_sees(
        content, make_teacher, cache_folder):
    recipe = make_recipe({**content, 'augment': False, 'loss': {
        'tokens': 1, 'weighting': 'clean', 'mixing': 0.1}}, 'r')
    pairs, _ = split(recipe)
    cache = TeacherCache(cache_folder, make_teacher(), taps=True)
    cache.fill(pairs.stores, 2)
    maker = BatchMaker(recipe, pairs, cache)
    batch = maker.make(0)
    versions = []
    for place in range(recipe.batch):
        index = maker._index(0, place)
        seen = [views(pairs[index], v) for v in (0, 1)]
        version = next(
            v for v in (0, 1) if np.array_equal(batch.frames[place], seen[v].frame))
        versions.append(version)
        assert np.array_equal(batch.pictures[place], seen[version].picture)
        kept = cache.read(*_where(pairs, index), version)
        assert np.array_equal(batch.embedding[place], kept.embedding)
        assert np.array_equal(batch.taps[place], kept.taps)
        assert np.array_equal(batch.weights[place], kept.weights[WEIGHTINGS.index('clean')])
    assert set(versions) == {0, 1}


def _where(pairs, index):
    store, row = pairs.place(index)
    return pairs.stores[store], row


def test_pairs_without_labels_have_no_known_masks(content, world):
    recipe = make_recipe({
        **content, 'data': [str(world / 'unlabelled'), str(world / 'pairs')],
        'loss': {'tokens': 0, 'masks': 1}}, 'r')
    pairs, _ = split(recipe)
    maker = BatchMaker(recipe, pairs, None)
    kinds = set()
    for step in range(20):
        batch = maker.make(step)
        for place in range(recipe.batch):
            labelled = pairs[maker._index(step, place)].labelled
            kinds.add(labelled)
            known = batch.known.reshape(recipe.batch, -1)[place]
            assert known.all() == labelled
            assert known.any() == labelled
    assert kinds == {True, False}


@pytest.mark.parametrize('content', [(96, 64), (81, 50), (64, 16), (1, 1)])
def test_cells_with_content_are_those_that_it_touches(content):
    found = content_cells(content, 64, 96, 16)
    for row in range(4):
        for column in range(6):
            touched = column * 16 < content[0] and row * 16 < content[1]
            assert found[0, row, column] == touched


@pytest.mark.parametrize('representation', ['robust', 'eventsam'])
def test_cells_with_events_equal_a_naive_loop(representation):
    rng = np.random.default_rng(0)
    quiet = 128 if representation == 'robust' else 90
    picture = np.full((64, 96, 3), quiet, np.uint8)
    for _ in range(12):
        picture[rng.integers(64), rng.integers(96), rng.integers(3)] = rng.integers(256)
    picture[50:] = 128   # padding
    picture[:, 80:] = 128
    wanted = np.zeros((4, 6), bool)
    for y in range(50):
        for x in range(80):
            wanted[y // 16, x // 16] |= bool((picture[y, x] != quiet).any())
    np.testing.assert_array_equal(busy_cells(picture, representation, (80, 50)), wanted)


def test_shares_of_cells_equal_a_naive_loop():
    masks = np.random.default_rng(0).random((2, 8, 12)) > 0.5
    found = shares(masks)
    for n in range(2):
        for row in range(2):
            for column in range(3):
                cell = masks[n, 4 * row:4 * row + 4, 4 * column:4 * column + 4]
                assert found[n, row, column] == sum(cell.ravel().tolist()) / 16


def test_labelled_prompts_are_those_of_the_objects(content):
    recipe = make_recipe(
        {**content, 'augment': False, 'views': 1, 'loss': {'tokens': 0, 'masks': 1}}, 'r')
    pairs, _ = split(recipe)
    maker = BatchMaker(recipe, pairs, None)
    batch = maker.make(2)
    for place in range(recipe.batch):
        rng = np.random.default_rng([recipe.seed, 2, place, 1])
        rng.integers(recipe.views)
        ids = pairs[maker._index(2, place)].ids
        wanted = draw(ids, recipe.prompts, rng)
        rows = slice(place * recipe.prompts, (place + 1) * recipe.prompts)
        assert np.array_equal(batch.coords[rows], wanted.coords)
        assert np.array_equal(batch.is_object[rows], wanted.is_object)
        whole = wanted.target.sum((1, 2)) / 16
        np.testing.assert_allclose(batch.target[rows].sum((1, 2)), whole, rtol=1e-6)


def test_the_loader_gives_the_steps_in_order_and_ends(maker):
    made = maker()
    loader = Loader(made, 2, 9, workers=3)
    try:
        for step in range(2, 9):
            assert torch.equal(loader.next().pictures, made.make(step).pictures)
        with pytest.raises(IndexError):
            loader.next()
    finally:
        loader.close()


def test_what_goes_wrong_in_a_thread_is_raised_by_next(maker, monkeypatch):
    made = maker()

    def fail(step):
        raise OSError(f'step {step} cannot be read')

    monkeypatch.setattr(made, 'make', fail)
    loader = Loader(made, 5, 9, workers=1)
    try:
        with pytest.raises(OSError, match='step 5 cannot be read'):
            loader.next()
    finally:
        loader.close()
