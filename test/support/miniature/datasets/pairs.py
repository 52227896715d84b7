# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""MFNet, PST900, FMB and CamVid in small."""

from __future__ import annotations

import numpy as np

from .files import picture, png, rng


def write_pairs(root, names, colour, thermal, labels, classes, size=(24, 32)):
    """Write pairs: colour, thermal and labels are functions of a name that give files."""
    height, width = size
    for k, name in enumerate(names):
        picture(colour(name), height, width, k)
        png(thermal(name), rng(k).integers(0, 256, size).astype(np.uint8))
        values = rng(k).integers(0, classes, size).astype(np.uint8)
        values[0, :classes] = np.arange(classes)
        png(labels(name), values)
    return root


def write_mfnet(root, names=('00001D', '00002N', '00003D')):
    height, width = 24, 32
    for k, name in enumerate(names):
        four = rng(k).integers(0, 256, (height, width, 4)).astype(np.uint8)
        png(root / f'images/{name}.png', four)
        values = rng(k).integers(0, 9, (height, width)).astype(np.uint8)
        png(root / f'labels/{name}.png', values)
    (root / 'test.txt').write_text('\n'.join(names[:2]) + '\n')
    (root / 'train.txt').write_text(f'{names[2]}\n{names[2]}_flip\n')
    return root


def write_mfnet_apart(root, suffixes=('', ''), ending='.png'):
    names = ('00001D', '00002N')
    write_pairs(root, names, lambda n: root / f'rgb/{n}{suffixes[0]}{ending}',
                lambda n: root / f'ther/{n}{suffixes[1]}{ending}',
                lambda n: root / f'labels/{n}.png', 9)
    (root / 'test.txt').write_text('00002N\n')
    return root


def write_pst900(root, flat=False):
    for split, names in (('train', ('a_1', 'a_2')), ('test', ('b_1',))):
        base = root if flat else root / split
        write_pairs(base, names, lambda n, b=base: b / f'rgb/{n}.png',
                    lambda n, b=base: b / f'thermal/{n}.png',
                    lambda n, b=base: b / f'labels/{n}.png', 5)
        for name in names:
            png(base / f'thermal_raw/{name}.png',
                rng(3).integers(0, 65536, (24, 32)).astype(np.uint16))
        if flat:
            (root / f'{split}.txt').write_text(''.join(f'{n}\n' for n in names))
    return root


def write_fmb(root, flat=False):
    for split, names in (('train', ('00001',)), ('test', ('00002', '00003'))):
        base = root if flat else root / split
        write_pairs(base, names, lambda n, b=base: b / f'Visible/{n}.png',
                    lambda n, b=base: b / f'Infrared/{n}.png',
                    lambda n, b=base: b / f'Label/{n}.png', 15)
        if flat:
            (root / f'{split}.txt').write_text(''.join(f'{n}.png\n' for n in names))
    return root


def write_camvid(root):
    for split in ('train', 'val'):
        for k in range(2):
            picture(root / f'{split}/0001TP_{k}.png', 24, 32, k)
            values = rng(k).integers(0, 12, (24, 32)).astype(np.uint8)
            png(root / f'{split}annot/0001TP_{k}.png', values)
    return root
