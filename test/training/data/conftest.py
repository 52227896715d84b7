# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Photographs drawn for a test."""

import cv2
import numpy as np
import pytest


@pytest.fixture(scope='session')
def photo_root(tmp_path_factory):
    """Return a folder of 20 upright photos with a blue disc each, and three films of 3 frames."""
    root = tmp_path_factory.mktemp('photos')
    rng = np.random.default_rng(3)
    folders = [(root / 'set', 'photos', 'labels', 20, (160, 110))]
    folders += [(root / f'films/{n}', 'frames', 'masks', 3, (100, 170)) for n in 'abc']
    for folder, photos, masks, count, (height, width) in folders:
        (folder / photos).mkdir(parents=True)
        (folder / masks).mkdir()
        for k in range(count):
            small = rng.integers(60, 200, (8, 8, 1)).astype(np.uint8)
            grey = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
            picture = np.repeat(grey[..., None], 3, 2)
            mask = np.zeros((height, width), np.uint8)
            place = (width // 2 + int(rng.integers(-9, 10)), height // 2)
            cv2.circle(mask, place, 34, 7, -1)
            picture[mask > 0] = (220, 60, 20)  # blue first, as OpenCV writes
            cv2.imwrite(str(folder / photos / f'{k:02d}.png'), picture)
            cv2.imwrite(str(folder / masks / f'{k:02d}.png'), mask)
    return root
