# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DensePASS, WildPASS and Stanford2D3D in small."""

from __future__ import annotations

import json

import numpy as np

from .files import picture, png, rng


def write_densepass(root):
    for k, (image, label) in enumerate((('1', '1'), ('2_', '2'))):
        picture(root / f'leftImg8bit/val/cs/{image}.png', 20, 64, k)
        values = rng(k).integers(0, 20, (20, 64)).astype(np.uint8)
        values[values == 19] = 255
        values[0, :19] = np.arange(19)
        png(root / f'gtFine/val/cs/{label}_labelTrainIds.png', values)
    picture(root / 'leftImg8bit/train/Amsterdam/1.png', 20, 64)
    return root


def write_wildpass(root):
    for city in ('Athens', 'Tokyo'):
        picture(root / f'leftImg8bit/val/{city}/3.jpg', 20, 64)
        png(root / f'gtFine/val/{city}/3_labelIds.png',
            np.tile(np.arange(32, dtype=np.uint8) % 25, (20, 2)))
    return root


STANFORD_NAMES = ['<UNK>_0_<UNK>_0_0', 'wall_1_office_1_1', 'sofa_1_office_1_1',
                  'clutter_3_office_1_1',
                  *[f'{"door" if k % 2 else "chair"}_{k}_office_2_1' for k in range(300)]]


def write_stanford(root):
    """Write one panorama for each area of fold 1 and of the rest; number 256 G + B."""
    for area in ('area_1', 'area_2', 'area_3', 'area_4', 'area_5a', 'area_5b', 'area_6'):
        image = picture(root / area / 'pano/rgb/camera_1_office_1_frame_equirectangular'
                                       '_domain_rgb.png', 64, 128) | 1
        image[:4] = 0
        image[5] = 200, 0, 0
        png(root / area / 'pano/rgb/camera_1_office_1_frame_equirectangular_domain_rgb.png', image)
        numbers = rng(8).integers(0, len(STANFORD_NAMES), (64, 128))
        coded = np.stack([np.zeros_like(numbers), numbers // 256, numbers % 256], -1)
        coded[10] = (13, 13, 13)
        png(root / area / 'pano/semantic/camera_1_office_1_frame_equirectangular'
                          '_domain_semantic.png', coded.astype(np.uint8))
    (root / 'semantic_labels.json').write_text(json.dumps(STANFORD_NAMES))
    return root
