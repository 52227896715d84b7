# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Recipes that ship, keys that do not go together, pictures in the published layouts."""

from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.evaluation.datasets.stanford import AREAS  # noqa: E402
from eventsam_ros.simulation.panorama import StreetPicture  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.panoramic.pictures import PanoramaChoice, Panoramas, SourceChoice, SourcePictures  # noqa: E402
from training.panoramic.predict import windows_of  # noqa: E402
from training.panoramic.recipe import make_recipe  # noqa: E402
from training.panoramic.simulated import right_masks, write_simulated  # noqa: E402
from training.panoramic.study import load_study  # noqa: E402
from training.semantic.recipe import load_values  # noqa: E402

RECIPES = Path(__file__).parents[3] / 'training' / 'recipes'


def test_the_shipped_recipes_are_whole():
    paper = make_recipe(load_values(RECIPES / 'goodsam_densepass.yaml'), 'paper')
    assert (paper.width, paper.height, paper.assistant.size) == (2048, 400, 'b5')
    assert len(windows_of(paper).views) == 8
    assert all(v.height == 400 for v in windows_of(paper).views)
    plus = make_recipe(
        load_values(RECIPES / 'goodsam_densepass.yaml'), 'plus', [
            'windows=[{width: 512, step_x: 256, height: 256, step_y: 144}, '
            '{width: 256, step_x: 128}]', 'fusion.version=v2'])
    assert {(v.width, v.height) for v in windows_of(plus).views} == {(512, 256), (256, 400)}
    assert len(load_study(RECIPES / 'goodsam_ablation.yaml').arms) == 18
    study = load_study(RECIPES / 'goodsam_study.yaml')
    assert len(study.seeds) == 3
    right = next(b for b in study.branches if b.name == study.right)
    assert right.recipe.masks.kind == 'folder'
    assert all('right masks' in arm.name for arm in right.arms)   # a bound is named as such


@pytest.mark.parametrize(('change', 'says'), [
    (['width=66'], 'multiples of 4'), (['wrap=false'], 'wrap_padding must be 0'),
    (['windows=[]'], 'needs a family'), (['windows=[{width: 32, step_x: 24}]'], 'must divide'),
    (['windows=[{width: 16, step_x: 8}]'], 'width must be at least 32|width must be 32'),
    (['fusion.theta=120'], 'theta must be 0 to 100'),
    (['assistant.adapt.warm_up=9'], 'warm_up must be less'),
    (['student.losses={stitched: 0, ensemble: 0, reliable: 0, boundary: 0}'], 'nothing to learn'),
    (['data.panoramas.every=0'], 'every must be at least 1'),
    (['data.source.every=-1'], 'every must be at least 1'),
    (['data.source.width=0'], 'width must be 32'),
    (['student.size=b9'], 'must be one of'), (['thetta=1'], 'unknown key')])
def test_what_does_not_go_together_is_one_sentence(content, change, says):
    with pytest.raises(RecipeError, match=says) as error:
        make_recipe(deepcopy(content), 'mini.yaml', change)
    assert 'mini.yaml' in str(error.value)
    assert '\n' not in str(error.value)


def test_cityscapes_labels_become_classes(tmp_path):
    ids = np.array([[7, 8, 26, 33, 0, 29]], np.uint8).repeat(4, 0)   # label ids of Cityscapes
    for kind, labels in (('labelIds', ids), ('labelTrainIds', np.array(
            [[0, 1, 13, 18, 255, 255]], np.uint8).repeat(4, 0))):
        folder = tmp_path / 'gtFine' / 'train' / 'aachen'
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f'aachen_000000_000019_gtFine_{kind}.png'), labels)
    images = tmp_path / 'leftImg8bit' / 'train' / 'aachen'
    images.mkdir(parents=True)
    cv2.imwrite(str(images / 'aachen_000000_000019_leftImg8bit.png'), np.zeros((4, 6, 3)))
    for labels in ('ids', 'train_ids'):
        found = {}
        for table in ('cityscapes_19', 'cityscapes_13'):
            pictures = SourcePictures(
                SourceChoice(tmp_path, labels=labels, width=6, height=4), table)
            assert pictures.names == ['aachen/aachen_000000_000019']
            found[table] = pictures[0][1][0].tolist()
        assert found == {'cityscapes_19': [0, 1, 13, 18, 255, 255],
                         'cityscapes_13': [0, 1, 12, 12, 255, 255]}
    with pytest.raises(RecipeError, match='no classes of stanford_8'):
        SourcePictures(SourceChoice(tmp_path), 'stanford_8')
    with pytest.raises(RecipeError, match='is missing'):
        SourcePictures(SourceChoice(tmp_path, split='val'), 'cityscapes_19')


def test_unlabelled_panoramas_of_both_layouts(tmp_path):
    for place in ('leftImg8bit/train/Amsterdam/1.png', 'leftImg8bit/train/Zurich/10_.png',
                  *(f'{area}/pano/rgb/camera_{area}_rgb.png' for area in AREAS)):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / place), np.full((8, 16, 3), (10, 20, 30), np.uint8))
    dense = Panoramas(PanoramaChoice(tmp_path), (8, 4))
    assert dense.names == ['Amsterdam/1', 'Zurich/10_']
    assert dense[1].picture.shape == (4, 8, 3)
    assert dense[1].picture[0, 0].tolist() == [30, 20, 10]
    assert Panoramas(PanoramaChoice(tmp_path, every=2), (8, 4)).names == ['Amsterdam/1']
    stanford = Panoramas(PanoramaChoice(tmp_path, 'stanford', fold=1), (8, 4))
    # areas 5a and 5b are what fold 1 evaluates on
    assert [n.partition('/')[0] for n in stanford.names] == [
        'area_1', 'area_2', 'area_3', 'area_4', 'area_6']
    assert stanford.names[0] == 'area_1/camera_area_1'
    for choice in (PanoramaChoice(tmp_path, split='val'), PanoramaChoice(
            tmp_path / 'area_1', 'stanford')):
        with pytest.raises(RecipeError):
            Panoramas(choice, (8, 4))


def test_simulated_streets_with_masks_that_are_right(tmp_path):
    labels = np.array([[0, 0, 13, 13, 13, 13]], np.uint8).repeat(8, 0)
    ids = np.array([[0, 0, 1, 1, 2, 2]], np.uint16).repeat(8, 0)
    found = right_masks(StreetPicture(np.zeros((8, 6, 3), np.uint8), labels, ids))
    assert found[0].tolist() == [1, 1, 2, 2, 3, 3]   # two cars are two masks
    wanted = {'path': str(tmp_path / 'worlds'), 'masks': True, 'train': 1, 'val': 1, 'test': 1,
              'source': 1, 'source_val': 1, 'width': 64, 'height': 32, 'pinhole_width': 64,
              'pinhole_height': 32}
    write_simulated(wanted)
    mask = cv2.imread(str(tmp_path / 'worlds/masks/town0/0.png'), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (32, 64)
    assert mask.max() > 2
    assert not (tmp_path / 'worlds/panoramas/gtFine/train').exists()
    for values, says in (({**wanted, 'trian': 2}, 'unknown key'), ({'train': 1}, 'needs path'),
                         ({**wanted, 'width': 66}, 'multiple of 4')):
        with pytest.raises(RecipeError, match=says):
            write_simulated(values)
