# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Folders of simulated streets, as readers of the public layouts find them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from eventsam_ros.evaluation.datasets.class_tables import CITYSCAPES_19
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.simulation.panorama import panorama_picture, pinhole_picture
from training.__main__ import main
from training.errors import RecipeError
from training.panoramic.worlds.folder import Worlds, write_worlds

WANTED = Worlds(train=3, val=2, test=2, source=2, source_val=1, width=64, height=32,
                pinhole_width=96, pinhole_height=48, seed=3)


@pytest.fixture(scope='module')
def worlds(tmp_path_factory):
    folder = tmp_path_factory.mktemp('worlds')
    told = []
    assert write_worlds(folder, WANTED, lambda *done: told.append(done)) == 10
    assert told[-1] == (10, 10)
    return folder


@pytest.mark.parametrize('split', ['val', 'test'])
def test_labelled_panoramas_are_read_as_densepass(worlds, split):
    dataset = open_dataset(worlds / 'panoramas', split=split)
    assert dataset.format == 'densepass'
    assert dataset.classes == CITYSCAPES_19
    samples = list(dataset.sequences[0].samples())
    assert [s.name for s in samples] == ['0', '1']
    for number, sample in enumerate(samples):
        made = panorama_picture(8 * 3 + ('train', 'val', 'test').index(split), number, 64, 32)
        np.testing.assert_array_equal(sample.labels, made.labels)
        np.testing.assert_array_equal(sample.image, made.rgb)


def test_training_panoramas_have_no_labels_and_are_listed(worlds):
    root = worlds / 'panoramas'
    assert not (root / 'gtFine' / 'train').exists()
    listed = (root / 'train.txt').read_text().split()
    assert listed == [f'town0/{k}.png' for k in range(3)]
    assert all((root / 'leftImg8bit/train' / name).exists() for name in listed)
    assert (root / 'val.txt').read_text().split() == ['cs/0.png', 'cs/1.png']


def test_pinhole_pictures_lie_as_in_cityscapes(worlds):
    root = worlds / 'pinhole'
    for split, count, stream in (('train', 2, 4), ('val', 1, 5)):
        images = sorted((root / 'leftImg8bit' / split / 'town0').iterdir())
        assert len(images) == count
        for number, image in enumerate(images):
            labels = root / 'gtFine' / split / 'town0' / image.name.replace(
                '_leftImg8bit', '_gtFine_labelTrainIds')
            made = pinhole_picture(8 * 3 + stream, number, 96, 48)
            np.testing.assert_array_equal(
                cv2.imread(str(labels), cv2.IMREAD_UNCHANGED), made.labels)
            np.testing.assert_array_equal(cv2.imread(str(image))[..., ::-1], made.rgb)


def test_no_two_pictures_show_one_street(worlds):
    labels = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
              for path in sorted(worlds.glob('**/*_labelTrainIds.png'))]
    labels = [cv2.resize(each, (64, 32), interpolation=cv2.INTER_NEAREST) for each in labels]
    assert len(labels) == 7
    assert all((a != b).mean() > 0.02 for k, a in enumerate(labels) for b in labels[:k])


def test_a_rerun_writes_only_what_is_missing(worlds):
    paths = sorted(worlds.glob('**/*.png'))
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}
    lost = worlds / 'panoramas/gtFine/test/cs/1_labelTrainIds.png'
    lost.unlink()
    write_worlds(worlds, WANTED)
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}
    changed = {path for path in paths if before[path][0] != after[path][0]}
    assert changed == {lost, worlds / 'panoramas/leftImg8bit/test/cs/1.png'}
    assert all(before[path][1] == after[path][1] for path in paths)


@pytest.mark.parametrize(('values', 'says'), [
    ({'train': 0}, 'train must be 1 to 100000, but got 0'),
    ({'width': 66, 'height': 32}, 'width must be a multiple of 4, but got 66'),
    ({'height': 200}, 'height must be 32 to 128, but got 200'),
    ({'seed': -1}, 'seed must be 0 to'),
])
def test_values_out_of_their_range_are_told(values, says):
    with pytest.raises(ValueError, match=says):
        Worlds(**values)


def test_the_command_writes_them(tmp_path, capsys):
    sizes = ['--train', '1', '--val', '1', '--test', '1', '--source', '1', '--source-val', '1',
             '--width', '64', '--height', '32', '--pinhole-width', '64', '--pinhole-height', '32']
    assert main(['goodsam', 'worlds', '--output', str(tmp_path / 'out'), *sizes]) == 0
    assert len(list((tmp_path / 'out').glob('**/leftImg8bit/**/*.png'))) == 5
    assert main(['goodsam', 'worlds', '--output', str(tmp_path / 'out'), '--width', '7']) == 1
    assert 'width must be 64 to 4096' in capsys.readouterr().err


@pytest.mark.parametrize(('changes', 'says'), [
    ({'seed': 4}, r'another seed \(3, not 4\): choose another folder'),
    ({'width': 128}, r'another width \(64, not 128\)'),
])
def test_streets_of_another_kind_are_not_mixed_in(worlds, changes, says):
    before = {path: path.read_bytes() for path in worlds.rglob('*.*')}
    with pytest.raises(RecipeError, match=says):
        write_worlds(worlds, replace(WANTED, **changes))
    assert {path: path.read_bytes() for path in worlds.rglob('*.*')} == before


def test_a_folder_from_before_this_was_written_down_goes_on(tmp_path):
    write_worlds(tmp_path, WANTED)
    (tmp_path / 'worlds.json').unlink()
    assert write_worlds(tmp_path, replace(WANTED, train=4)) == 11
