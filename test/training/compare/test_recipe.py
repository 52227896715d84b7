# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Study files: what arms share, what they change, and what is refused."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip('torch', reason='training needs torch')
from training.compare.recipe import load_study, make_study, merged
from training.errors import RecipeError

SHIPPED = Path(__file__).parents[3] / 'training' / 'recipes' / 'eventsam_study.yaml'


def values(**changes):
    return {'name': 'small', 'seeds': [0, 1],
            'base': {'teacher': 't.pt', 'data': ['train'], 'student': {'kind': 'paper'},
                     'loss': {'tokens': 2.0}, 'steps': 4, 'warm_up': 1},
            'arms': [{'name': 'a', 'changes': {'loss': {'weighting': 'next'}}},
                     {'name': 't', 'kind': 'teacher', 'picture': 'frame'}],
            'tests': [{'name': 'held', 'folder': 'held'}], **changes}


def test_an_arm_keeps_what_it_does_not_change():
    study = make_study(values(), 'file')
    arm = study.arms[0].recipe
    assert (arm.name, arm.loss.weighting, arm.loss.tokens, arm.steps) == ('a', 'next', 2.0, 4)
    assert study.arms[1].recipe is None
    assert study.seeds == (0, 1)


def test_the_tests_are_known_to_every_run_so_that_none_trains_on_them():
    study = make_study(values(), 'file')
    assert study.arms[0].recipe.test == (Path('held'),)


def test_mappings_are_merged_to_any_depth():
    assert merged({'a': {'b': {'c': 1, 'd': 2}}, 'e': 3}, {'a': {'b': {'c': 4}}}) == {
        'a': {'b': {'c': 4, 'd': 2}}, 'e': 3}


@pytest.mark.parametrize(('changes', 'message'), [
    ({'arms': []}, 'needs a list of arms'),
    ({'tests': None}, 'needs a list of tests'),
    ({'base': 3}, 'base must be a mapping'),
    ({'sedes': [1]}, "'sedes'; did you mean 'seeds'"),
    ({'seeds': [-1]}, 'at least 0'),
    ({'seeds': []}, 'needs seeds'),
    ({'seeds': [2, 2]}, 'each of them once'),
    ({'arms': [{'name': 'a', 'chnages': {}}]}, "'chnages'"),
    ({'arms': [{'name': 'a', 'changes': {'loss': {'weigting': 'next'}}}]},
     "arm 'a'.*'weigting'; did you mean 'weighting'"),
    ({'arms': [{'name': 'a', 'kind': 'teacher', 'changes': {'steps': 3}}]}, 'takes no changes'),
    ({'arms': [{'name': 'a'}, {'name': 'a'}]}, 'name of its own'),
    ({'tests': [{'name': 'held', 'folder': 'held', 'most': 0}]}, 'most must be at least 1'),
])
def test_mistakes_are_named(changes, message):
    with pytest.raises(RecipeError, match=message):
        make_study(values(**changes), 'file')


def test_the_shipped_study_has_every_arm_of_its_question():
    study = load_study(SHIPPED)
    trained = [arm.recipe for arm in study.arms if arm.recipe is not None]
    tokens = {r.loss.weighting for r in trained if r.loss.tokens and not r.loss.prompts}
    assert tokens == {'none', 'next', 'product', 'clean'}
    assert any(r.loss.prompts for r in trained)
    assert any(r.student.kind == 'scratch' and not r.loss.tokens for r in trained)
    assert [arm.picture for arm in study.arms if arm.kind == 'teacher'] == ['frame', 'events']
    assert len(study.seeds) == 3
    assert len({(r.steps, r.batch, r.data, r.rate) for r in trained}) == 1


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(RecipeError, match='cannot be read'):
        load_study(tmp_path / 'none.yaml')
    (tmp_path / 'weights.pt').write_bytes(b'PK\x03\x04\xff\xfe')
    with pytest.raises(RecipeError, match='cannot be read'):
        load_study(tmp_path / 'weights.pt')
    path = tmp_path / 'list.yaml'
    path.write_text(yaml.safe_dump([1]))
    with pytest.raises(RecipeError, match='must be a mapping'):
        load_study(path)
