# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All stages from the command line on the miniature street, resuming, export, and the study."""

from copy import deepcopy
import csv
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('lightning_fabric', reason='training runs on Lightning Fabric')
pytest.importorskip('tensorboard', reason='logs are written for TensorBoard')

from eventsam_ros.errors import EngineError  # noqa: E402
from eventsam_ros.inference.engines.tensorrt_build import build_engine, load_tensorrt  # noqa: E402
from eventsam_ros.inference.panoramic import PanoramicSegmenter  # noqa: E402
from eventsam_ros.inference.panoramic_bundle import load_panoramic_bundle  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.panoramic.batches import PanoramaMaker  # noqa: E402
from training.panoramic.export import write_panoramic_bundle  # noqa: E402
from training.panoramic.place import Place  # noqa: E402
from training.panoramic.predict import Whole  # noqa: E402
from training.panoramic.recipe import make_recipe  # noqa: E402
from training.panoramic.score import BANDS, samples, score_stage  # noqa: E402
from training.panoramic.stages import adapt, make_masks, train_on_source, train_student  # noqa: E402
from training.panoramic.study import load_study, run_study  # noqa: E402
from training.panoramic.targets import Targets  # noqa: E402
from training.panoramic.windows import cut, lay_out  # noqa: E402
from training.semantic.run import load_network  # noqa: E402

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope='module')
def done(content, tmp_path_factory):
    """Every stage run once from the command line."""
    root = tmp_path_factory.mktemp('goodsam')
    (root / 'mini.yaml').write_text(yaml.safe_dump(content))
    for stage in ('source', 'masks', 'adapt', 'student', 'score'):
        assert main(['goodsam', stage, str(root / 'mini.yaml'), '--run', str(root / 'run'),
                     '--device', 'cpu']) == 0, stage
    return root


def test_every_stage_leaves_its_network_and_log(done):
    columns = {}
    for stage in ('assistant', 'pinhole', 'assistant_1', 'student'):
        assert load_network(done / 'run' / stage / 'last.pt').classes == 19
        with (done / 'run' / stage / 'log.csv').open(newline='') as file:
            rows = list(csv.DictReader(file))
        assert [row['step'] for row in rows] == ['2', '4']
        columns[stage] = rows[0].keys()
    assert {'loss_consistency', 'loss_ensemble', 'loss_reliable'} <= columns['assistant_1']
    assert {'loss_stitched', 'loss_ensemble', 'loss_reliable', 'loss_boundary'} <= columns[
        'student']


def test_the_targets_are_fusion_of_masks_and_assistant(done, content):
    windows = lay_out(make_recipe(content, 'mini').windows, 64, 32)
    told = Targets(done / 'run' / 'told_1', windows).read('cs/0')
    ids = cv2.imread(str(done / content['masks']['path'] / 'cs/0.png'), cv2.IMREAD_UNCHANGED)
    for view, ensemble, sure in zip(windows.views, told.ensemble, told.sure, strict=True):
        own = cut(ids, view)
        for k in np.unique(own):
            if (own == k).sum() >= 4:
                assert len(np.unique(ensemble[own == k])) == 1
        assert ((sure == ensemble) | (sure == 255)).all()
    assert set(np.unique(told.labels)) <= set(range(19))
    assert told.seen.min() >= 1
    assert (told.hits <= told.seen).all()
    np.testing.assert_allclose(told.shares.sum(0, dtype=int), 255, atol=10)
    summary = json.loads((done / 'run' / 'told_1' / 'summary.json').read_text())
    assert sum(summary['classes_stitched']) == pytest.approx(1, abs=1e-3)


def test_no_label_of_a_panorama_is_read(done, content, streets, tmp_path):
    """Without its labelled panoramas every stage but the scoring does the same."""
    changed = deepcopy(content)
    changed['data']['test']['path'] = str(tmp_path / 'nowhere')
    recipe = make_recipe(changed, 'mini')
    assert not (streets / 'panoramas' / 'gtFine' / 'train').exists()
    place = Place(tmp_path, done / 'run', done / 'run' / 'masks', 'cpu')
    adapt(recipe, place)
    train_student(recipe, place)
    one, other = (torch.load(p / 'student' / 'last.pt', weights_only=True)['average']
                  for p in (tmp_path, done / 'run'))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_killed_run_goes_on_to_the_same_weights(done, content, tmp_path, monkeypatch):
    recipe = make_recipe(content, 'mini')
    place = Place(tmp_path, done / 'run', done / 'run' / 'masks', 'cpu')
    shutil.copytree(done / 'run' / 'told_1', tmp_path / 'told_1')
    make = PanoramaMaker.make

    def failing(self, step):
        if step == 3:
            raise KeyboardInterrupt
        return make(self, step)
    monkeypatch.setattr(PanoramaMaker, 'make', failing)
    with pytest.raises(KeyboardInterrupt):
        train_student(recipe, place)
    monkeypatch.undo()
    assert torch.load(tmp_path / 'student' / 'last.pt', weights_only=True)['step'] == 2
    train_student(recipe, place)
    one, other = (torch.load(p / 'student' / 'last.pt', weights_only=True)['average']
                  for p in (tmp_path, done / 'run'))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_other_settings_do_not_take_up_a_run(done, content):
    place = Place.single(done / 'run', 'cpu')
    other = deepcopy(content)
    other['fusion']['theta'] = 60
    with pytest.raises(RecipeError, match='made otherwise'):
        adapt(make_recipe(other, 'mini'), place)
    with pytest.raises(RecipeError, match='another seed'):
        train_on_source(make_recipe({**content, 'seed': 4}, 'mini'), place)
    with pytest.raises(RecipeError, match='run the stage adapt first'):
        train_student(make_recipe(content, 'mini'), Place.single(done / 'nothing'))


def test_nothing_is_made_of_an_assistant_that_was_interrupted(done, content, tmp_path):
    state = torch.load(done / 'run' / 'assistant' / 'last.pt', weights_only=True)
    (tmp_path / 'assistant').mkdir()
    torch.save({**state, 'step': 2}, tmp_path / 'assistant' / 'last.pt')
    place = Place(tmp_path, tmp_path, done / 'run' / 'masks', 'cpu')
    recipe = make_recipe(content, 'mini')
    with pytest.raises(RecipeError, match='was interrupted after 2 of 4 steps'):
        adapt(recipe, place)
    assert not list(tmp_path.rglob('*.npz'))
    assert score_stage(recipe, place, 'assistant')['miou'] >= 0


def test_panoramas_are_taught_by_two_processes_as_by_one(done, tmp_path):
    for stage in ('assistant', 'pinhole', 'masks'):
        (tmp_path / stage).symlink_to(done / 'run' / stage)
    for stage in ('adapt', 'student'):
        two = subprocess.run(
            [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node', '2',
             '--rdzv-backend', 'c10d', '--rdzv-endpoint', 'localhost:0', '-m', 'training',
             'goodsam', stage, str(done / 'mini.yaml'), '--folder', str(tmp_path), '--device',
             'cpu'],
            env={**os.environ, 'OMP_NUM_THREADS': '1'}, cwd=ROOT, text=True, capture_output=True,
            check=False)
        assert two.returncode == 0, two.stderr
    one = done / 'run' / 'told_0'
    assert (tmp_path / 'told_0/summary.json').read_text() == (one / 'summary.json').read_text()
    names = {path.relative_to(one) for path in one.rglob('*.*')}
    assert {p.relative_to(tmp_path / 'told_0') for p in tmp_path.glob('told_0/**/*.*')} == names
    assert load_network(tmp_path / 'student' / 'last.pt').classes == 19


def test_masks_of_other_panoramas_are_not_taken(done, content, tmp_path):
    place = Place(tmp_path, tmp_path, tmp_path / 'masks')
    shutil.copytree(done / 'run' / 'masks', place.masks)
    make_masks(make_recipe(content, 'mini'), place)
    other = deepcopy(content)
    other['data']['panoramas']['split'] = 'val'   # panoramas of the same names
    with pytest.raises(RecipeError, match='holds masks made otherwise'):
        make_masks(make_recipe(other, 'mini'), place)
    settings = place.masks / 'settings.json'
    older = json.loads(settings.read_text())
    del older['panoramas']   # from before this was written down
    settings.write_text(json.dumps(older))
    make_masks(make_recipe(content, 'mini'), place)
    settings.write_text('{"views"')
    with pytest.raises(RecipeError, match=r'settings\.json cannot be read'):
        make_masks(make_recipe(content, 'mini'), place)


def test_what_cannot_be_read_or_has_not_been_trained_is_one_sentence(
        content, tmp_path, capsys):
    broken = deepcopy(content)
    broken['data']['panoramas']['path'] = str(tmp_path / 'panoramas')
    (tmp_path / 'panoramas/leftImg8bit/train/cs').mkdir(parents=True)
    (tmp_path / 'panoramas/leftImg8bit/train/cs/0.png').write_bytes(b'no picture')
    (tmp_path / 'mini.yaml').write_text(yaml.safe_dump(broken))
    for stage, says in (('masks', '0.png'), ('score', 'holds no stage that has been trained')):
        assert main(['goodsam', stage, str(tmp_path / 'mini.yaml'), '--run',
                     str(tmp_path / 'run'), '--device', 'cpu']) == 1
        error = capsys.readouterr().err
        assert says in error
        assert 'Traceback' not in error


def test_scores(done, content):
    recipe = make_recipe(content, 'mini')
    place = Place.single(done / 'run', 'cpu')
    for stage in ('assistant_1', 'student'):
        found = score_stage(recipe, place, stage)
        assert 0 <= found['miou'] <= 1
        assert {'seam', 'inside', 'turned', 'iou_road', *BANDS} <= found.keys()
    right = total = 0
    say = Whole(place.network('student'), recipe)
    for _, picture, truth in samples(recipe):
        right, total = right + (say(picture) == truth).sum(), total + truth.size
    assert found['accuracy'] == pytest.approx(right / total)
    # windows that go round see nothing of where a panorama was cut
    windowed = score_stage(recipe, place, 'assistant')
    assert windowed['turned'] < 0.2


def test_the_bundle_serves_what_the_student_says(done, content):
    recipe, folder = make_recipe(content, 'mini'), done / 'bundle'
    assert main(['goodsam', 'export', str(done / 'mini.yaml'), '--run', str(done / 'run'),
                 '--output', str(folder)]) == 0
    bundle = load_panoramic_bundle(folder)
    m = bundle.manifest
    assert (m.width, m.height, m.wrap, m.precision) == (64, 32, 8, 'fp16')
    assert m.classes[10] == 'sky'
    assert m.parity['fp32']['agreement'] > 0.999
    segmenter = PanoramicSegmenter(bundle, 'onnxruntime', 1)
    say = Whole(load_network(done / 'run' / 'student' / 'last.pt'), recipe)
    for _, picture, _ in samples(recipe):
        assert np.mean(segmenter.segment(picture) == say(picture)) > 0.98
    segmenter.close()
    # the one network: 3.7 million parameters, nothing of assistant or masks
    assert (folder / 'network.onnx').stat().st_size < 8e6
    with pytest.raises(RecipeError, match='cannot be read'):
        write_panoramic_bundle(done / 'missing.pt', done / 'none')


def test_tensorrt_compiles_the_graph(done):
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))
    path = done / 'compiled'
    write_panoramic_bundle(done / 'run' / 'student' / 'last.pt', path)
    engine = build_engine(path / 'network.onnx', None, capability='SM86')
    assert len(engine) > (path / 'network.onnx').stat().st_size


def test_a_study_tells_every_arm_and_pairs_them_by_seed(content, streets, tmp_path):
    study = {
        'seeds': [0, 1], 'right': 'right', 'differences': {'fusion': ['all', 'stitched']},
        'branches': [
            {'name': 'rough', 'changes': {'masks': {'path': str(streets / 'masks')}},
             'arms': [{'name': 'assistant', 'stage': 'assistant'},
                      {'name': 'stitched', 'changes': {'student': {'losses': {
                          'ensemble': 0, 'reliable': 0, 'boundary': 0}}}},
                      {'name': 'all'}]},
            {'name': 'right', 'arms': [{'name': 'all, right masks'}]}]}
    changed = deepcopy(content)
    for plan in (changed['assistant']['source'], changed['assistant']['adapt'],
                 changed['student']['source'], changed['student']['plan']):
        plan.update(steps=2, warm_up=0)
    changed['student']['start'] = 'weights'
    file = tmp_path / 'mini.yaml'
    file.write_text(yaml.safe_dump({**changed, 'study': study}))
    for _ in range(2):   # the second time nothing is left to do
        assert main(['goodsam', 'study', str(file), '--run', str(tmp_path / 'out'),
                     '--device', 'cpu']) == 0
    with (tmp_path / 'out' / 'results.csv').open(newline='') as opened:
        rows = list(csv.DictReader(opened))
    miou = {(r['arm'], r['seed']): float(r['value']) for r in rows if r['figure'] == 'miou'}
    assert len(miou) == 8
    text = (tmp_path / 'out' / 'results.md').read_text()
    ahead = [miou['all', s] - miou['stitched', s] for s in '01']
    line = next(one for one in text.splitlines() if one.startswith('| fusion'))
    assert f'{np.mean(ahead):+.3f} ± {np.std(ahead, ddof=1):.3f}' in line
    # masks that are the right ones are right
    cells = next(one for one in text.splitlines() if one.startswith('| rough')).split(' | ')
    assert [float(c.strip(' |')) for c in cells[2:]] == [1, 1, 1, 1, 1]
    assert (tmp_path / 'out' / 'pictures' / 'seed_1.png').exists()
    assert main(['goodsam', 'study', str(file), '--run', str(tmp_path / 'out'), '--arm', 'all',
                 '--arm', 'stitched', '--seed', '1', '--device', 'cpu']) == 0
    text = (tmp_path / 'out' / 'results.md').read_text()
    assert f'| fusion: all against stitched | {ahead[1]:+.3f} |' in text
    assert 'right masks' not in text
    with pytest.raises(RecipeError, match=r"^mini.yaml has no arm 'others'; it has assistant, st"):
        run_study(file, (), tmp_path / 'out', 'cpu', arms=('others',))
    study['branches'][0]['arms'][2]['changes'] = {'radius': 5}
    file.write_text(yaml.safe_dump({**changed, 'study': study}))
    with pytest.raises(RecipeError, match='changes the student alone'):
        load_study(file)
    study['branches'][0]['arms'][2]['changes'] = [5]
    file.write_text(yaml.safe_dump({**changed, 'study': study}))
    with pytest.raises(RecipeError, match="'all': changes must be a mapping"):
        load_study(file)
    file.write_text(yaml.safe_dump({**changed, 'study': {**study, 'seeds': []}}))
    with pytest.raises(RecipeError, match='needs seeds'):
        load_study(file)
