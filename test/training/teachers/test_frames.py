# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Frames of pairs, how they are varied, and a miniature teacher from command line to file."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from training.__main__ import main  # noqa: E402
import training.networks  # noqa: E402, F401
from training.teachers.frames import Frames, augment_frame  # noqa: E402
from training.teachers.teacher import load_teacher  # noqa: E402


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    made = []
    for seed in ('1', '2'):
        folder = tmp_path_factory.mktemp('pairs')
        assert main(['pairs', str(folder), '--source', 'scenes', '--size', '96x64',
                     '--count', '4', '--seed', seed, '--jobs', '1']) == 0
        made.append(folder)
    return made


def test_masks_stay_on_what_they_show():
    frame, ids = np.zeros((64, 96, 3), np.uint8), np.zeros((64, 96), np.uint8)
    ids[10:40, 20:50] = 1
    frame[ids == 1] = 255
    agreement = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        changed, changed_ids = augment_frame(frame, ids, 96, 64, rng, 0.5)
        assert changed.shape == (64, 96, 3)
        assert changed.dtype == changed_ids.dtype == np.uint8
        assert set(np.unique(changed_ids)) <= {0, 1}
        assert changed_ids.any()
        light = changed.astype(float).mean(2)
        middle = (light.max() + light.min()) / 2
        agreement.append(((light > middle) == (changed_ids > 0)).mean())
    assert min(agreement) > 0.95


def test_frames_come_with_their_ids(folders):
    frames = Frames(folders[0])
    frame, ids = frames[0]
    assert len(frames) == 4
    assert frame.shape == (64, 96, 3)
    assert ids.shape == (64, 96)
    assert ids.any()


RECIPE = """
name: mini
picture: frame
backbone: compact
width: 96
height: 64
mean: 116.0
std: 58.0
phases:
  - {width: 96, height: 64, steps: 2, batch: 2, prompts: 2, warm_up: 1}
"""


def test_a_teacher_is_trained_and_written(folders, tmp_path, capsys):
    recipe = tmp_path / 'teacher.yaml'
    recipe.write_text(RECIPE)
    arguments = ['teacher', str(recipe), '--pairs', str(folders[0]), '--held-out',
                 str(folders[1]), '--run', str(tmp_path / 'run'), '--output',
                 str(tmp_path / 'new' / 'teacher.pt'), '--check-every', '2', '--windows', '2']
    assert main(arguments) == 0
    (tmp_path / 'new' / 'teacher.pt').replace(tmp_path / 'teacher.pt')
    teacher = load_teacher(tmp_path / 'teacher.pt')
    assert (teacher.width, teacher.height) == (96, 64)
    assert teacher.mean == (116.0,) * 3
    arguments[-5:-4] = [str(tmp_path / 'further.pt')]
    arguments[arguments.index(str(tmp_path / 'run'))] = str(tmp_path / 'further')
    recipe.write_text(RECIPE.replace('warm_up: 1', 'warm_up: 1, rate: 1.0e-12, final_rate: 0'))
    assert main([*arguments, '--start', str(tmp_path / 'teacher.pt')]) == 0
    further = load_teacher(tmp_path / 'further.pt')
    for a, b in ((further.network, teacher.network), (further.decoder, teacher.decoder)):
        for (name, ours), theirs in zip(a.named_parameters(), b.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, msg=name)
    recipe.write_text(RECIPE.replace('{width: 96', '{width: 64'))
    assert main(arguments) == 1
    assert 'a transformer is of one size' in capsys.readouterr().err
    # of another size than the recipe: what it began with does not fit
    recipe.write_text(RECIPE.replace('96', '64'))
    arguments[arguments.index(str(tmp_path / 'further'))] = str(tmp_path / 'other')
    assert main([*arguments, '--start', str(tmp_path / 'teacher.pt')]) == 1
    assert 'the weights to begin with are of another build' in capsys.readouterr().err
    recipe.write_text(RECIPE.replace('picture: frame', 'picture: events'))
    assert main(arguments) == 1
    assert 'is no recipe of a teacher' in capsys.readouterr().err
