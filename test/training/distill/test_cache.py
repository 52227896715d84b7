# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The teacher's outputs on disk are what the teacher says, and are computed once."""

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')
import torch

from training.data.pairs import PairStore, views
from training.distill.cache import WEIGHTINGS, TeacherCache, look
from training.errors import RecipeError


def contents(folder):
    return {p: p.stat().st_mtime_ns for p in sorted(folder.rglob('*')) if p.is_file()}


@pytest.fixture(scope='module')
def filled(world, tmp_path_factory, make_teacher):
    folder = tmp_path_factory.mktemp('filled')  # nobody else's files in it
    store = PairStore(world / 'pairs')
    cache = TeacherCache(folder, make_teacher(), taps=True)
    cache.fill([store, store], 2)
    return folder, store, cache


@pytest.mark.parametrize(('index', 'version'), [(0, 0), (63, 1), (64, 0), (69, 1)])
def test_it_holds_what_the_teacher_says(filled, make_teacher, index, version):
    _, store, cache = filled
    teacher = make_teacher()
    pair = views(store[index], version)
    outputs = teacher.look(
        teacher.normalise(torch.from_numpy(pair.frame)[None]),
        teacher.valid(torch.tensor([pair.content])))
    kept = cache.read(store, index, version)
    wanted = [outputs.embedding, torch.stack(outputs.taps, 1),
              torch.stack([torch.cat(outputs.weights[n], 1) for n in WEIGHTINGS], 1)]
    for found, value in zip((kept.embedding, kept.taps, kept.weights), wanted, strict=True):
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, value[0].numpy(), rtol=2e-3, atol=2e-3)


def test_a_second_fill_computes_nothing(filled, make_teacher, monkeypatch):
    folder, store, _ = filled
    before = contents(folder)
    again = TeacherCache(folder, make_teacher(), taps=False)
    monkeypatch.setattr(again._teacher, 'look', None)
    again.fill([store], 2)
    assert contents(folder) == before
    assert again.read(store, 5, 1).taps is None


def test_an_interrupted_fill_goes_on_and_ends_the_same(
        filled, make_teacher, tmp_path, monkeypatch):
    folder, store, cache = filled
    interrupted = TeacherCache(tmp_path, make_teacher(), taps=True)
    original = interrupted._write

    def stop(*arguments):
        if len(contents(tmp_path)) >= 6:
            raise KeyboardInterrupt
        original(*arguments)

    monkeypatch.setattr(interrupted, '_write', stop)
    with pytest.raises(KeyboardInterrupt):
        interrupted.fill([store], 2)
    half = contents(tmp_path)
    assert 0 < len(half) < len(contents(folder))
    resumed = TeacherCache(tmp_path, make_teacher(), taps=True)
    resumed.fill([store], 2)
    assert half.items() <= contents(tmp_path).items()
    for index in (3, 69):
        np.testing.assert_array_equal(
            resumed.read(store, index, 1).taps, cache.read(store, index, 1).taps)


def test_two_processes_fill_their_shares(filled, make_teacher, tmp_path):
    folder, store, _ = filled
    first = TeacherCache(tmp_path, make_teacher(), taps=True)
    first.fill([store], 2, 0, 2)
    assert 0 < len(contents(tmp_path)) < len(contents(folder))
    TeacherCache(tmp_path, make_teacher(), taps=True).fill([store], 2, 1, 2)
    assert {p.name for p in contents(tmp_path)} == {p.name for p in contents(folder)}


def test_another_teacher_and_other_frames_are_looked_at_anew(
        filled, make_teacher, write_folder, tmp_path):
    folder, store, _ = filled
    known = {p.name for p in contents(folder)}
    other = TeacherCache(tmp_path / 'a', make_teacher(1), taps=True)
    other.fill([store], 1)
    assert not known & {p.name for p in contents(tmp_path / 'a')}
    # the same names, but other frames
    changed = PairStore(write_folder(tmp_path / 'pairs', 'boxes', 70, 99))
    assert changed.names == store.names
    renewed = TeacherCache(tmp_path / 'b', make_teacher(), taps=True)
    renewed.fill([changed], 1)
    assert not known & {p.name for p in contents(tmp_path / 'b')}


def test_what_fp16_cannot_hold_is_refused(make_teacher):
    teacher = make_teacher()
    with torch.no_grad():
        teacher.network.image_encoder.patch_embed.proj.weight.mul_(1e6)
    with pytest.raises(RecipeError, match="teacher's taps exceed what fp16 holds"):
        look(teacher, torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8),
             torch.tensor([[96, 64]]))
