# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A small run end to end: data, training, interruption, export, the bundle in ONNX Runtime."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
import onnxruntime  # noqa: E402

from eventsam_ros.events.types import Events, Window  # noqa: E402
from eventsam_ros.inference.bundle import load_bundle  # noqa: E402
from eventsam_ros.inference.prompts import Point, Prompt  # noqa: E402
from eventsam_ros.inference.segmenter import Segmenter  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.data.augment import augment  # noqa: E402
from training.data.pairs import Pair, Settings, prepare, write_pairs  # noqa: E402
from training.data.store import Store, write_shards  # noqa: E402
from training.errors import RecipeError  # noqa: E402
from training.fit import Run, fit, learning_rate  # noqa: E402
from training.loader import make_batch  # noqa: E402
from training.networks.encoder import normalise  # noqa: E402
from training.recipe import Phase, Recipe, load_recipe  # noqa: E402
from training.warm_start import decoder_of  # noqa: E402

PHASES = (Phase(64, 64, 3, batch=2, prompts=2, warm_up=1),
          Phase(96, 64, 3, batch=2, prompts=2, warm_up=1))
RECIPE = Recipe('small', PHASES, width=96, height=64, shards=1, detail=4)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('training.data.store.SHARD', 6)
        write_shards(folder, 10, range(1), 96, 64, None, 'robust')
    return folder


@pytest.fixture(scope='module')
def run(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp('run')
    fit(RECIPE, data, folder, check_every=2, check_windows=2)
    return folder


def test_the_log_has_every_check(run):
    lines = (run / 'log.csv').read_text().splitlines()
    assert lines[0].startswith('step,phase')
    assert [line.split(',')[0] for line in lines[1:]] == ['2', '3', '4', '6']


def test_an_interrupted_run_ends_with_the_same_weights(data, run, tmp_path, monkeypatch):
    original = Run.train_step

    def stop(self, *arguments):
        if self.step == 5:
            raise KeyboardInterrupt
        return original(self, *arguments)

    monkeypatch.setattr(Run, 'train_step', stop)
    with pytest.raises(KeyboardInterrupt):
        fit(RECIPE, data, tmp_path, check_every=2, check_windows=2)
    monkeypatch.setattr(Run, 'train_step', original)
    fit(RECIPE, data, tmp_path, check_every=2, check_windows=2)
    one, two = Run(RECIPE, run), Run(RECIPE, tmp_path)
    assert one.step == two.step == 6
    for a, b in zip(one.average.state_dict().values(), two.average.state_dict().values(),
                    strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_the_rate_warms_up_and_falls_to_its_end():
    phase = Phase(64, 64, 100, rate=1e-3, final_rate=1e-5, warm_up=10)
    assert learning_rate(phase, 0) == pytest.approx(1e-4)
    assert learning_rate(phase, 10) == pytest.approx(1e-3)
    assert learning_rate(phase, 100) == pytest.approx(1e-5)


@pytest.fixture(scope='module')
def bundle(run, tmp_path_factory):
    recipe = tmp_path_factory.mktemp('recipe') / 'small.yaml'
    recipe.write_text(
        'name: small\nwidth: 96\nheight: 64\nshards: 1\ndetail: 4\nphases:\n'
        '  - {width: 64, height: 64, steps: 3, batch: 2, prompts: 2, warm_up: 1}\n'
        '  - {width: 96, height: 64, steps: 3, batch: 2, prompts: 2, warm_up: 1}\n')
    assert load_recipe(recipe) == RECIPE
    folder = tmp_path_factory.mktemp('bundle')
    assert main(['export', str(recipe), '--run', str(run), '--output', str(folder),
                 '--windows', '2']) == 0
    return folder


def test_the_exported_graphs_equal_the_network(run, bundle):
    network = Run(RECIPE, run).average.eval()
    network.decoder.resize(96, 64)
    for value in network.parameters():
        if value.numel() >= 256:
            value.data = value.data.half().float()
    rng = np.random.default_rng(0)
    image = rng.normal(0, 1, (1, 3, 64, 96)).astype(np.float32)
    encoder = onnxruntime.InferenceSession(str(bundle / 'encoder.onnx'))
    decoder = onnxruntime.InferenceSession(str(bundle / 'decoder.onnx'))
    embedding = encoder.run(None, {'image': image})[0]
    with torch.no_grad():
        wanted = network.encoder(torch.from_numpy(image)).numpy()
    assert np.abs(embedding - wanted).max() < 0.02 * np.abs(wanted).max()
    for prompts, points in ((1, 1), (3, 2), (16, 4)):
        inputs = {
            'embedding': wanted,
            'point_coords': rng.uniform(0, 60, (prompts, points, 2)).astype(np.float32),
            'point_labels': rng.integers(-1, 4, (prompts, points)).astype(np.float32),
            'mask_input': rng.normal(0, 3, (prompts, 1, 16, 24)).astype(np.float32),
            'has_mask': rng.integers(0, 2, prompts).astype(np.float32)}
        if prompts == 16:   # nobody brings a mask: one "none" serves all
            inputs['mask_input'], inputs['has_mask'] = inputs['mask_input'][:1], np.zeros(
                1, np.float32)
        logits, scores = decoder.run(None, inputs)
        with torch.no_grad():
            expected = network.decoder(*(torch.from_numpy(v) for v in inputs.values()))
        assert logits.shape == (prompts, 4, 16, 24)
        np.testing.assert_allclose(logits, expected[0].numpy(), atol=2e-2)
        np.testing.assert_allclose(scores, expected[1].numpy(), atol=2e-2)


def test_the_segmenter_runs_the_exported_bundle(bundle):
    segmenter = Segmenter(load_bundle(bundle))
    rng = np.random.default_rng(1)
    events = Events(rng.integers(0, 120, 5000).astype(np.uint16),
                    rng.integers(0, 80, 5000).astype(np.uint16),
                    rng.integers(0, 2, 5000).astype(np.uint8),
                    np.sort(rng.integers(0, 50_000_000, 5000)))
    masks = segmenter.segment(
        Window(events, 0, 50_000_000, 120, 80), [Prompt(points=(Point(30.0, 40.0),))])
    assert masks.masks.shape == (1, 80, 120)
    segmenter.close()


def test_exporting_nothing_is_one_sentence(tmp_path, capsys):
    recipe = Path(__file__).parents[2] / 'training' / 'recipes' / 'default.yaml'
    code = main(['export', str(recipe), '--run', str(tmp_path), '--output', str(tmp_path / 'b')])
    assert code == 1
    assert 'holds no trained network' in capsys.readouterr().err


def test_photos_without_a_root_are_one_sentence(tmp_path, capsys):
    recipe = Path(__file__).parents[2] / 'training' / 'recipes' / 'default.yaml'
    assert main(['data', str(recipe), '--data', str(tmp_path)]) == 1
    assert '--photo-root' in capsys.readouterr().err


@pytest.fixture(scope='module')
def continued(data, bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp('continued')
    begun = Run(RECIPE, folder)
    begun.begin_with(bundle, Store(data))
    return begun


def test_a_run_begins_with_the_answers_of_a_bundle(run, continued):
    shipped = Run(RECIPE, run).average.eval()
    picture = torch.from_numpy(np.random.default_rng(2).normal(0, 1, (2, 3, 64, 96))).float()
    coords, labels = torch.tensor([[[30.0, 40.0]], [[50.0, 20.0]]]), torch.ones(2, 1)
    for average in (continued.network.eval(), continued.average.eval()):
        answers = []
        for network in (shipped, average):
            network.decoder.resize(96, 64)
            with torch.no_grad():
                embedding = network.encoder(picture)
                masks, scores = network.decoder(
                    embedding, coords, labels, torch.zeros(2, 1, 16, 24), torch.zeros(2),
                    torch.tensor([0, 1]))
            answers.append((embedding, masks, scores))
        for wanted, found in zip(*answers, strict=True):
            # The bundle has fp16 weights.
            assert (found - wanted).abs().max() < 0.02 * wanted.abs().max()


def test_batch_norms_of_a_bundle_get_statistics_to_train_with(data, continued):
    store, seen = Store(data), []
    norm = continued.network.encoder.backbone.bn1
    with torch.no_grad():
        for k in range(len(store)):
            picture = normalise(torch.from_numpy(store[k][0].copy())[None], 128.0, 40.0)
            seen.append(continued.network.encoder.backbone.conv_stem(picture))
    values = torch.cat(seen)
    # 64 of the 6 pictures were drawn, so the statistics are theirs within chance.
    spread = values.std((0, 2, 3))
    assert ((norm.running_mean - values.mean((0, 2, 3))).abs() < 0.3 * spread).all()
    ratio = norm.running_var / values.var((0, 2, 3))
    assert ((ratio > 0.5) & (ratio < 2)).all()


def test_a_run_that_has_begun_keeps_its_own_weights(data, run, bundle):
    again = Run(RECIPE, run)
    before = {k: v.clone() for k, v in again.network.state_dict().items()}
    again.begin_with(bundle, Store(data))
    for name, value in again.network.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_bundle_of_another_build_is_one_sentence(data, bundle, tmp_path):
    other = Recipe('small', PHASES, width=64, height=64)
    with pytest.raises(RecipeError, match='not a bundle of mobilenetv4_conv_small at 64x64'):
        Run(other, tmp_path).begin_with(bundle, Store(data))
    with pytest.raises(RecipeError, match=r'encoder\.onnx cannot be read'):
        Run(RECIPE, tmp_path).begin_with(tmp_path / 'nothing', Store(data))


def test_the_decoder_of_a_bundle_comes_back_by_name(run, bundle, tmp_path):
    found = decoder_of(bundle)
    trained = dict(Run(RECIPE, run).average.decoder.state_dict())
    assert set(found) == {name for name in trained if not name.startswith('detail')}
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, trained[name], rtol=1e-3, atol=1e-4, msg=name)
    with pytest.raises(RecipeError, match='names its recipe'):
        decoder_of(tmp_path)


@pytest.mark.parametrize(('changes', 'message'), [
    ({'backbone': 'no_such_net'}, 'cannot be built: .*no_such_net'),
    ({'picture': 'frame', 'backbone': 'compact', 'detail': 4}, 'gives no detail at stride 4'),
])
def test_a_network_that_there_is_not_is_one_sentence(tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        Run(replace(RECIPE, **changes), tmp_path)


def test_a_run_of_another_build_is_not_taken_up(run, tmp_path):
    with pytest.raises(RecipeError, match=r'last\.pt is no run of this recipe'):
        Run(replace(RECIPE, detail=0), run)
    (tmp_path / 'last.pt').write_bytes(b'cut off')
    with pytest.raises(RecipeError, match=r'last\.pt cannot be read'):
        Run(RECIPE, tmp_path)


def test_nothing_to_train_on_is_one_sentence(tmp_path):
    with pytest.raises(RecipeError, match='holds nothing to train on'):
        fit(RECIPE, tmp_path, tmp_path / 'run')


def pairs_of(folder, ids):
    """Write two pairs of frames with the same ids."""
    settings = Settings(64, 64)
    prepare(folder, settings, 'made', {})
    rng = np.random.default_rng(0)
    write_pairs(folder, 'made', (
        Pair(np.full((64, 64, 3), 128, np.uint8), rng.integers(0, 255, (64, 64, 3), np.uint8),
             ids, (64, 64), f'made/{k}') for k in range(2)), settings, 2)
    return folder


def test_frames_without_a_single_label_end_in_a_sentence_not_in_a_search_without_end(tmp_path):
    ids = np.zeros((64, 64), np.uint8)
    ids[10:30, 10:30] = 1
    good = pairs_of(tmp_path / 'good', ids)
    for name, empty in (('unlabelled', np.full_like(ids, 255)), ('bare', np.zeros_like(ids))):
        pairs_of(tmp_path / name, empty)
        recipe = replace(RECIPE, picture='frame')
        with pytest.raises(RecipeError, match='show no labelled object'):
            fit(recipe, tmp_path / name, tmp_path / f'run_{name}', held_out=good)
        with pytest.raises(RecipeError, match='no labelled pairs to validate on'):
            fit(recipe, good, tmp_path / f'held_{name}', held_out=tmp_path / name)


def test_events_of_a_picture_whose_level_moves_are_left_alone():
    picture = np.random.default_rng(4).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    store = [(picture, np.ones((64, 96), np.uint8))]
    values = set(np.unique(picture))
    phase = Phase(96, 64, 1, batch=4, prompts=1, least_crop=1.0)
    for seed in range(4):
        batch = make_batch(store, phase, np.random.default_rng(seed),
                           partial(augment, events=False))
        for found in batch.pictures.numpy():
            turned = [picture[::a, ::b] for a in (1, -1) for b in (1, -1)]
            assert any(np.array_equal(found, one) for one in turned)
            assert set(np.unique(found)) == values


def test_training_data_of_another_recipe_are_not_mixed_in(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('training.__main__.multiprocessing.get_context', lambda _: Sequential)
    monkeypatch.setattr('training.data.store.SHARD', 2)
    text = 'name: x\nwidth: 96\nheight: 64\nshards: 1\nphases: [{width: 64, height: 64, steps: 1}]'
    file, data = tmp_path / 'r.yaml', tmp_path / 'data'
    for change, code in (('', 0), ('\nweight_decay: 0.1', 0), ('\ndata_seed: 7', 1),
                         ('\nboards: 0.5', 1)):
        file.write_text(text + change)
        assert main(['data', str(file), '--data', str(data), '--jobs', '1']) == code, change
    assert 'was made with another boards (0.0, not 0.5)' in capsys.readouterr().err


class Sequential:
    """A process that is none."""

    exitcode = 0

    def __init__(self, target, args):
        self._work = partial(target, *args)

    @classmethod
    def Process(cls, target, args):  # noqa: N802
        return cls(target, args)

    def start(self):
        self._work()

    def join(self):
        pass
