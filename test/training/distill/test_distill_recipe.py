# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes of distillation are checked key by key before anything is read or trained."""

from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip('torch', reason='training needs torch')
import yaml

from training.distill.recipe import DistillRecipe, changed, load_recipe, make_recipe
from training.distill.students import as_plain
from training.errors import RecipeError

RECIPES = sorted((Path(__file__).parents[3] / 'training' / 'recipes').glob('distill_*.yaml'))
GOOD = {'name': 'x', 'teacher': 't.pt', 'data': ['d'], 'student': {'kind': 'compact'}}


@pytest.mark.parametrize('path', RECIPES, ids=lambda p: p.name)
def test_the_recipes_in_the_repository_are_valid(path):
    assert load_recipe(path).steps > 0


def test_there_is_a_recipe_to_begin_with():
    assert 'distill_paper.yaml' in [p.name for p in RECIPES]


@pytest.mark.parametrize(('change', 'message'), [
    ({'teachr': 't'}, r"unknown key 'teachr'; did you mean 'teacher'\?"),
    ({'loss': {'prompt': 1}}, "loss has an unknown key 'prompt'; did you mean 'prompts'"),
    ({'student': {'kind': 'compact', 'back_bone': 'x'}}, "did you mean 'backbone'"),
    ({'student': {}}, "student lacks the key 'kind'"),
    ({'student': None}, 'student must be a mapping, but is None'),
    ({'student': {'kind': 'papers'}},
     r"kind must be one of paper, compact, scratch, but is 'papers'; did you mean 'paper'\?"),
    ({'loss': {'weighting': 'products'}}, "did you mean 'product'"),
    ({'loss': {'tokens': -1}}, 'loss: tokens must be at least 0, but is -1'),
    ({'loss': {'mixing': 1.5}}, 'mixing must be 0 to 1, but is 1.5'),
    ({'loss': {'lambdas': [1, 'a']}}, "lambdas, entry 2 must be a number, but is 'a'"),
    ({'loss': {'lambdas': [0, 0, 0, 0]}}, 'lambdas are all 0'),
    ({'loss': {'tokens': 0}}, 'leaves nothing to learn'),
    ({'loss': {'mixing': 0.1}}, 'mixing must be 0 for a compact student'),
    ({'data': []}, 'data names no folder'),
    ({'data': 'd'}, "data must be a list, each a path, but is 'd'"),
    ({'steps': 1.5}, 'steps must be a whole number, but is 1.5'),
    ({'steps': 0}, 'steps must be at least 1, but is 0'),
    ({'steps': True}, 'steps must be a whole number, but is True'),
    ({'augment': 1}, 'augment must be true or false, but is 1'),
    ({'name': 3}, 'name must be a text, but is 3'),
    ({'rate': 'fast'}, "rate must be a number, but is 'fast'"),
    ({'rate': 1e-3, 'final_rate': 1e-2}, 'final_rate must be at most rate'),
    ({'steps': 10, 'warm_up': 10}, 'warm_up must be less than steps, but is 10 of 10'),
    ({'ema': 1.0}, 'ema must be 0 to'),
    ({'precision': '16'}, 'precision must be one of 32-true, bf16-mixed'),
    ({'student': {'kind': 'compact', 'std': [1, 1, 0]}}, 'std must be at least'),
    ({'student': {'kind': 'compact', 'mean': [1, 1]}}, 'mean must be a list of 3'),
    ({'student': {'kind': 'compact', 'decoder': 'new'}}, 'masks is 0, so it would not learn'),
    ({'student': {'kind': 'compact', 'decoder': 'tuned'}}, 'so it would not learn'),
    ({'student': {'kind': 'compact', 'detail': 8}}, 'detail is for compact students whose'),
])
def test_a_bad_recipe_is_one_sentence(tmp_path, change, message):
    path = tmp_path / 'r.yaml'
    path.write_text(yaml.safe_dump({**GOOD, **change}))
    with pytest.raises(RecipeError, match=message) as error:
        load_recipe(path)
    assert str(error.value).startswith('r.yaml')
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(('text', 'message'), [
    ('a: [', 'cannot be read'), ('- 1', 'must be a mapping'), ('', 'must be a mapping')])
def test_what_is_no_mapping_is_one_sentence(tmp_path, text, message):
    path = tmp_path / 'r.yaml'
    path.write_text(text)
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_a_missing_key_is_named():
    with pytest.raises(RecipeError, match="r lacks the key 'teacher'"):
        make_recipe({k: v for k, v in GOOD.items() if k != 'teacher'}, 'r')


def test_changes_reach_into_mappings_and_are_checked_like_the_file():
    recipe = make_recipe(
        GOOD, 'r', ['loss.tokens=0', 'loss.embedding=0.5', 'rate=2e-4', 'cache=null'])
    assert recipe.loss.tokens == 0
    assert recipe.loss.embedding == 0.5
    assert recipe.rate == pytest.approx(0.0002)
    assert recipe.cache is None
    assert 'loss' not in GOOD
    for change, message in (
            ('loss.token=0', "did you mean 'tokens'"), ('steps', 'KEY=VALUE'),
            ('name.x=1', 'name is not a mapping'), ('steps=[', 'the value is not YAML')):
        with pytest.raises(RecipeError, match=message):
            make_recipe(GOOD, 'r', [change])


def test_a_recipe_survives_being_stored():
    recipe = make_recipe(GOOD, 'r', ['student.start=a.pt', 'validation=[v]'])
    assert isinstance(recipe, DistillRecipe)
    assert make_recipe(as_plain(asdict(recipe)), 'r') == recipe


def test_paths_can_be_taken_from_a_folder():
    recipe = make_recipe(GOOD, 'r', ['student.start=a.pt', 'cache=c', 'test=[e]']).within(
        Path('/base'))
    assert recipe.teacher == Path('/base/t.pt')
    assert recipe.data == (Path('/base/d'),)
    assert recipe.test == (Path('/base/e'),)
    assert recipe.student.start == Path('/base/a.pt')
    assert recipe.cache == Path('/base/c')


def test_a_change_of_what_a_file_names_twice_is_of_one_place(tmp_path):
    path = tmp_path / 'r.yaml'
    path.write_text('images: &plan {steps: 4, deep: {a: 1}}\nevents: *plan\n')
    values = yaml.safe_load(path.read_text())
    found = changed(values, ['events.steps=9', 'events.deep.a=2'])
    assert found == {'images': {'steps': 4, 'deep': {'a': 1}},
                     'events': {'steps': 9, 'deep': {'a': 2}}}
    assert values['events'] == {'steps': 4, 'deep': {'a': 1}}
