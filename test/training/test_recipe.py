# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes are checked when they are read."""

from pathlib import Path

import pytest

from training.errors import RecipeError
from training.recipe import load_recipe

FOLDER = Path(__file__).parents[2] / 'training' / 'recipes'
RECIPES = sorted([*FOLDER.glob('default*.yaml'), *FOLDER.glob('teacher*.yaml')])
GOOD = 'name: x\nphases: [{width: 64, height: 64, steps: 2}]\n'


@pytest.mark.parametrize('path', RECIPES, ids=lambda p: p.name)
def test_the_recipes_in_the_repository_are_valid(path):
    assert load_recipe(path).phases


@pytest.mark.parametrize(('text', 'message'), [
    (GOOD + 'backbon: resnet18\n', "unknown key 'backbon'; did you mean 'backbone'"),
    ('name: x\nphases: [{width: 64, heigth: 64, steps: 2}]\n', "did you mean 'height'"),
    ('name: x\nphases: [{width: 64, height: 64}]\n', "lacks the key 'steps'"),
    ('name: x\n', "lacks the key 'phases'"),
    ('name: x\nphases: []\n', 'needs a list of phases'),
    (GOOD + 'precision: bf61\n', "did you mean 'bf16'"),
    (GOOD + 'detail: 33\n', 'detail must be 0 to 32'),
    (GOOD + 'photos: 3\n', 'photos must be a mapping'),
    ('name: x\nphases: [3]\n', 'must be a mapping'),
    ('name: x\nphases: [{width: 65, height: 64, steps: 2}]\n', 'multiples of 32'),
    (GOOD + 'width: 0\n', 'width must be at least 32'),
    (GOOD + 'height: -32\n', 'height must be at least 32'),
    ('a: [', 'cannot be read'),
])
def test_a_bad_recipe_is_one_sentence(tmp_path, text, message):
    path = tmp_path / 'r.yaml'
    path.write_text(text)
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_a_missing_recipe_is_one_sentence(tmp_path):
    with pytest.raises(RecipeError, match='cannot be read'):
        load_recipe(tmp_path / 'none.yaml')
    (tmp_path / 'weights.pt').write_bytes(b'PK\x03\x04\xff\xfe')
    with pytest.raises(RecipeError, match='cannot be read'):
        load_recipe(tmp_path / 'weights.pt')
