# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes and studies of RefSAM: mistakes are told, tables say what the results are."""

from __future__ import annotations

import csv
import json
from pathlib import Path
import statistics

import pytest
import yaml

from training.compare.arms import run_once
from training.compare.run import Result
from training.errors import RecipeError
from training.referring import study as studies
from training.referring.recipe import load_recipe, make_recipe
from training.referring.study import load_study, make_study, run_study
from training.referring.table import markdown

import torch  # isort: skip  (conftest skips where there is none)

RECIPES = Path(__file__).parents[3] / 'training' / 'recipes'


@pytest.mark.parametrize('path', sorted(RECIPES.glob('refsam*.yaml')), ids=lambda p: p.stem)
def test_the_recipes_that_ship_can_be_read(path):
    if 'arms' in yaml.safe_load(path.read_text()):
        assert len(load_study(path).seeds) == 3
    else:
        assert load_recipe(path).steps > 0


def test_the_study_begins_with_words_and_looks_at_all_that_there_is():
    study = load_study(RECIPES / 'refsam_study.yaml')
    assert {a.recipe.network.modalities for a in study.arms} == {'both', 'images', 'events'}
    assert {a.name for a in study.arms} <= set(study.after)
    assert all(f.recipe.frames == 1 and f.recipe.network.track == 'none' for f in study.first)
    # What finds the words makes no masks of its own: it is only begun with.
    words = {f.name for f in study.first if f.recipe.network.answers == 'likeness'}
    assert words
    assert words.isdisjoint(study.after[a.name] for a in study.arms)


def test_the_track_is_asked_on_whole_clips_of_look_alikes():
    study = load_study(RECIPES / 'refsam_track.yaml')
    assert study.clips.scenarios == ('look-alikes',)
    assert [a.recipe.network.track for a in study.arms] == ['mlp', 'none']
    assert all(a.recipe.from_first == 1 and a.recipe.stride == 1
               and a.recipe.frames == study.clips.frames for a in study.arms)


BASE = {'name': 'any', 'data': {'path': 'x'}}


@pytest.mark.parametrize(('change', 'message'), [
    ('width=100', 'multiples of 32, but are 100 and 160'),
    ('network.tune=adapters', 'tune is adapters, which keeps trained weights; say in start'),
    ('network.text.kind=t5', 't5 needs path, the folder of its weights'),
    ('loss={dice: 0, focal: 0}', 'dice or focal must be above 0'),
    ('warm_up=5000', 'warm_up must be less than steps'),
    ('data.format=ref-davis17', 'ref-davis17 has no events'),
    ('data.train=test', 'split test is a test split'),
    ('data.validation=test', 'split test is a test split'),
    ('representation=eventsam', 'events must be false with representation eventsam'),
    ('network.tracks=none', "did you mean 'track'"),
    ('augmentation.strength=2', r'any\.yaml: strength must be 0 to 0.99, but got 2'),
])
def test_what_does_not_go_together_is_told(change, message):
    with pytest.raises(RecipeError, match=message):
        make_recipe(BASE, 'any.yaml', [change])


def test_paths_are_taken_from_a_folder():
    recipe = make_recipe(
        {**BASE, 'network': {'start': 'a.pt', 'text': {'kind': 't5', 'path': 't'}}}, 'any')
    moved = recipe.within(Path('/there'))
    assert moved.data.path == Path('/there/x')
    assert moved.network.start == Path('/there/a.pt')
    assert moved.network.text.path == Path('/there/t')


@pytest.mark.parametrize(('values', 'message'), [
    ([], 'must be a mapping'),
    ({'name': 's', 'base': BASE, 'arms': [{'name': 'a'}], 'after': {'a': 'b'}},
     'after: a: b must name an arm or one of first, and one of first before it'),
    ({'name': 's', 'base': BASE, 'arms': [{'name': 'a'}], 'first': [{'name': 'b'}, {'name': 'c'}],
      'after': {'b': 'c'}}, 'after: b: c must name .* and one of first before it'),
    ({'name': 's', 'base': BASE, 'arms': [{'name': 'a'}], 'clips': {'scenarios': ['none']}},
     "scenarios must be of plain, .*, but there is 'none'"),
    ({'name': 's', 'base': BASE, 'arms': [{'name': 'a', 'changes': 'x'}]},
     "arm 'a': changes must be a mapping"),
    ({'name': 's', 'base': BASE, 'arms': [{'name': 'a'}], 'seeds': []}, 'needs seeds'),
    ({'name': 's', 'base': BASE, 'arms': [{'name': 'a'}], 'differences': {'d': ['a', 'b']}},
     "d names 'b', which is no arm"),
])
def test_a_study_that_says_something_wrong_is_told(values, message):
    with pytest.raises(RecipeError, match=message):
        make_study(values, 's.yaml')


def test_the_tables_have_means_spreads_chance_and_paired_differences():
    def scores(right):
        return {'j': 0.1, 'f': 0.3, 'j_and_f': 0.2, 'right': right, 'right_late': right / 2,
                'chance': 0.25}
    values = {'with': (0.6, 0.7), 'without': (0.5, 0.4)}
    results = [Result(arm, seed, {'all': scores(v[seed]), 'says colour': scores(v[seed] / 2)}, 60)
               for arm, v in values.items() for seed in (0, 1)]
    text = markdown('any', list(values), results, {'gain': ('with', 'without')})
    rows = [[c.strip() for c in line.split('|')[1:-1]] for line in text.splitlines()
            if line.startswith('| ')]
    deviation = statistics.stdev(values['with'])
    assert ['with', f'0.650 ± {deviation:.3f}'] in rows
    assert ['chance', '0.250'] in rows
    assert ['*gain*', f'+0.200 ± {statistics.stdev([0.1, 0.3]):.3f}'] in rows
    assert ['with', f'0.325 ± {deviation / 2:.3f}'] in rows
    assert 'Minutes of training: with 1.0, without 1.0.' in text


def test_a_study_runs_once_and_a_rerun_reads_what_is_done(clips, tmp_path, monkeypatch):
    values = {
        'name': 'tiny', 'seeds': [0],
        'base': {'data': {'path': str(clips)}, 'width': 64, 'height': 64, 'frames': 2,
                 'network': {'detail': 0, 'text': {'width': 16}, 'modalities': 'images'},
                 'sentences': 1, 'steps': 1, 'batch': 1, 'warm_up': 0, 'check_every': 1,
                 'check_clips': 1, 'pictures': 0},
        'first': [
            {'name': 'words', 'changes': {
                'frames': 1, 'network': {'answers': 'likeness'}, 'rates': {'decoder': 0}}},
            {'name': 'pictures', 'changes': {'frames': 1, 'network': {'track': 'none'}}}],
        'after': {'pictures': 'words', 'tracked': 'pictures'},
        'arms': [{'name': 'tracked'}, {'name': 'alone'}],
        'differences': {'a first stage': ['tracked', 'alone']}}
    begun = []
    fit = studies.fit
    monkeypatch.setattr(studies, 'fit', lambda recipe, *rest: begun.append(
        recipe.network.start) or fit(recipe, *rest))
    root = tmp_path / 'study'
    text = run_study(make_study(values, 'tiny.yaml'), root, 'cpu')
    first = root / 'first'
    assert begun == [
        None, first / 'words/seed_0/best.pt', first / 'pictures/seed_0/best.pt', None]
    with (root / 'results.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert {r['arm'] for r in rows} == {'tracked', 'alone'}
    assert {'all', 'plain', 'return'} <= {r['test'] for r in rows}
    assert (root / 'tracked/seed_0/test.png').exists()
    monkeypatch.setattr(studies, 'fit', None)   # nothing is trained again
    assert run_study(make_study(values, 'tiny.yaml'), root, 'cpu') == text
    assert (root / 'results.md').read_text() == text


def test_arms_run_again_when_what_they_begin_with_is_another(tmp_path):
    start, runs = tmp_path / 'best.pt', []

    def run(folder):
        folder.mkdir(parents=True, exist_ok=True)
        runs.append(start.read_bytes())
        return {'test': {'x': float(len(runs))}}, 1.0

    def once():
        return run_once('arm', 0, tmp_path, {'steps': 1}, run, start).scores['test']['x']
    start.write_bytes(b'one')
    assert (once(), once()) == (1, 1)
    start.write_bytes(b'two')
    assert (once(), once()) == (2, 2)
    done = tmp_path / 'arm' / 'seed_0' / 'result.json'
    older = json.loads(done.read_text())
    del older['begun']   # from before this was written down
    done.write_text(json.dumps(older))
    assert once() == 2
    start.unlink()
    assert once() == 2
    assert runs == [b'one', b'two']


def test_a_study_begins_with_the_bundle_that_is_there_now(tmp_path, monkeypatch):
    bundle, root = tmp_path / 'bundle', tmp_path / 'study'
    bundle.mkdir()
    recipe = make_recipe({**BASE, 'network': {'start': str(bundle)}}, 'any')
    monkeypatch.setattr(studies, 'read_start', lambda path, _: {
        'weights': (path / 'encoder.onnx').read_text()})
    for text in ('first', 'second'):
        (bundle / 'encoder.onnx').write_text(text)
        for _ in range(2):
            found = torch.load(studies._started(recipe, root).network.start)
            assert found == {'weights': text}
    assert len(list(root.iterdir())) == 2
