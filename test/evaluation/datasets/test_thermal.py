# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""MFNet, PST900 and FMB in both of their layouts."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset


def samples(path, **options):
    dataset = open_dataset(path, **options)
    assert len(dataset.sequences) == 1
    assert dataset.kind == 'semantic'
    return dataset, list(dataset.sequences[0].samples())


def stored(path):
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return image[..., 2::-1] if image.ndim == 3 else image


def test_four_channels_are_colour_and_thermal(layouts, tmp_path):
    dataset, found = samples(layouts.write_mfnet(tmp_path / 'mfnet'))
    assert [s.name for s in found] == ['00001D', '00002N']
    assert dataset.classes.names == ('unlabeled', 'car', 'person', 'bike', 'curve', 'car_stop',
                                     'guardrail', 'color_cone', 'bump')
    assert dataset.classes.background == 0
    for k, sample in enumerate(found):
        four = layouts.rng(k).integers(0, 256, (24, 32, 4)).astype(np.uint8)
        np.testing.assert_array_equal(sample.image, four[..., :3])
        np.testing.assert_array_equal(sample.thermal, four[..., 3])
        np.testing.assert_array_equal(
            sample.labels, stored(tmp_path / f'mfnet/labels/{sample.name}.png'))


def test_mirrored_names_without_files_are_mirrored(every_format):
    _, (plain, mirrored) = samples(every_format['mfnet'], split='train')
    assert (plain.name, mirrored.name) == ('00003D', '00003D_flip')
    for a, b in ((plain.image, mirrored.image), (plain.thermal, mirrored.thermal),
                 (plain.labels, mirrored.labels)):
        np.testing.assert_array_equal(a[:, ::-1], b)


@pytest.mark.parametrize('suffixes', [('', ''), ('_rgb', '_th')])
@pytest.mark.parametrize('ending', ['.png', '.jpg'])
def test_mfnet_apart_is_read_in_every_naming(layouts, tmp_path, suffixes, ending):
    root = layouts.write_mfnet_apart(tmp_path / 'mfnet', suffixes, ending)
    _, (sample,) = samples(root)
    assert sample.name == '00002N'
    if ending == '.png':
        np.testing.assert_array_equal(sample.image, stored(root / f'rgb/00002N{suffixes[0]}.png'))
    np.testing.assert_array_equal(
        sample.thermal, stored(root / f'ther/00002N{suffixes[1]}{ending}'))


@pytest.mark.parametrize('flat', [False, True])
def test_pst900_has_the_order_of_its_own_code(layouts, tmp_path, flat):
    root = layouts.write_pst900(tmp_path / 'pst900', flat)
    dataset, found = samples(root, split='train')
    assert dataset.classes.names == (
        'background', 'fire-extinguisher', 'backpack', 'hand-drill', 'survivor')
    assert [s.name for s in found] == ['a_1', 'a_2']
    base = root if flat else root / 'train'
    for sample in found:
        np.testing.assert_array_equal(sample.image, stored(base / f'rgb/{sample.name}.png'))
        np.testing.assert_array_equal(sample.thermal, stored(base / f'thermal/{sample.name}.png'))
        np.testing.assert_array_equal(sample.labels, stored(base / f'labels/{sample.name}.png'))
    _, found = samples(root, split='test', thermal='raw')
    assert found[0].thermal.dtype == np.uint16
    np.testing.assert_array_equal(
        found[0].thermal, layouts.rng(3).integers(0, 65536, (24, 32)))


@pytest.mark.parametrize('flat', [False, True])
def test_fmb_in_both_conventions(layouts, tmp_path, flat):
    root = layouts.write_fmb(tmp_path / 'fmb', flat)
    fifteen, all_of_them = samples(root)
    fourteen, without = samples(root, classes=14)
    assert fifteen.classes.names[1:] == fourteen.classes.names == (
        'road', 'sidewalk', 'building', 'lamp', 'sign', 'vegetation', 'sky', 'person', 'car',
        'truck', 'bus', 'motorcycle', 'bicycle', 'pole')
    assert (fifteen.classes.background, fourteen.classes.background) == (0, None)
    base = root if flat else root / 'test'
    for a, b in zip(all_of_them, without, strict=True):
        labels = stored(base / f'Label/{a.name}.png').astype(int)
        np.testing.assert_array_equal(a.labels, labels)
        np.testing.assert_array_equal(b.labels, np.where(labels == 0, 255, labels - 1))


@pytest.mark.parametrize(('name', 'file', 'message'), [
    ('mfnet', 'images/00002N.png', 'images has no file 00002N to go with'),
    ('mfnet', 'labels/00002N.png', 'labels has no file 00002N to go with .*images/00002N.png'),
    ('mfnet', 'test.txt', 'test.txt is missing'),
    ('pst900', 'test/labels/b_1.png', 'labels has no file b_1 to go with'),
    ('pst900', 'test/thermal/b_1.png', 'has no pictures'),
    ('fmb', 'test/Infrared/00003.png', 'Infrared has no file 00003 to go with'),
    ('fmb', 'test/Visible/00003.png', 'Visible has no file 00003 to go with'),
])
def test_a_missing_file_is_named(every_format, tmp_path, name, file, message):
    copy = shutil.copytree(every_format[name], tmp_path / 'copy')
    (copy / file).unlink()
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(copy, name)
    assert str(copy) in str(caught.value)


def test_other_pictures_are_told(layouts, every_format, tmp_path):
    copy = shutil.copytree(every_format['mfnet'], tmp_path / 'mfnet')
    layouts.picture(copy / 'images/00001D.png', 24, 32)
    with pytest.raises(DatasetError, match=r'four channels of 8 bits, .* but is \[24, 32, 3\]'):
        samples(copy)
    copy = shutil.copytree(every_format['fmb'], tmp_path / 'fmb')
    layouts.png(copy / 'test/Infrared/00002.png', np.zeros((24, 30), np.uint8))
    with pytest.raises(DatasetError, match='must have 32 x 24 pixels, but has 30 x 24'):
        samples(copy)
    copy = shutil.copytree(every_format['pst900'], tmp_path / 'pst900')
    layouts.png(copy / 'test/labels/b_1.png', np.full((24, 32), 5, np.uint8))
    with pytest.raises(DatasetError, match='hold the value 5, but must be 0 to 4, or 255'):
        samples(copy)


def test_labels_beyond_both_conventions_of_fmb_are_told(layouts, every_format, tmp_path):
    copy = shutil.copytree(every_format['fmb'], tmp_path / 'fmb')
    layouts.png(copy / 'test/Label/00002.png', np.full((24, 32), 15, np.uint8))
    for classes in (14, 15):
        with pytest.raises(DatasetError, match=r'00002\.png hold the value 15, but must be'):
            samples(copy, classes=classes)


def test_a_split_that_is_not_there_is_told(every_format):
    with pytest.raises(DatasetError, match='neither val/ nor itself the folders rgb, thermal'):
        open_dataset(every_format['pst900'], split='val')


def test_public_pairs_are_read(layouts, shared_data, tmp_path):
    """The pictures are real; labels of that set are not at hand, so these are written here."""
    source = shared_data / 'rgbt' / 'msrs'
    names = sorted(p.stem for p in (source / 'visible').glob('*.png'))
    (tmp_path / 'rgb').symlink_to(source / 'visible')
    (tmp_path / 'ther').symlink_to(source / 'infrared')
    for name in names:
        layouts.png(tmp_path / f'labels/{name}.png', np.zeros((480, 640), np.uint8))
    (tmp_path / 'test.txt').write_text('\n'.join(names))
    _, found = samples(tmp_path, format='mfnet')
    assert [s.name for s in found] == names
    for sample in found:
        np.testing.assert_array_equal(
            sample.image, stored(source / f'visible/{sample.name}.png'))
        assert sample.thermal.shape == (480, 640)
        assert len(np.unique(sample.thermal)) > 50
