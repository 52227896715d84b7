# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a recipe of CMESS refuses, and that the ones that ship are right."""

from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip('torch', reason='training needs torch')
from eventsam_ros.evaluation.datasets.class_tables import CAMVID_11, DDD17_6, DSEC_11
from training.errors import RecipeError
from training.semantic.classes import camvid_merge, cityscapes_merge
from training.semantic.recipe import load_values, make_recipe

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / 'training' / 'recipes').glob('cmess*.yaml'))


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_recipes_that_ship_can_be_read(path):
    assert make_recipe(load_values(path), path.name).name == path.stem


def test_the_recipe_in_the_guide_can_be_read():
    text = (ROOT / 'docs' / 'cmess.md').read_text('utf-8')
    block = text.partition('```yaml\n')[2].partition('```')[0]
    recipe = make_recipe(yaml.safe_load(block), 'docs/cmess.md')
    assert recipe.target.packet_events * recipe.packets == 2_000_000
    assert recipe.reconstruction.kind == 'torchscript'


@pytest.mark.parametrize(('changes', 'says'), [
    (['fusion.weight=2'], 'weight must be 0 to 1, but is 2'),
    (['alignment.form=mse'], 'form must be one of soft_ce, kl'),
    (['alignment.stages=[4]'], 'stages must be 0 to 3'),
    (['alignment={source: 0, target: 0, distil: 0}'], 'leaves nothing to learn'),
    (['alignment={start: false, begun: 0.5}'], 'begun mixes in the network of stage 1'),
    (['width=70'], 'multiples of 4'),
    (['window_packets=9'], 'at most packets'),
    (['classes=ddd17_6'], 'belong together'),
    (['target.kind=camvid', 'target.path=x'], 'belong together'),
    (['source.sensor.threshold=[0.4, 0.2]'], 'threshold must rise'),
    (['images.warm_up=4'], 'warm_up must be less than steps'),
    (['reconstruction.kind=torchscript'], 'path belongs to kind torchscript'),
    (['representation=eventsam'], 'events: augment must be false with representation eventsam'),
    (['lambda=0.5'], "unknown key 'lambda'"),
])
def test_what_does_not_go_is_refused_in_one_sentence(content, changes, says):
    with pytest.raises(RecipeError, match=says.replace('[', r'\[')):
        make_recipe(content, 'mini.yaml', changes)


def test_event_pictures_of_eventsam_are_trained_on_as_they_are(content):
    plain = [f'{stage}.augment=false' for stage in ('events', 'cross', 'supervised')]
    recipe = make_recipe(content, 'r', ['representation=eventsam', *plain])
    assert recipe.images.augment   # frames may still change


def test_the_served_window_is_the_target_s_event_picture(content):
    assert make_recipe(content, 'r').served_ms == 50
    assert make_recipe(content, 'r', ['target.packet_ms=10']).served_ms == 20
    assert make_recipe(content, 'r', ['window_ms=33']).served_ms == 33


def test_cityscapes_merges_are_those_of_ess():
    """From the tables of the paper's protocol, written out by hand."""
    six, eleven = cityscapes_merge('ddd17_6'), cityscapes_merge('dsec_11')
    expected = {7: (0, 5), 8: (0, 6), 11: (1, 1), 12: (1, 9), 13: (1, 2), 17: (2, 4),
                19: (2, 10), 20: (2, 10), 21: (3, 7), 22: (3, 7), 23: (1, 0), 24: (4, 3),
                25: (4, 3), 26: (5, 8), 27: (5, 8), 28: (5, 8), 31: (5, 8), 32: (5, 8),
                33: (5, 8)}
    for value in range(256):
        assert (six[value], eleven[value]) == expected.get(value, (255, 255))


def test_camvid_goes_to_the_classes_of_the_same_names():
    expected = {
        'sky': ('background', 'background'), 'building': ('background', 'building'),
        'pole': ('object', 'pole'), 'road': ('flat', 'road'), 'pavement': ('flat', 'sidewalk'),
        'tree': ('vegetation', 'vegetation'), 'sign': ('object', 'traffic sign'),
        'fence': ('background', 'fence'), 'car': ('vehicle', 'car'),
        'pedestrian': ('human', 'person'), 'bicyclist': ('human', 'person')}
    for k, name in enumerate(CAMVID_11.names):
        assert DDD17_6.names[camvid_merge('ddd17_6')[k]] == expected[name][0]
        assert DSEC_11.names[camvid_merge('dsec_11')[k]] == expected[name][1]
    assert (np.delete(camvid_merge('ddd17_6'), range(11)) == 255).all()
