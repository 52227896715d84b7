# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Whole runs on a miniature: killed and resumed, in two stages, exported and followed live."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.engines.tensorrt_build import build_engine, load_tensorrt
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import decoder_ranges, load_referring_bundle
from training.__main__ import main
from training.errors import RecipeError
from training.exporting.graphs import ExportError
from training.referring import export
from training.referring.batches import BatchMaker
from training.referring.clips.store import ClipStore
from training.referring.data import Told, read_split
from training.referring.export import write_referring_bundle
from training.referring.judging import judge, opened
from training.referring.loop import fit
from training.referring.run import Run, parts_of, rated_groups, share_at
from training.referring.score import answers
from training.referring.trained import build_network, build_words, load_trained


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
    with (tmp_path / 'halves/log.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [int(r['step']) for r in rows] == [2, 4]
    assert all(0 <= float(r['j']) <= 1 for r in rows)
    assert (tmp_path / 'halves/pictures/step_000004.png').exists()
    with pytest.raises(RecipeError, match='holds a run with another frames'):
        fit(recipe('frames=3'), tmp_path / 'halves', 'cpu')


def test_every_part_has_its_rate_and_the_schedule_multiplies_it(recipe):
    small = recipe('rates.text=0.5', 'rates.track=0.25', 'steps=110', 'warm_up=10', 'final=0.1')
    network = build_network(small, build_words(small.network.text, ('red',)))
    parts = parts_of(network)
    assert sum(len(v) for v in parts.values()) == len(list(network.parameters()))
    assert not parts['adapters']
    peaks = {id(p): g['peak'] for g in rated_groups(network, small) for p in g['params']}
    assert all(peaks[id(p)] == 0.5 for p in network.text.parameters())
    assert all(peaks[id(p)] == 0.25 for p in network.tracking.parameters())
    assert share_at(small, 0) == pytest.approx(0.1)
    assert share_at(small, 9) == pytest.approx(1)
    assert share_at(small, 109) == pytest.approx(0.1)
    assert share_at(recipe('schedule=constant', 'steps=110', 'warm_up=10'), 109) == 1


def test_steps_lower_the_loss_of_what_they_are_shown(recipe, tmp_path):
    small = recipe('steps=9', 'frames=1', 'rates.encoder=1e-3', 'batch=1')
    run = Run(small, tmp_path, 'cpu')
    batch = BatchMaker(small, run.training, run.words).make(0)
    losses = [float(run.train_step(batch)['loss']) for _ in range(6)]
    assert losses[-1] < losses[0]


def test_alignment_is_dice_and_contrast_of_what_likeness_would_answer(recipe, tmp_path):
    losses = 'loss={dice: 1, focal: 0, score: 0, contrast: 1, alignment: 3}'
    run = Run(recipe(losses, 'network.track=none'), tmp_path / 'decoder', 'cpu')
    batch = BatchMaker(run.recipe, run.training, run.words).make(0)
    total, parts = run.plain.eval()(batch)
    assert float(total.detach()) == pytest.approx(
        float(parts['dice'] + parts['contrast'] + 3 * parts['alignment']), rel=1e-5)
    alone = Run(recipe('loss={dice: 1, focal: 0, contrast: 1}', 'network.answers=likeness'),
                tmp_path / 'likeness', 'cpu')
    own = alone.plain.network
    own.load_state_dict({**own.state_dict(), **run.plain.network.state_dict()})
    expected, _ = alone.plain.eval()(batch)
    assert float(parts['alignment']) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_a_modality_may_be_left_out_in_training(recipe, tmp_path, monkeypatch):
    run = Run(recipe('missing=1'), tmp_path, 'cpu')
    shown = []
    see = run.plain.network.see
    monkeypatch.setattr(run.plain.network, 'see', lambda image, events: shown.append(
        (image is not None, events is not None)) or see(image, events))
    batch = BatchMaker(run.recipe, run.training, run.words).make(0)
    with torch.no_grad():
        for seed in range(8):
            torch.manual_seed(seed)
            run.plain(batch)
    assert set(shown) == {(True, False), (False, True)}


def test_sentences_of_some_kinds_are_left_out(recipe):
    data = read_split(recipe(), 'train')
    told = Told(data, ('motion', 'start', 'place', 'extreme'))
    kinds = {a.partition('=')[0] for k in range(len(told)) for s in told[k].sentences
             for a in s.attributes}
    assert 0 < len(told) <= len(data)
    assert not kinds & {'motion', 'start', 'place', 'extreme'}
    assert all(told.sentences(k) == told[k].sentences for k in range(len(told)))
    used = {a.partition('=')[0] for k in range(len(data)) for s in data[k].sentences
            for a in s.attributes}
    everything = Told(data, ())
    assert sum(len(everything.sentences(k)) for k in range(len(everything))) == sum(
        len(data.sentences(k)) for k in range(len(data)))
    with pytest.raises(RecipeError, match='no sentence is left without'):
        Told(data, tuple(used))


def test_a_second_stage_goes_on_with_weights_and_words(recipe, tmp_path):
    first = fit(recipe('frames=1', 'network.track=none', 'steps=2'), tmp_path / 'first', 'cpu')
    second = recipe(f'network.start={first.best}')
    words = load_trained(first.best).words
    network = build_network(second, words)
    given = load_trained(first.best).network.state_dict()
    own = network.state_dict()
    assert given.keys() < own.keys()
    # the encoder of clicks is not asked, but for the positions of the grid
    asked = {n: v for n, v in given.items() if 'prompt_encoder' not in n or 'pe_layer' in n}
    assert len(asked) > 0.9 * len(given)
    assert all(torch.equal(own[n], v) for n, v in asked.items())
    result = fit(second, tmp_path / 'second', 'cpu')
    assert load_trained(result.best).words == words
    adapted = recipe(f'network.start={first.best}', 'network.tune=adapters', 'steps=2')
    kept = weights(fit(adapted, tmp_path / 'third', 'cpu').best)
    backbone = [n for n in kept['learnt'] if n.startswith('sight.sight.encoder.backbone.')]
    assert backbone
    assert all('.adapter.' in n for n in backbone)
    trained = load_trained(tmp_path / 'third')
    stem = 'sight.sight.encoder.backbone.conv_stem.weight'
    assert torch.equal(trained.network.state_dict()[stem], given[stem])
    again = recipe(f'network.start={tmp_path / "third/best.pt"}', 'network.tune=adapters')
    network = build_network(again, words)
    given = trained.network.state_dict()
    assert all(torch.equal(v, given[n]) for n, v in network.state_dict().items()
               if '.adapter.' in n)
    with pytest.raises(RecipeError, match='is of another build: it lacks'):
        build_network(recipe(f'network.start={first.best}', 'network.detail=4'), words)


OPTIONS = {
    'both': (),
    'images, one scale, no track': (
        'network.modalities=images', 'network.dense=single', 'network.track=none'),
    'events, head, attention': (
        'network.modalities=events', 'network.track=attention', 'loss.score=1')}


@pytest.mark.parametrize('kind', list(OPTIONS))
def test_a_bundle_follows_a_clip_as_the_network_does_and_compiles(recipe, clips, tmp_path, kind):
    small = recipe(*OPTIONS[kind], 'steps=2', 'width=64', 'height=64', 'threshold=0')
    fit(small, tmp_path / 'run', 'cpu')
    trained, objective = opened(tmp_path / 'run')
    reports = write_referring_bundle(trained, tmp_path / 'bundle', half=False)
    assert reports['fp32'].mask_iou >= 0.99
    assert reports['fp32'].logits_max < 1e-2
    bundle = load_referring_bundle(tmp_path / 'bundle')
    m = bundle.manifest
    assert m.modalities == small.network.modalities
    assert m.track == (small.network.track != 'none')
    assert m.vocabulary == trained.words.vocabulary
    if m.modalities == 'images':
        follow(bundle, objective, ClipStore(clips, 'test')[0], trained)
    try:
        load_tensorrt()
    except EngineError as error:
        pytest.skip(str(error))
    for key, ranges in (('encoder', None), ('text', None), ('decoder', decoder_ranges(m))):
        engine = build_engine(bundle.file(key), ranges, capability='SM86')
        assert len(engine) > 0.3 * bundle.file(key).stat().st_size


def follow(bundle, objective, clip, trained):
    """Compare the segmenter, frame by frame, with the network over the whole clip."""
    segmenter = ReferringSegmenter(bundle, 'onnxruntime', 1)
    for k, sentence in enumerate(clip.sentences):
        segmenter.add(str(k), sentence.text)
    logits, _ = answers(objective, clip, trained.words)
    for t, frame in enumerate(clip.frames):
        found = segmenter.segment(np.ascontiguousarray(frame), None, t * 100_000_000)
        masks = np.stack([f.mask for f in found])
        # OpenCV and torch interpolate alike but for rounding
        assert np.mean(masks == (logits[:, t] > 0)) > 0.99
    segmenter.close()


def test_graphs_that_do_not_follow_are_not_written(recipe, tmp_path, monkeypatch):
    fit(recipe('steps=2'), tmp_path / 'run', 'cpu')
    monkeypatch.setattr(export, 'LEAST_IOU', 1.01)
    with pytest.raises(ExportError, match='the masks of a clip agree with those of the network'):
        write_referring_bundle(load_trained(tmp_path / 'run'), tmp_path / 'bundle')
    assert not (tmp_path / 'bundle/bundle.yaml').exists()


def test_likeness_alone_makes_no_bundle_but_a_beginning(recipe, tmp_path):
    first = fit(recipe('steps=2', 'network.answers=likeness', 'rates.decoder=0'),
                tmp_path / 'run', 'cpu')
    with pytest.raises(ExportError, match='likeness'):
        write_referring_bundle(load_trained(first.best), tmp_path / 'bundle')
    second = recipe(f'network.start={first.best}')
    network = build_network(second, load_trained(first.best).words)
    assert network.tracking is not None
    assert torch.equal(network.words.layers[0].weight,
                       load_trained(first.best).network.words.layers[0].weight)


def test_a_run_is_judged_by_scenario_and_by_what_is_said(recipe, tmp_path):
    fit(recipe('steps=2'), tmp_path, 'cpu')
    found = judge(tmp_path)
    assert {'all', 'plain', 'return'} <= set(found)
    assert any(name.startswith('says ') for name in found)
    assert all(0 <= found['all'][k] <= 1 for k in ('j', 'f', 'right', 'chance'))


def test_files_that_are_no_runs_are_told(tmp_path):
    with pytest.raises(RecipeError, match=r'best\.pt cannot be read'):
        load_trained(tmp_path)
    torch.save({'kind': 'other'}, tmp_path / 'best.pt')
    with pytest.raises(RecipeError, match='is no run of'):
        load_trained(tmp_path)


def test_the_commands_go_from_clips_to_a_bundle(clips, tmp_path, capsys):
    (tmp_path / 'recipe.yaml').write_text(
        f'name: tiny\ndata: {{path: {clips}}}\nwidth: 64\nheight: 64\nframes: 2\nbatch: 1\n'
        'network: {detail: 0, text: {width: 16}}\nsteps: 2\nwarm_up: 1\ncheck_clips: 1\n'
        'pictures: 0\n')
    run, bundle = tmp_path / 'run', tmp_path / 'bundle'
    assert main(['refsam', 'fit', str(tmp_path / 'recipe.yaml'), '--run', str(run), '--set',
                 'check_every=2', '--device', 'cpu']) == 0
    assert main(['refsam', 'score', str(run), '--sheet', str(tmp_path / 'sheet.png'),
                 '--device', 'cpu']) == 0
    assert (tmp_path / 'sheet.png').exists()
    assert main(['refsam', 'export', str(run), '--output', str(bundle), '--precision',
                 'fp32']) == 0
    assert 'all: j 0.' in capsys.readouterr().out
    assert load_referring_bundle(bundle).manifest.precision == 'fp32'
    assert main(['refsam', 'clips', '--output', str(clips), '--width', '32']) == 1
    assert 'choose another folder' in capsys.readouterr().err
