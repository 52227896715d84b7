# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DensePASS, WildPASS and Stanford2D3D."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset


def stored(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_densepass_with_19_classes_is_as_stored(every_format):
    root = every_format['densepass']
    dataset = open_dataset(root)
    samples = list(dataset.sequences[0].samples())
    assert [s.name for s in samples] == ['1', '2_']
    for sample, label in zip(samples, ('1', '2'), strict=True):
        np.testing.assert_array_equal(
            sample.labels, stored(root / f'gtFine/val/cs/{label}_labelTrainIds.png'))


def test_densepass_with_13_classes_joins_riders_and_vehicles(every_format):
    nineteen, thirteen = (open_dataset(every_format['densepass'], classes=n) for n in (19, 13))
    assert len(thirteen.classes) == 13
    joined = {'rider': 'person', 'truck': 'car', 'bus': 'car', 'motorcycle': 'car',
              'bicycle': 'car', 'train': None}
    for a, b in zip(nineteen.sequences[0].samples(), thirteen.sequences[0].samples(),
                    strict=True):
        for value in np.unique(a.labels):
            name = None if value == 255 else nineteen.classes.names[value]
            name = joined.get(name, name)
            expected = 255 if name is None else thirteen.classes.names.index(name)
            assert set(b.labels[a.labels == value].tolist()) == {expected}


def test_wildpass_evaluates_8_of_25_ids(every_format):
    dataset = open_dataset(every_format['wildpass'])
    assert [s.name for s in dataset.sequences] == ['Athens', 'Tokyo']
    ids = {'car': 4, 'truck': 5, 'bus': 8, 'road': 11, 'sidewalk': 12, 'person': 17, 'curb': 13,
           'crosswalk': 24}
    assert dataset.classes.names == tuple(ids)
    sample = next(dataset.sequences[0].samples())
    row = np.arange(32) % 25
    for column, value in enumerate(np.tile(row, 2)):
        names = [name for name, number in ids.items() if number == value]
        expected = dataset.classes.names.index(names[0]) if names else 255
        assert (sample.labels[:, column] == expected).all()


@pytest.mark.parametrize(('name', 'folder'), [('densepass', 'cs'), ('wildpass', 'Tokyo')])
def test_panoramas_without_labels_are_told(every_format, tmp_path, name, folder):
    copy = shutil.copytree(every_format[name], tmp_path / 'copy')
    next((copy / 'gtFine/val' / folder).iterdir()).unlink()
    with pytest.raises(DatasetError, match=r'labels .*\.png are missing'):
        open_dataset(copy, name)
    with pytest.raises(DatasetError, match='leftImg8bit/test is missing'):
        open_dataset(copy, name, split='test')


def test_values_that_panoramas_do_not_have_are_told(layouts, every_format, tmp_path):
    copy = shutil.copytree(every_format['wildpass'], tmp_path / 'copy')
    layouts.png(copy / 'gtFine/val/Athens/3_labelIds.png', np.full((20, 64), 25, np.uint8))
    with pytest.raises(DatasetError, match='hold the value 25, but must be 0 to 24, or 255'):
        list(open_dataset(copy).sequences[0].samples())


CLASSES = ['beam', 'board', 'bookcase', 'ceiling', 'chair', 'clutter', 'column', 'door', 'floor',
           'sofa', 'table', 'wall', 'window']
EIGHT = ['ceiling', 'chair', 'door', 'floor', 'sofa', 'table', 'wall', 'window']


@pytest.mark.parametrize(('count', 'names'), [(13, CLASSES), (8, EIGHT)])
def test_stanford_numbers_become_classes(layouts, every_format, count, names):
    dataset = open_dataset(every_format['stanford2d3d'], classes=count)
    assert list(dataset.classes.names) == names
    sample = next(dataset.sequences[0].samples())
    numbers = layouts.rng(8).integers(0, len(layouts.STANFORD_NAMES), (64, 128))
    for y in range(64):
        for x in range(128):
            said = layouts.STANFORD_NAMES[numbers[y, x]].split('_')[0]
            known = said in names and y != 10 and y >= 4
            assert sample.labels[y, x] == (names.index(said) if known else 255)


@pytest.mark.parametrize(('fold', 'areas'), [
    (1, ['5a', '5b']), (2, ['2', '4']), (3, ['1', '3', '6'])])
def test_stanford_folds_part_the_areas(every_format, fold, areas):
    root = every_format['stanford2d3d']
    val = {s.name for s in open_dataset(root, fold=fold).sequences}
    train = {s.name for s in open_dataset(root, fold=fold, split='train').sequences}
    assert val == {f'area_{a}' for a in areas}
    assert not val & train
    assert val | train == {s.name for s in open_dataset(root, fold=0).sequences}
    assert len(val | train) == 7


def test_stanford_caps_are_cut_off_and_scaled_back(every_format):
    root = every_format['stanford2d3d']
    whole = next(open_dataset(root).sequences[0].samples())
    cut = next(open_dataset(root, crop=True).sequences[0].samples())
    assert cut.labels.shape == whole.labels.shape
    # Rows 320 to 1728 of 2048 are rows 10 to 54 of 64; the centre of a row lies in its source.
    for row in range(64):
        source = 10 + int((row + 0.5) * 44 / 64)
        np.testing.assert_array_equal(cut.labels[row], whole.labels[source])


@pytest.mark.parametrize(('content', 'message'), [
    (None, 'semantic_labels.json is missing'), ('{', 'cannot be read as JSON'),
    ('{"a": 1}', 'must be a list of names'), (json.dumps(['wall_1']), 'names 1'),
])
def test_other_names_of_stanford_are_told(every_format, tmp_path, content, message):
    copy = shutil.copytree(every_format['stanford2d3d'], tmp_path / 'copy')
    (copy / 'semantic_labels.json').unlink()
    if content is not None:
        (copy / 'semantic_labels.json').write_text(content)
    with pytest.raises(DatasetError, match=message):
        list(open_dataset(copy).sequences[0].samples())


def test_a_stanford_panorama_without_labels_is_told(every_format, tmp_path):
    copy = shutil.copytree(every_format['stanford2d3d'], tmp_path / 'copy')
    next((copy / 'area_5b/pano/semantic').iterdir()).unlink()
    with pytest.raises(DatasetError, match='area_5b/pano must have both camera_1'):
        open_dataset(copy)
