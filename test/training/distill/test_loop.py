# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Whole runs on the miniature world: what they leave, that they learn, and that they resume."""

import csv
from dataclasses import asdict
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('lightning_fabric', reason='distillation runs on Lightning Fabric')
pytest.importorskip('tensorboard', reason='logs are written for TensorBoard')
import torch
import yaml

from training.__main__ import main
from training.distill.loop import Run, distill
from training.distill.recipe import make_recipe
from training.distill.students import as_plain, load_trained
from training.errors import RecipeError

ROOT = Path(__file__).parents[3]
ALONE = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)}


def weights(folder, name='last.pt', of='networks'):
    return torch.load(folder / name, weights_only=True)[of]


def rows(folder):
    with (folder / 'log.csv').open(newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture
def written(content, tmp_path):
    """A function that writes the recipe with changes and returns its path."""
    def write(**changes):
        path = tmp_path / 'mini.yaml'
        path.write_text(yaml.safe_dump({**content, **changes}))
        return path
    return write


@pytest.fixture(scope='module')
def finished(content, cache_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp('finished')
    recipe = make_recipe({
        **content, 'cache': str(cache_folder), 'loss': {'tokens': 1, 'prompts': 1, 'masks': 1}},
        'r')
    return recipe, folder, distill(recipe, folder, 'cpu')


def test_a_run_leaves_checkpoints_logs_and_pictures(finished):
    recipe, folder, result = finished
    assert result.steps == 6
    assert result.last.is_file()
    assert result.best.is_file()
    logged = rows(folder)
    assert [row['step'] for row in logged] == ['3', '6']
    for row in logged:
        for name in ('loss', 'loss_tokens', 'loss_prompts', 'loss_masks', 'click', 'box',
                     'agreement', 'tap_1', 'tap_4', 'embedding', 'pictures_per_second'):
            assert float(row[name]) >= 0, name
    assert max(float(row['score']) for row in logged) == pytest.approx(
        result.scores['score'], rel=1e-4)
    assert list((folder / 'tensorboard').glob('events*'))
    sheet = cv2.imread(str(folder / 'pictures' / 'step_000006.png'))
    assert sheet.shape == (2 * 64, 4 * 96, 3)
    trained = load_trained(result.best)
    assert trained.recipe == recipe
    assert (trained.width, trained.height, trained.representation) == (96, 64, 'robust')
    picture = torch.zeros(1, 3, 64, 96)
    assert trained.student(picture).embedding.shape == (1, 256, 4, 6)


def test_the_first_column_is_the_picture_and_the_second_the_frame(finished):
    recipe, folder, _ = finished
    run = Run(recipe, folder, 'cpu')
    sheet = cv2.cvtColor(
        cv2.imread(str(folder / 'pictures' / 'step_000006.png')), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(sheet[:64, :96], run.validation[0].picture)
    np.testing.assert_array_equal(sheet[64:, 96:192], run.validation[3].frame)


def test_a_finished_run_is_left_as_it_is(finished):
    recipe, folder, result = finished
    before = result.last.stat().st_mtime_ns
    again = distill(recipe, folder, 'cpu')
    assert result.last.stat().st_mtime_ns == before
    assert again.scores == result.scores
    assert len(rows(folder)) == 2


def test_a_run_without_cache_is_the_same_to_rounding(content, cache_folder, tmp_path):
    loss = {'tokens': 1, 'embedding': 1, 'weighting': 'next'}
    found = []
    for name, cache in (('with', str(cache_folder)), ('without', None)):
        distill(make_recipe({**content, 'loss': loss, 'cache': cache}, 'r'), tmp_path / name)
        found.append(weights(tmp_path / name))
    for name, tensor in found[0].items():
        torch.testing.assert_close(tensor, found[1][name], rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize('student', [
    {'kind': 'paper'}, {'kind': 'compact', 'backbone': 'test_byobnet', 'decoder': 'tuned'}])
def test_the_loss_falls_on_a_few_pairs_learnt_by_heart(
        content, write_folder, cache_folder, tmp_path, student):
    write_folder(tmp_path / 'few', 'few', 4, 5)
    recipe = make_recipe({
        **content, 'data': [str(tmp_path / 'few')], 'validation': [str(tmp_path / 'other')],
        'student': student, 'loss': {'tokens': 1, 'embedding': 1, 'prompts': 0.2},
        'augment': False, 'views': 1, 'steps': 30, 'check_every': 10, 'rate': 3e-3,
        'final_rate': 1e-3, 'cache': str(cache_folder), 'pictures': 0}, 'r')
    write_folder(tmp_path / 'other', 'other', 2, 6)
    distill(recipe, tmp_path / 'run', 'cpu')
    logged = rows(tmp_path / 'run')
    for name in ('loss', 'loss_tokens', 'loss_embedding'):
        assert float(logged[-1][name]) < 0.8 * float(logged[0][name]), name


def command(recipe, folder, *more):
    return [sys.executable, '-m', 'training', 'distill', str(recipe), '--folder', str(folder),
            '--device', 'cpu', *more]


def test_a_killed_run_ends_to_the_bit_as_one_that_was_not(written, cache_folder, tmp_path):
    path = written(
        student={'kind': 'scratch', 'decoder': 'new'}, steps=12, check_every=3, batch=2,
        loss={'tokens': 0.5, 'prompts': 1, 'masks': 1}, cache=str(cache_folder), workers=2)
    recipe = make_recipe(yaml.safe_load(path.read_text()), 'r')
    distill(recipe, tmp_path / 'whole', 'cpu')
    killed = subprocess.Popen(command(path, tmp_path / 'killed'), env=ALONE, cwd=tmp_path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 180
    while not (tmp_path / 'killed' / 'last.pt').exists() and time.monotonic() < until:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    begun = torch.load(tmp_path / 'killed' / 'last.pt', weights_only=True)['step']
    assert begun in {3, 6, 9}
    # what the killed process would have logged after its last checkpoint
    with (tmp_path / 'killed' / 'log.csv').open('a') as file:
        file.write('11' + ',0' * 18 + '\n')
    assert distill(recipe, tmp_path / 'killed', 'cpu').steps == 12
    for of in ('networks', 'average'):
        ours, theirs = (weights(tmp_path / n, of=of) for n in ('whole', 'killed'))
        for name, tensor in ours.items():
            assert torch.equal(tensor, theirs[name]), name
    ours, theirs = (rows(tmp_path / n) for n in ('whole', 'killed'))
    for one, other in zip(ours, theirs, strict=True):
        for name in ('step', 'loss', 'score', 'rate', 'agreement'):
            assert one[name] == other[name]


def test_two_processes_train_as_one_does(written, cache_folder, tmp_path):
    path = written(
        loss={'tokens': 1, 'embedding': 1, 'prompts': 1, 'masks': 1}, steps=4, check_every=4,
        student={'kind': 'paper', 'decoder': 'tuned'}, cache=str(tmp_path / 'cache'), rate=1e-4,
        final_rate=1e-4)
    distill(make_recipe(yaml.safe_load(path.read_text()), 'r', [f'cache={cache_folder}']),
            tmp_path / 'one', 'cpu')
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node', '2',
                '--rdzv-backend', 'c10d', '--rdzv-endpoint', 'localhost:0', '-m']
    two = subprocess.run([*torchrun, *command(path, tmp_path / 'two')[2:]], env=ALONE,
                         cwd=tmp_path, text=True, capture_output=True, check=False)
    assert two.returncode == 0, two.stderr
    begun = Run(make_recipe(yaml.safe_load(path.read_text()), 'r'), tmp_path / 'none').networks
    one, other = weights(tmp_path / 'one'), weights(tmp_path / 'two')
    moved = apart = 0.0
    for name, tensor in begun.state_dict().items():
        moved += float((one[name] - tensor).double().square().sum())
        apart += float((one[name] - other[name]).double().square().sum())
    # Adam turns rounding in gradients near 0 into steps; where the weights went is the same
    assert apart < 1e-3 * moved
    assert float(rows(tmp_path / 'two')[0]['score']) == pytest.approx(
        float(rows(tmp_path / 'one')[0]['score']), abs=0.01)


def test_bfloat16_products_stay_near_full_precision(content, cache_folder, tmp_path):
    found = []
    for precision in ('32-true', 'bf16-mixed'):
        folder = tmp_path / precision
        distill(make_recipe({**content, 'cache': str(cache_folder), 'precision': precision,
                             'loss': {'tokens': 1, 'prompts': 1}}, 'r'), folder, 'cpu')
        found.append(float(rows(folder)[0]['loss']))
        assert all(t.dtype != torch.bfloat16 for t in weights(folder).values())
    assert found[1] != found[0]
    assert found[1] == pytest.approx(found[0], rel=0.02)


def test_a_run_can_begin_with_another(finished, tmp_path):
    recipe, folder, _ = finished
    given = recipe.student
    changed = make_recipe({
        'name': 'on', 'teacher': str(recipe.teacher), 'data': [str(recipe.data[0])],
        'student': {'kind': given.kind, 'start': str(folder / 'best.pt')}, 'steps': 1,
        'warm_up': 0}, 'r')
    run = Run(changed, tmp_path / 'on', 'cpu')
    best = weights(folder, 'best.pt')
    assert all(torch.equal(t, best[n]) for n, t in run.networks.state_dict().items())
    other = make_recipe({
        'name': 'on', 'teacher': str(recipe.teacher), 'data': [str(recipe.data[0])],
        'student': {'kind': 'compact', 'backbone': 'test_byobnet',
                    'start': str(folder / 'best.pt')}}, 'r')
    with pytest.raises(RecipeError, match=r'best\.pt is another student'):
        Run(other, tmp_path / 'other', 'cpu')


def test_another_recipe_in_the_same_folder_is_refused(finished):
    recipe, folder, _ = finished
    same = as_plain(asdict(recipe))
    for change, message in (('rate=0.01', 'another rate'), ('seed=1', 'another seed'),
                            ('loss.weighting=next', 'another loss')):
        with pytest.raises(RecipeError, match=f'{message} .*choose another --run'):
            Run(make_recipe(same, 'r', [change]),
                folder, 'cpu')
    Run(make_recipe(same, 'r', ['workers=3', 'pictures=0']), folder, 'cpu')


@pytest.mark.parametrize(('changes', 'message'), [
    ({'teacher': 'missing.pt'}, 'missing.pt is not there'),
    ({'data': ['nowhere']}, 'no settings.json'),
    ({'loss': {'lambdas': [1, 1]}}, 'lambdas must be 4 numbers, but are 2'),
    ({'student': {'kind': 'compact', 'backbone': 'no_such_net'}}, 'the student cannot be built'),
    ({'student': {'kind': 'paper', 'start': 'no.pt'}}, 'no.pt cannot be read'),
    ({'rate': 1e30, 'warm_up': 0}, 'the loss is'),
])
def test_the_command_says_what_is_wrong_in_one_sentence(
        written, tmp_path, capsys, changes, message):
    assert main(['distill', str(written(**changes)), '--run', str(tmp_path / 'run')]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert 'Traceback' not in error


def test_the_command_changes_keys_and_says_how_good_the_best_is(written, tmp_path, capsys):
    assert main(['distill', str(written()), '--run', str(tmp_path / 'run'), '--device', 'cpu',
                 '--set', 'steps=2', '--set', 'warm_up=0', '--set', 'loss.tokens=0.5']) == 0
    out = capsys.readouterr().out
    assert 'step 2' in out
    assert f'{tmp_path / "run" / "best.pt"}: ' in out
    trained = load_trained(tmp_path / 'run' / 'best.pt')
    assert trained.recipe.loss.tokens == 0.5


def test_what_is_no_student_is_refused(world, tmp_path):
    with pytest.raises(RecipeError, match=r'teacher\.pt is no student'):
        load_trained(world / 'teacher.pt')
    (tmp_path / 'broken.pt').write_bytes(b'x')
    (tmp_path / 'table.csv').write_text('arm,seed')   # torch fails otherwise for each letter
    for name in ('broken.pt', 'table.csv'):
        with pytest.raises(RecipeError, match=f'{name} cannot be read'):
            load_trained(tmp_path / name)
