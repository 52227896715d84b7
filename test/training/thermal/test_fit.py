# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Whole runs on a miniature: killed and resumed, kept as what was learnt, exported, served."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.engines.tensorrt_build import build_engine, load_tensorrt
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import load_rgbt_bundle
from eventsam_ros.simulation.thermal import street_picture
from training.__main__ import main
from training.errors import RecipeError
from training.exporting import class_maps
from training.exporting.graphs import ExportError
from training.thermal.batches import BatchMaker
from training.thermal.export import write_rgbt_bundle
from training.thermal.judging import judge
from training.thermal.loop import fit
from training.thermal.objective import Objective
from training.thermal.pictures import read_training
from training.thermal.pyramid import build_encoder
from training.thermal.run import Run, rate_at
from training.thermal.start import encoder_file
from training.thermal.text import read_vectors
from training.thermal.trained import build_network, load_trained

import torch  # isort: skip  (conftest skips where there is none)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='module')
def base(tmp_path_factory):
    torch.manual_seed(11)
    path = tmp_path_factory.mktemp('base') / 'micro.pt'
    torch.save(encoder_file(build_encoder('hiera_micro')), path)
    return path


def weights(path):
    return torch.load(path, weights_only=True)


def test_a_resumed_run_is_the_same_to_the_bit(recipe, tmp_path, monkeypatch):
    whole = fit(recipe(), tmp_path / 'whole', 'cpu')
    taken = Run.train_step

    def killed(self, batch):
        if self.step == 3:
            raise KeyboardInterrupt
        return taken(self, batch)
    monkeypatch.setattr(Run, 'train_step', killed)
    with pytest.raises(KeyboardInterrupt):
        fit(recipe(), tmp_path / 'halves', 'cpu')
    monkeypatch.undo()
    halves = fit(recipe(), tmp_path / 'halves', 'cpu')
    assert halves.steps == whole.steps == 4
    one, two = weights(whole.last), weights(halves.last)
    for part in ('learnt', 'average'):
        assert one[part].keys() == two[part].keys()
        assert all(torch.equal(v, two[part][n]) for n, v in one[part].items())
    assert 'prototypes.means' in one['learnt']
    with (tmp_path / 'halves/log.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [int(r['step']) for r in rows] == [2, 4]
    assert all(float(r['loss_cross']) >= 0 and float(r['both']) >= 0 for r in rows)
    assert (tmp_path / 'halves/pictures/step_000004.png').exists()
    with pytest.raises(RecipeError, match='holds a run with another rate'):
        fit(recipe('rate=2e-3'), tmp_path / 'halves', 'cpu')


def test_low_rank_runs_keep_only_what_they_learnt(recipe, base, tmp_path):
    adapted = recipe('network.tune=low_rank', 'network.rank=2', f'network.start={base}')
    result = fit(adapted, tmp_path, 'cpu')
    kept = weights(result.best)['learnt']
    frozen = weights(base)['encoder']
    assert any('lora_' in name for name in kept)
    assert not {n for n in kept if n.startswith('encoder.trunk.') and 'lora_' not in n}
    trained = load_trained(tmp_path)
    trunk = {n: v for n, v in trained.network.encoder.state_dict().items()
             if n.startswith('trunk.norm') or n.endswith('norm1.weight')}
    assert trunk
    assert all(torch.equal(v, frozen[n]) for n, v in trunk.items())
    moved = base.with_name('moved.pt')
    torch.save(weights(base), moved)
    with moved.open('ab') as file:
        file.write(b'x')
    content = weights(result.best)
    content['recipe']['network']['start'] = str(moved)
    torch.save(content, tmp_path / 'other.pt')
    with pytest.raises(RecipeError, match='is not the file that'):
        load_trained(tmp_path / 'other.pt')


def test_training_lowers_the_loss(recipe, tmp_path):
    fit(recipe('steps=30', 'check_every=10', 'missing=0.2'), tmp_path, 'cpu')
    with (tmp_path / 'log.csv').open() as file:
        losses = [float(r['loss']) for r in csv.DictReader(file)]
    assert losses[-1] < 0.7 * losses[0]


def test_guesses_learn_from_pairs_that_are_whole_alone(recipe):
    small = recipe('network.guess=true')
    torch.manual_seed(0)
    objective = Objective(small, build_network(small, 9), torch.randn(9, 5))
    batch = BatchMaker(recipe('missing=0'), read_training(small.data)[0]).make(0)
    far = objective.network.outputs(*objective.inputs(batch)).missed
    half = replace(batch, present=torch.tensor([[1.0, 1.0], [1.0, 0.0]]))
    parts = objective(half)[1]
    torch.testing.assert_close(parts['guess'], far[0].detach(), rtol=1e-4, atol=1e-5)
    assert float(objective(replace(batch, present=torch.tensor([[1.0, 0.0]] * 2)))[1][
        'guess']) == 0
    assert 'guess' not in Objective(
        recipe(), build_network(recipe(), 9), torch.randn(9, 5))(batch)[1]


def test_rates_rise_then_fall_with_the_power_of_what_is_left(recipe):
    small = recipe('steps=110', 'warm_up=10', 'rate=1.0e-3')
    assert rate_at(small, 0) == pytest.approx(1e-4)
    assert rate_at(small, 9) == pytest.approx(1e-3)
    assert rate_at(small, 60) == pytest.approx(1e-3 * 0.5 ** 0.9)
    cosine = recipe('steps=110', 'warm_up=10', 'schedule=cosine', 'rate=1.0e-3')
    assert rate_at(cosine, 109) == pytest.approx(1e-6)


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp('runs')


OPTIONS = {
    'hiera low rank': ('network.tune=low_rank', 'network.rank=2', 'network.start={base}'),
    'hiera own sets': ('network.tune=low_rank', 'network.rank=2', 'network.start={base}',
                       'network.sets=per_modality'),
    'compact': ('network.encoder=mobilenetv4_conv_small', 'network.answer=main'),
    'guessing': ('network.encoder=mobilenetv4_conv_small', 'network.guess=true')}


@pytest.mark.parametrize('kind', list(OPTIONS))
def test_a_bundle_does_what_the_network_does_and_compiles(recipe, base, tmp_path, kind):
    changes = [c.format(base=base) for c in OPTIONS[kind]]
    fit(recipe(*changes, 'steps=2'), tmp_path / 'run', 'cpu')
    trained = load_trained(tmp_path / 'run')
    reports = write_rgbt_bundle(trained, tmp_path / 'bundle', half=False)
    assert reports['fp32'].agreement > 0.999
    assert reports['fp32'].logits_max < 1e-3
    bundle = load_rgbt_bundle(tmp_path / 'bundle')
    assert bundle.manifest.classes == trained.classes.names
    assert bundle.manifest.one_camera
    assert bundle.manifest.training['text'] == 'sartm_attributes.csv'
    stored = read_vectors(tmp_path / 'bundle/text.csv')
    np.testing.assert_allclose(stored.vectors, trained.text.vectors, rtol=1e-5)
    segmenter = RgbtSegmenter(bundle, 'onnxruntime', 1)
    _, picture = street_picture(3, 1, 80, 60)
    for pair, sight in (((picture.rgb, picture.thermal), 'both'),
                        ((picture.rgb, None), 'rgb_only'), ((None, picture.thermal),
                                                            'thermal_only')):
        found = segmenter.segment(*pair)
        assert found.shape == (60, 80)
        assert segmenter.sight == sight
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))
    engine = build_engine(bundle.network_path, None, capability='SM86')
    assert len(engine) > bundle.manifest.files['network'].size / 3


def test_what_is_no_network_of_two_cameras_is_not_exported(recipe, tmp_path, monkeypatch):
    fit(recipe('network.modalities=rgb', 'steps=2'), tmp_path / 'one', 'cpu')
    with pytest.raises(RecipeError, match='a bundle needs a network of both modalities'):
        write_rgbt_bundle(load_trained(tmp_path / 'one'), tmp_path / 'bundle')
    fit(recipe('steps=2'), tmp_path / 'two', 'cpu')
    trained = load_trained(tmp_path / 'two')
    monkeypatch.setattr(class_maps, 'LEAST_AGREEMENT', 1.01)
    with pytest.raises(ExportError, match='of the pixels have the class'):
        write_rgbt_bundle(trained, tmp_path / 'bundle')
    assert not (tmp_path / 'bundle/bundle.yaml').exists()


def test_a_run_is_judged_with_what_it_can_be_shown(recipe, tmp_path):
    fit(recipe('steps=2'), tmp_path / 'two', 'cpu')
    found = judge(tmp_path / 'two')
    assert set(found) == {'test'}
    assert set(found['test']) == {'both', 'rgb', 'thermal'}
    assert all(0 <= v <= 1 for v in found['test'].values())
    small = recipe('steps=2', 'network.modalities=thermal', 'loss.cross.weight=0')
    small = replace(small, data=replace(small.data, test=('test_night', 'test')))
    fit(small, tmp_path / 'one', 'cpu')
    found = judge(tmp_path / 'one')
    assert {s: set(v) for s, v in found.items()} == {
        'test_night': {'thermal'}, 'test': {'thermal'}}


def test_files_that_are_no_runs_are_told(tmp_path):
    with pytest.raises(RecipeError, match=r'best\.pt cannot be read'):
        load_trained(tmp_path)
    torch.save({'kind': 'other'}, tmp_path / 'best.pt')
    with pytest.raises(RecipeError, match='is no run of'):
        load_trained(tmp_path)


def test_the_commands_go_from_scenes_to_a_bundle(tmp_path, capsys):
    data = tmp_path / 'streets'
    assert main(['sartm', 'scenes', '--output', str(data), '--train', '4', '--val', '2', '--test',
                 '2', '--width', '64', '--height', '48']) == 0
    (tmp_path / 'recipe.yaml').write_text(
        f'name: tiny\ndata: {{path: {data}}}\nnetwork: {{encoder: hiera_micro, head: 8}}\n'
        'width: 64\nheight: 64\nsteps: 2\nbatch: 2\nwarm_up: 1\ncheck_pairs: 2\npictures: 0\n')
    run, bundle = tmp_path / 'run', tmp_path / 'bundle'
    assert main(['sartm', 'fit', str(tmp_path / 'recipe.yaml'), '--run', str(run), '--set',
                 'check_every=2', '--device', 'cpu']) == 0
    assert main(['sartm', 'score', str(run), '--device', 'cpu']) == 0
    assert main(['sartm', 'export', str(run), '--output', str(bundle)]) == 0
    said = capsys.readouterr().out
    assert 'test: both 0.' in said
    assert load_rgbt_bundle(bundle).manifest.precision == 'fp16'
    assert main(['sartm', 'scenes', '--output', str(data), '--width', '5']) == 1
    assert main(['sartm', 'base', str(tmp_path / 'none.pt'), '--encoder', 'hiera_micro',
                 '--output', str(tmp_path / 'base.pt')]) == 1
    assert 'width must be 32 to 2048' in capsys.readouterr().err
