# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A miniature world to distil in: pairs that show two boxes, and a teacher of random weights."""

from pathlib import Path

import numpy as np
import pytest

from training.data.pairs import Pair, Settings, prepare, write_pairs

# torch is imported where it is used: without it the tests are skipped by their own first lines
WIDTH, HEIGHT = 96, 64


def boxes_pair(rng, name, labelled=True):
    """Return two boxes on a plain ground: filled in the frame, outlined in the event picture."""
    columns, rows = (WIDTH, 32) if rng.random() < 0.5 else (64, HEIGHT)
    frame = np.full((HEIGHT, WIDTH, 3), (124, 116, 104), np.uint8)
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    frame[:rows, :columns] = rng.integers(0, 256, 3)
    for i in (1, 2):
        x, y = int(rng.integers(0, columns - 24)), int(rng.integers(0, rows - 24))
        w, h = rng.integers(10, 24, 2).tolist()
        frame[y:y + h, x:x + w] = rng.integers(0, 256, 3)
        ids[y:y + h, x:x + w] = i
        picture[y:y + h, [x, x + w - 1]] = 128 + rng.integers(-60, 61)
        picture[[y, y + h - 1], x:x + w] = 128 + rng.integers(-60, 61)
    if not labelled:
        ids[:] = 255
    return Pair(picture, frame, ids, (columns, rows), name)


def write_folder(folder, source, count, seed, labelled=True):
    """Write pairs, two of each scene."""
    rng = np.random.default_rng(seed)
    settings = Settings(WIDTH, HEIGHT)
    prepare(folder, settings, source, {'seed': seed})
    pairs = [boxes_pair(rng, f'{source}/{k // 2}/{k % 2}', labelled) for k in range(count)]
    write_pairs(folder, f'{source}-0000', pairs, settings, count)
    return folder


def make_teacher(seed=0):
    import torch

    from training.networks.promptable import PromptDecoder
    from training.networks.sam_vit import SamVit, VitSpec
    from training.teachers.teacher import Teacher
    torch.manual_seed(seed)
    spec = VitSpec(48, 4, 2, (0, 1, 2, 3), window=3)
    return Teacher(
        SamVit(spec, HEIGHT, WIDTH), PromptDecoder(WIDTH, HEIGHT), HEIGHT, WIDTH)


@pytest.fixture(scope='session', autouse=True)
def one_thread():
    """As the processes that tests start; networks this small gain nothing from more."""
    import torch
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(name='make_teacher', scope='session')
def _make_teacher():
    return make_teacher


@pytest.fixture(name='write_folder', scope='session')
def _write_folder():
    return write_folder


@pytest.fixture(scope='session')
def world(tmp_path_factory) -> Path:
    """A folder with `pairs`, `unlabelled`, `test` and teacher.pt."""
    folder = tmp_path_factory.mktemp('world')
    write_folder(folder / 'pairs', 'boxes', 70, 1)
    write_folder(folder / 'unlabelled', 'plain', 6, 2, labelled=False)
    write_folder(folder / 'test', 'other', 6, 3)
    make_teacher().save(folder / 'teacher.pt')
    return folder


@pytest.fixture(scope='session')
def cache_folder(tmp_path_factory):
    """Shared by all tests that only read."""
    return tmp_path_factory.mktemp('cache')


@pytest.fixture(scope='session')
def content(world):
    """What a recipe of the miniature world says, to be copied and changed."""
    return {
        'name': 'mini', 'teacher': str(world / 'teacher.pt'), 'data': [str(world / 'pairs')],
        'student': {'kind': 'paper'}, 'loss': {'tokens': 1.0, 'weighting': 'product'},
        'validation_share': 0.2, 'steps': 6, 'warm_up': 2, 'batch': 4, 'check_every': 3,
        'check_pairs': 4, 'pictures': 2, 'prompts': 3, 'views': 2}
