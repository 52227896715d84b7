# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Colour and thermal pairs with classes: MFNet, PST900, FMB; each in both of its layouts.

Class orders are those of the datasets' own code. For PST900 that is extinguisher 1, backpack 2,
hand-drill 3, survivor 4; a published list that swaps 1 and 3 mislabels.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eventsam_ros.errors import DatasetError

from .class_tables import FMB_14, FMB_15, MFNET_9, PST900_5
from .dataset import Dataset, DatasetFormat
from .files import counterpart, pictures
from .thermal_pairs import Folders, Pair, listed, pairs, sequence

_MFNET_SPLIT = Folders(('rgb', ('_rgb', '')), ('ther', ('_th', '')), 'labels')
_PST900 = Folders(('rgb', ('',)), ('thermal', ('',)), 'labels')
_PST900_RAW = Folders(('rgb', ('',)), ('thermal_raw', ('',)), 'labels')
_FMB = Folders(('Visible', ('',)), ('Infrared', ('',)), 'Label')
_FLIPPED = '_flip'


def open_mfnet(path: Path, *, split: str = 'test') -> Dataset:
    """Open MFNet: four-channel pictures, or rgb/ and ther/ apart.

    Args:
        path: Folder with images/ or rgb/ and ther/, with labels/ and with the lists.
        split: Name of a list.

    Raises:
        DatasetError: Not as MFNet lays it out.
    """
    if _MFNET_SPLIT.at(path):
        found = pairs(path, split, _MFNET_SPLIT)
    else:
        found = _four_channels(path, split)
    return Dataset('mfnet', 'semantic', (sequence(split, found, MFNET_9),), MFNET_9, split)


def _four_channels(path: Path, split: str) -> tuple[Pair, ...]:
    images = pictures(path / 'images', endings=('.png',))
    labels = pictures(path / 'labels', endings=('.png',))
    found = []
    for k, name in enumerate(listed(path, split)):
        # Lists may name mirrored copies that a script was to make.
        mirrored = name.endswith(_FLIPPED) and name not in images
        stored = name.removesuffix(_FLIPPED) if mirrored else name
        image = counterpart(images, stored, path / 'images', path / f'{split}.txt')
        pair = Pair(name, k, image, None, counterpart(labels, stored, path / 'labels', image))
        found.append(replace(pair, mirrored=mirrored))
    return tuple(found)


def open_pst900(path: Path, *, split: str = 'test', thermal: str = '8bit') -> Dataset:
    """Open PST900.

    Args:
        path: Folder with train/ and test/, or flat with train.txt and test.txt.
        split: 'train' or 'test'.
        thermal: '8bit' or 'raw'.

    Raises:
        DatasetError: Not as PST900 lays it out.
        ValueError: An option outside of its values.
    """
    if thermal not in ('8bit', 'raw'):
        raise ValueError(f'thermal must be 8bit or raw, but got {thermal!r}')
    found = pairs(path, split, _PST900 if thermal == '8bit' else _PST900_RAW)
    return Dataset('pst900', 'semantic', (sequence(split, found, PST900_5),), PST900_5, split)


def open_fmb(path: Path, *, split: str = 'test', classes: int = 15) -> Dataset:
    """Open FMB.

    Args:
        path: Folder with train/ and test/, or flat with train.txt and test.txt.
        split: 'train' or 'test'.
        classes: 15, background a class; or 14, background ignored and indices one less.

    Raises:
        DatasetError: Not as FMB lays it out.
        ValueError: An option outside of its values.
    """
    if classes not in (14, 15):
        raise ValueError(f'classes must be 14 or 15, but got {classes}')
    table = FMB_15 if classes == 15 else FMB_14
    remap = () if classes == 15 else (255, *range(14))
    found = sequence(split, pairs(path, split, _FMB), table, remap)
    return Dataset('fmb', 'semantic', (found,), table, split)


def _looks_mfnet(path: Path) -> bool:
    if _MFNET_SPLIT.at(path):
        return True
    try:
        names = pictures(path / 'images', endings=('.png',))
        labels = pictures(path / 'labels', endings=('.png',))
    except DatasetError:
        return False
    return any(name[:1].isdigit() and name.endswith(('D', 'N')) for name in names.keys() & labels)


def _looks_pst900(path: Path) -> bool:
    return any(_PST900.at(folder) for folder in (path, path / 'train', path / 'test'))


def _looks_fmb(path: Path) -> bool:
    return any(_FMB.at(folder) for folder in (path, path / 'train', path / 'test'))


MFNET = DatasetFormat(
    'mfnet', 'MFNet: colour and thermal, urban, day and night, 9 classes (0 unlabeled counts)',
    """\
images/<name>.png     four channels, R, G, B and thermal; names end in D or N
labels/<name>.png     0 to 8
{train,val,test,test_day,test_night}.txt    one name a line
or rgb/<name>[_rgb].png|jpg, ther/<name>[_th].png|jpg, labels/ and the lists""",
    'haqishen/MFNet-pytorch, yuxiangsun/RTFNet', _looks_mfnet, open_mfnet,
    {'split': 'name of a list: train, val, test, test_day, test_night; names in _flip that are '
              'no files are mirrored'})

PST900 = DatasetFormat(
    'pst900', 'PST900: colour and thermal, underground, 5 classes (0 background counts)',
    """\
{train,test}/rgb/*.png, thermal/*.png, labels/*.png     same names; thermal_raw/ 16 bits
or flat rgb/, thermal/, labels/ with train.txt and test.txt""",
    'ShreyasSkandanS/pst900_thermal_rgb', _looks_pst900, open_pst900,
    {'split': 'train or test',
     'thermal': '8bit (thermal/) or raw (thermal_raw/, 16 bits); 0 is a hole of the projection'})

FMB = DatasetFormat(
    'fmb', 'FMB: colour and thermal, driving, 15 or 14 classes',
    """\
{train,test}/Visible/*.png, Infrared/*.png, Label/*.png     same names, labels 0 to 14
or flat Visible/, Infrared/, Label/ with train.txt and test.txt""",
    'JinyuanLiu-CV/SegMiF', _looks_fmb, open_fmb,
    {'split': 'train or test',
     'classes': '15 (background is a class: SARTM, MRFS) or 14 (background ignored, indices one '
                'less: SHIFNet); figures of the two cannot be compared'})
