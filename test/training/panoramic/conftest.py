# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A miniature street: sky, building, road and cars, all around and through pinholes."""

import cv2
import numpy as np
import pytest
import yaml

ROAD, BUILDING, SKY, CAR = 0, 2, 10, 13
COLOURS = {ROAD: (90, 90, 90), BUILDING: (150, 90, 60), SKY: (120, 170, 230), CAR: (200, 30, 40)}


@pytest.fixture(scope='session', autouse=True)
def one_thread():
    """Networks this small gain nothing from more."""
    torch = pytest.importorskip('torch', reason='training needs torch')
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def street(rng, width, height):
    """Return a picture uint8 [H, W, 3] RGB, classes and ids of objects uint8 [H, W]."""
    labels = np.full((height, width), ROAD, np.uint8)
    labels[:height * 2 // 3] = BUILDING
    labels[:height // 4] = SKY
    ids = np.select([labels == SKY, labels == BUILDING], [1, 2], 3).astype(np.uint8)
    for k in range(3):
        columns = (int(rng.integers(width)) + np.arange(width // 8)) % width
        labels[height // 2:height * 5 // 6, columns] = CAR
        ids[height // 2:height * 5 // 6, columns] = 4 + k
    picture = np.zeros((height, width, 3), np.uint8)
    for value, colour in COLOURS.items():
        picture[labels == value] = colour
    noise = rng.integers(-12, 13, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8), labels, ids


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)


@pytest.fixture(scope='session')
def streets(tmp_path_factory):
    """Return a folder with pinhole/, panoramas/ in DensePASS's layout, and masks/."""
    root, rng = tmp_path_factory.mktemp('streets'), np.random.default_rng(7)
    for k in range(10):
        picture, labels, _ = street(rng, 48, 32)
        write(root / f'pinhole/leftImg8bit/train/town/{k}_leftImg8bit.png', picture)
        write(root / f'pinhole/gtFine/train/town/{k}_gtFine_labelTrainIds.png', labels)
    for split, count in (('train', 4), ('val', 2)):
        for k in range(count):
            picture, labels, ids = street(rng, 64, 32)
            write(root / f'panoramas/leftImg8bit/{split}/cs/{k}.png', picture)
            if split == 'train':
                write(root / f'masks/cs/{k}.png', ids)
            else:
                write(root / f'panoramas/gtFine/{split}/cs/{k}_labelTrainIds.png', labels)
    return root


@pytest.fixture(scope='session')
def content(streets):
    """What a recipe of the miniature street says, to be copied and changed."""
    plan = {'steps': 4, 'warm_up': 1, 'batch': 2, 'check_every': 2}
    return yaml.safe_load(yaml.safe_dump({
        'name': 'mini', 'width': 64, 'height': 32, 'wrap_padding': 8,
        'windows': [{'width': 32, 'step_x': 16}],
        'data': {'source': {'path': str(streets / 'pinhole'), 'width': 48, 'height': 32},
                 'panoramas': {'path': str(streets / 'panoramas')},
                 'test': {'path': str(streets / 'panoramas'), 'options': {'split': 'val'}}},
        'masks': {'kind': 'folder', 'path': str(streets / 'masks')},
        'fusion': {'least_area': 4}, 'validation_share': 0.3,
        'assistant': {'size': 'b0', 'source': plan, 'adapt': plan},
        'student': {'start': 'source', 'source': plan, 'plan': plan}}))
