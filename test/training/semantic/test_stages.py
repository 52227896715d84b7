# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All stages from the command line on the miniature world, resuming, and the study's table."""

import csv
import json
import os
from pathlib import Path
import shutil
import statistics
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('lightning_fabric', reason='training runs on Lightning Fabric')
pytest.importorskip('tensorboard', reason='logs are written for TensorBoard')

from eventsam_ros.inference.semantic_bundle import load_semantic_bundle  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.segformer import SegFormer  # noqa: E402
from training.networks.segformer_weights import load_published  # noqa: E402
from training.semantic.arms import score_arms  # noqa: E402
from training.semantic.batches import Look, coloured  # noqa: E402
from training.semantic.classes import TABLES  # noqa: E402
from training.semantic.pairs import open_set  # noqa: E402
from training.semantic.recipe import Reconstruction, make_recipe  # noqa: E402
from training.semantic.reconstruct.reconstructor import open_reconstructor  # noqa: E402
from training.semantic.run import load_network, read_trained  # noqa: E402
from training.semantic.score import Judge, Predictor  # noqa: E402
from training.semantic.stages import Place, align, train_source, train_supervised  # noqa: E402
from training.semantic.study import NAMES, load_shift, table  # noqa: E402
from training.thermal import trained as rgbt  # noqa: E402
from training.thermal.start import read_start  # noqa: E402

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope='module')
def done(content, tmp_path_factory):
    """Every stage run once from the command line."""
    root = tmp_path_factory.mktemp('cmess')
    (root / 'mini.yaml').write_text(yaml.safe_dump(content))
    for stage in ('data', 'stage1', 'stage2', 'stage3', 'supervised'):
        assert main(['cmess', stage, str(root / 'mini.yaml'), '--run', str(root / 'run'),
                     '--device', 'cpu']) == 0, stage
    return root


def weights(path):
    return torch.load(path, weights_only=True)


def test_every_stage_leaves_its_network_and_log(done):
    for stage in ('images', 'events', 'cross', 'supervised'):
        assert load_network(done / 'run' / stage / 'last.pt').classes == 5
        with (done / 'run' / stage / 'log.csv').open(newline='') as file:
            assert [row['step'] for row in csv.DictReader(file)] == ['2', '4']
    assert len(list((done / 'run' / 'pseudo' / 'labels').rglob('*.png'))) == 6
    first = cv2.imread(str(next((done / 'run' / 'pseudo' / 'labels').rglob('*.png'))),
                       cv2.IMREAD_UNCHANGED)
    assert first.shape == (48, 64)
    with (done / 'run' / 'cross' / 'log.csv').open(newline='') as file:
        row = next(csv.DictReader(file))
    assert {'loss_source', 'loss_target', 'loss_distil', 'miou'} <= row.keys()
    parts = [float(row[f'loss_{k}']) for k in ('source', 'target', 'distil')]
    assert sum(parts) == pytest.approx(float(row['loss']), rel=1e-3)


def test_the_event_network_begins_with_the_network_of_pictures(done, content, tmp_path):
    recipe = make_recipe({**content, 'events': {**content['events'], 'rate': 1e-12,
                                                'final_rate': 0, 'ema': 0.0}}, 'r')
    place = Place(done / 'run' / 'data', tmp_path, 'cpu')
    (tmp_path / 'images').mkdir()
    (tmp_path / 'images' / 'last.pt').write_bytes((done / 'run/images/last.pt').read_bytes())
    train_source(recipe, place, 'events')
    begun = load_network(tmp_path / 'images' / 'last.pt')
    found = load_network(tmp_path / 'events' / 'last.pt')
    for (name, one), other in zip(begun.named_parameters(), found.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_a_share_of_what_stage_3_began_with_is_in_what_it_leaves(done, content, tmp_path, share):
    recipe = make_recipe({**content, 'alignment': {'begun': share}}, 'r')
    for stage in ('events', 'pseudo'):
        (tmp_path / stage).symlink_to(done / 'run' / stage)
    path = align(recipe, Place(done / 'run' / 'data', tmp_path, 'cpu')).path
    found, learnt = load_network(path).state_dict(), weights(path)['average']
    begun = load_network(tmp_path / 'events' / 'last.pt').state_dict()
    assert any(not torch.equal(learnt[name], begun[name]) for name in learnt)
    for name, value in found.items():
        if value.is_floating_point():
            expected = (1 - share) * learnt[name] + share * begun[name]
            torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6, msg=name)


@pytest.mark.parametrize('pairs', ['histogram', 'features'])
def test_an_interrupted_run_ends_with_the_same_bits(done, content, tmp_path, pairs):
    recipe = make_recipe({**content, 'alignment': {'pairs': pairs, 'refresh': 3},
                          'cross': {**content['cross'], 'steps': 6}}, 'r')
    found = []
    for name in ('whole', 'interrupted'):
        run = tmp_path / name
        run.mkdir()
        for stage in ('events', 'pseudo'):
            (run / stage).symlink_to(done / 'run' / stage)
        place = Place(done / 'run' / 'data', run, 'cpu')
        if name == 'interrupted':
            original = SegFormer.streams
            calls = []

            def failing(self, *a, original=original, calls=calls, **k):
                calls.append(1)
                if len(calls) == 5:
                    raise KeyboardInterrupt
                return original(self, *a, **k)
            SegFormer.streams = failing
            try:
                with pytest.raises(KeyboardInterrupt):
                    align(recipe, place)
            finally:
                SegFormer.streams = original
            assert weights(run / 'cross' / 'last.pt')['step'] == 4
        align(recipe, place)
        found.append(weights(run / 'cross' / 'last.pt'))
    for part in ('network', 'average'):
        for name, value in found[0][part].items():
            assert torch.equal(value, found[1][part][name]), name


def test_another_recipe_does_not_take_up_a_run(done, content):
    place = Place(done / 'run' / 'data', done / 'run', 'cpu')
    with pytest.raises(RecipeError, match='holds a run with another alignment'):
        align(make_recipe(content, 'r', ['alignment.distil=2']), place)
    with pytest.raises(RecipeError, match='holds a run with another seed'):
        train_source(make_recipe(content, 'r', ['seed=5']), place, 'images')


def test_stages_that_are_missing_are_named(done, tmp_path, capsys):
    place = ['--run', str(tmp_path), '--data', str(done / 'run' / 'data')]
    recipe = str(done / 'mini.yaml')
    assert main(['cmess', 'stage3', recipe, *place]) == 1
    assert 'run stage 2 first' in capsys.readouterr().err
    assert main(['cmess', 'stage2', recipe, *place]) == 1
    assert 'run the stage before first' in capsys.readouterr().err
    assert main(['cmess', 'stage1', recipe, '--run', str(tmp_path)]) == 1
    assert 'cmess data RECIPE' in capsys.readouterr().err


@pytest.mark.parametrize('text', ['arm,seed', 'junk', 'time', ''])
def test_files_that_are_no_networks_are_refused_in_one_sentence(tmp_path, text):
    path = tmp_path / 'last.pt'
    path.write_text(text)
    for read in (load_network, lambda path: read_trained(path, 'any', 'cmess'),
                 lambda path: load_published(SegFormer(5), path),
                 lambda path: open_reconstructor(Reconstruction(), path), rgbt.load_trained,
                 lambda path: read_start(path, None)):
        with pytest.raises(RecipeError, match=r'last\.pt (cannot be read|holds no)'):
            read(path)


def test_nothing_is_made_of_a_network_that_was_interrupted(done, tmp_path, capsys):
    for stage in ('images', 'events'):
        (tmp_path / stage).mkdir()
        state = weights(done / 'run' / stage / 'last.pt')
        if stage == 'events':
            state['step'] = 2
        torch.save(state, tmp_path / stage / 'last.pt')
    place = ['--run', str(tmp_path), '--data', str(done / 'run' / 'data')]
    assert main(['cmess', 'stage2', str(done / 'mini.yaml'), *place]) == 1
    assert 'was interrupted after 2 of 4 steps' in capsys.readouterr().err
    assert not (tmp_path / 'pseudo').exists()
    # how good it is by then may be asked
    assert main(['cmess', 'score', str(done / 'mini.yaml'), *place]) == 0
    assert 'fusion: miou' in capsys.readouterr().out


def test_stage_3_runs_on_two_processes(done, tmp_path):
    for stage in ('events', 'pseudo'):
        (tmp_path / stage).symlink_to(done / 'run' / stage)
    two = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node', '2',
         '--rdzv-backend', 'c10d', '--rdzv-endpoint', 'localhost:0', '-m', 'training', 'cmess',
         'stage3', str(done / 'mini.yaml'), '--folder', str(tmp_path), '--data',
         str(done / 'run' / 'data'), '--device', 'cpu'],
        env={**os.environ, 'OMP_NUM_THREADS': '1'}, cwd=ROOT, text=True, capture_output=True,
        check=False)
    assert two.returncode == 0, two.stderr
    assert two.stdout.count("on the source's held-out events") == 1
    assert weights(tmp_path / 'cross' / 'last.pt')['step'] == 4


def test_scoring_nothing_is_one_sentence(done, tmp_path, capsys):
    assert main(['cmess', 'score', str(done / 'mini.yaml'), '--run', str(tmp_path),
                 '--data', str(done / 'run' / 'data')]) == 1
    assert 'holds no stage that has been trained' in capsys.readouterr().err


def test_stage_2_goes_on_after_a_file_that_was_cut_off(done, tmp_path):
    for stage in ('images', 'events'):
        (tmp_path / stage).symlink_to(done / 'run' / stage)
    shutil.copytree(done / 'run' / 'pseudo', tmp_path / 'pseudo')
    for name in ('agreement.json', 'summary.json'):
        text = (tmp_path / 'pseudo' / name).read_text()
        (tmp_path / 'pseudo' / name).write_text(text[:len(text) // 2])
    assert main(['cmess', 'stage2', str(done / 'mini.yaml'), '--run', str(tmp_path), '--data',
                 str(done / 'run' / 'data')]) == 0
    for name in ('agreement.json', 'summary.json'):
        assert json.loads((tmp_path / 'pseudo' / name).read_text()) == json.loads(
            (done / 'run' / 'pseudo' / name).read_text())


def naive_miou(truth, found, classes):
    values = []
    for k in range(classes):
        union = np.logical_or(truth == k, found == k)[truth != 255].sum()
        both = np.logical_and(truth == k, found == k).sum()
        if union:
            values.append(both / union)
    return float(np.mean(values))


def test_scores_are_those_of_one_matrix_over_the_whole_set(done, content):
    recipe = make_recipe(content, 'r')
    place = Place(done / 'run' / 'data', done / 'run', 'cpu')
    found = score_arms(recipe, place, ('images', 'events', 'fusion', 'cross', 'nothing'))
    assert list(found) == ['images', 'events', 'fusion', 'cross']
    store, network = open_set(place.data, 'test'), place.network('cross')
    truth, said = [], []
    for k in range(len(store)):
        picture = (store[k].picture.astype(np.float32) - 128) / 40
        with torch.no_grad():
            logits = network(torch.from_numpy(picture.transpose(2, 0, 1)[None]))
        full = torch.nn.functional.interpolate(
            logits, (48, 64), mode='bilinear', align_corners=False)
        truth.append(store[k].ids)
        said.append(full[0].argmax(0).numpy())
    truth, said = np.stack(truth), np.stack(said)
    assert found['cross']['miou'] == pytest.approx(naive_miou(truth, said, 5), abs=1e-3)
    assert found['cross']['accuracy'] == pytest.approx(np.mean(truth == said), abs=1e-3)


def test_the_network_of_stage_3_becomes_a_bundle(done, tmp_path, capsys):
    recipe, place = str(done / 'mini.yaml'), ['--run', str(done / 'run')]
    assert main(['cmess', 'export', recipe, *place, '--output', str(tmp_path / 'b'),
                 '--precision', 'fp32', '--licence', 'CC-BY-NC-4.0']) == 0
    manifest = load_semantic_bundle(tmp_path / 'b').manifest
    assert manifest.classes == TABLES['shapes'].names
    assert (manifest.name, manifest.licence, manifest.window_ms) == ('mini', 'CC-BY-NC-4.0', 50)
    assert main(['cmess', 'export', recipe, *place, '--output', str(tmp_path / 'c'),
                 '--stage', 'images']) == 1
    assert 'looks at pictures' in capsys.readouterr().err


def test_networks_that_are_shown_the_right_thing_learn_it(done, content):
    """Overfit a few pictures whose classes are plain to see: the loop learns."""
    recipe = make_recipe({**content, 'supervised': {
        'steps': 80, 'warm_up': 5, 'batch': 4, 'check_every': 80, 'rate': 2e-3, 'ema': 0.8,
        'least_crop': 1.0, 'augment': False}, 'alignment': {'start': False}}, 'r')
    place = Place(done / 'run' / 'data', done / 'learnt', 'cpu')
    train_supervised(recipe, place)
    store = open_set(place.data, 'target')
    judge = Judge(TABLES['shapes'], 'skip')
    predict = Predictor(place.network('supervised'), Look.of(recipe), 'events')
    for k in range(len(store)):
        judge.add(store[k].ids, predict(store[k]).argmax(0).astype(np.uint8))
    assert judge.scores()['miou'] > 0.4


def test_a_study_has_every_arm_and_seed_and_goes_on(content, done, capsys):
    study = {**content, 'study': {'seeds': [0, 7], 'variants': [
        {'name': 'no distillation', 'changes': {'alignment': {'distil': 0}}}]}}
    (done / 'study.yaml').write_text(yaml.safe_dump(study))
    arguments = ['cmess', 'study', str(done / 'study.yaml'), '--run', str(done / 'study'),
                 '--device', 'cpu']
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    with (done / 'study' / 'results.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    arms = {*NAMES.values(), 'no distillation'}
    assert {(r['arm'], r['seed']) for r in rows} == {(a, s) for a in arms for s in '07'}
    values = [100 * float(r['value']) for r in rows
              if r['arm'] == NAMES['fusion'] and r['figure'] == 'miou']
    assert f'{statistics.fmean(values):.1f} ± {statistics.stdev(values):.1f}' in shown
    assert (done / 'study' / 'results.md').read_text().strip() in shown
    sheet = cv2.imread(str(done / 'study' / 'mini' / 'seed_0' / 'pictures' / 'test.png'))
    assert sheet.shape == (4 * 2 * 48, 8 * 2 * 64, 3)
    files = sorted((done / 'study').rglob('last.pt'))
    assert len(files) == 2 * 5
    times = [f.stat().st_mtime_ns for f in files]
    assert main(arguments) == 0
    assert [f.stat().st_mtime_ns for f in files] == times


def test_the_table_pairs_seeds():
    scores = {name: [{'miou': 0.2, 'accuracy': 0.5}, {'miou': 0.4, 'accuracy': 0.5}]
              for name in NAMES.values()}
    scores[NAMES['cross']] = [{'miou': 0.25, 'accuracy': 0.5}, {'miou': 0.35, 'accuracy': 0.5}]
    line = next(k for k in table({'x': scores}).splitlines() if k.startswith('| stage 2'))
    assert '0.0 ± 7.1, 1 of 2 seeds' in line


@pytest.mark.parametrize(('study', 'says'), [
    ({'seeds': []}, 'needs seeds'), ({'seeds': [1, 1]}, 'each of them once'),
    ({'variants': 3}, 'variants must be a list'),
    ({'variants': [{'name': 'x', 'changes': 'y'}]}, 'changes must be a mapping'),
    ({'variants': [{'name': 'x', 'changes': {'fusion': {'weight': 0.1}}}]},
     'a variant is of stage 3 and changes alignment, cross'),
    ({'variants': [{'name': 'x', 'changes': {'balance': 1}}] * 2}, 'a name of its own'),
    ({'seed': [0]}, "unknown key 'seed'"),
    ({'variants': [{'name': 'x'}]}, 'must have name and changes'),
    ({'variants': [{'name': 'x', 'changes': {'crosss': {}}}]}, "unknown key 'crosss'")])
def test_a_study_that_cannot_be_is_refused(content, tmp_path, study, says):
    path = tmp_path / 'study.yaml'
    path.write_text(yaml.safe_dump({**content, 'study': study}))
    with pytest.raises(RecipeError, match=says):
        load_shift(path, ())


def test_what_does_not_count_is_white():
    picture = coloured(np.asarray([[0, 1, 255]], np.uint8), ((1, 2, 3), (4, 5, 6)))
    assert picture.tolist() == [[[1, 2, 3], [4, 5, 6], [255, 255, 255]]]
