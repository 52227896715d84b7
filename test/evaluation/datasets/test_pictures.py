# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures: indices as they are stored, colours as ids, and what is refused."""

from __future__ import annotations

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.datasets.pictures import (
    ids_of_colours,
    read_colour,
    read_grey,
    read_indices,
    read_labels,
    read_stored,
)

CLASSES = ClassTable(('a', 'b', 'c'), ((0, 0, 0), (1, 1, 1), (2, 2, 2)))


@pytest.mark.parametrize('bits', [1, 2, 4, 8])
@pytest.mark.parametrize('filters', [(0,), (1, 2), (3, 4), (4, 3, 2, 1, 0)])
def test_palette_indices_are_read_and_not_their_colours(layouts, tmp_path, bits, filters):
    # 33 columns: rows end within a byte.
    indices = layouts.rng(bits).integers(0, 2 ** bits, (13, 33)).astype(np.uint8)
    path = layouts.palette_png(tmp_path / 'mask.png', indices, bits, filters)
    found = read_indices(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, indices)


def test_indices_of_the_public_masks_are_those_of_another_decoder(shared_data):
    image_module = pytest.importorskip('PIL.Image', reason='Pillow is not installed')
    files = sorted((shared_data / 'video' / 'judo' / 'masks').glob('*.png'))
    files += sorted((shared_data / 'video' / 'davis' / 'camel' / 'masks').glob('*.png'))[:3]
    assert len(files) > 5
    for path in files:
        with image_module.open(path) as image:
            np.testing.assert_array_equal(read_indices(path), np.asarray(image))


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_grey_labels_are_read_as_they_are(tmp_path, dtype):
    values = np.arange(256, dtype=dtype).reshape(16, 16) * (200 if dtype == np.uint16 else 1)
    cv2.imwrite(str(tmp_path / 'a.png'), values)
    for read in (read_indices, read_grey, read_stored):
        found = read(tmp_path / 'a.png')
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, values)


def test_equal_channels_count_as_one_and_others_do_not(layouts, tmp_path):
    values = layouts.rng().integers(0, 3, (5, 6)).astype(np.uint8)
    layouts.png(tmp_path / 'three.png', np.repeat(values[..., None], 3, 2))
    np.testing.assert_array_equal(read_indices(tmp_path / 'three.png'), values)
    layouts.png(tmp_path / 'colour.png', layouts.rng().integers(0, 99, (5, 6, 3)).astype('u1'))
    with pytest.raises(DatasetError, match='one channel, but has 3 that differ'):
        read_indices(tmp_path / 'colour.png')


def test_colours_come_red_first(layouts, tmp_path):
    image = layouts.picture(tmp_path / 'a.png', 7, 9)
    np.testing.assert_array_equal(read_colour(tmp_path / 'a.png'), image)
    layouts.png(tmp_path / 'grey.png', image[..., 0])
    found = read_colour(tmp_path / 'grey.png')
    np.testing.assert_array_equal(found, np.repeat(image[..., :1], 3, 2))


@given(st.integers(0, 2 ** 32 - 1), st.integers(1, 6), st.booleans())
def test_ids_of_colours_are_those_of_a_loop(seed, colours, white):
    r = np.random.default_rng(seed)
    table = r.integers(250, 256, (colours, 3)) if white else r.integers(0, 255, (colours, 3))
    picture = table[r.integers(0, colours, (6, 5))].astype(np.uint8)
    if white:
        picture[0, 0] = 255
    found = ids_of_colours(picture)
    codes = {tuple(c) for c in picture.reshape(-1, 3).tolist()}
    order = {c: k for k, c in enumerate(sorted(codes), 1)}
    for row in range(6):
        for column in range(5):
            colour = tuple(picture[row, column].tolist())
            expected = 0 if colour == (255, 255, 255) else order[colour]
            assert found[row, column] == expected
    assert found.dtype == np.uint16


def test_labels_that_are_no_classes_are_named(layouts, tmp_path):
    path = layouts.png(tmp_path / 'a.png', np.array([[0, 1, 2, 255]], np.uint8))
    np.testing.assert_array_equal(read_labels(path, CLASSES), [[0, 1, 2, 255]])
    with pytest.raises(DatasetError, match=r'a\.png must have 3 x 2 pixels, but has 4 x 1'):
        read_labels(path, CLASSES, (2, 3))
    layouts.png(path, np.array([[0, 3, 200]], np.uint8))
    with pytest.raises(DatasetError, match=r'a\.png hold the value 3, but must be 0 to 2, or 255'):
        read_labels(path, CLASSES)
    layouts.png(path, np.array([[0, 7000]], np.uint16))
    with pytest.raises(DatasetError, match='value 7000'):
        read_labels(path, CLASSES)


@pytest.mark.parametrize('content', [
    b'', b'not a picture', b'\x89PNG\r\n\x1a\n', b'\x89PNG\r\n\x1a\n' + b'\0' * 40, b'\xff\xd8'])
@pytest.mark.parametrize('read', [read_colour, read_stored, read_indices])
def test_what_is_no_picture_is_named(tmp_path, content, read):
    path = tmp_path / 'a.png'
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r'a\.png is no picture'):
        read(path)


@given(cut=st.integers(1, 200), kind=st.sampled_from(['grey', 'palette', 'jpeg']))
def test_any_cut_is_seen(layouts, tmp_path_factory, cut, kind):
    path = tmp_path_factory.mktemp('cut') / 'a.png'
    values = layouts.rng().integers(0, 200, (20, 30)).astype(np.uint8)
    if kind == 'jpeg':
        path = path.with_suffix('.jpg')
    if kind == 'palette':
        layouts.palette_png(path, values)
    else:
        layouts.png(path, values)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DatasetError, match='cut off'):
        read_indices(path)


def test_bytes_after_the_end_do_no_harm(layouts, tmp_path):
    values = layouts.rng().integers(0, 200, (20, 30)).astype(np.uint8)
    for name in ('a.png', 'b.jpg'):
        path = layouts.png(tmp_path / name, values)
        before = read_grey(path)
        path.write_bytes(path.read_bytes() + b'more than there should be')
        np.testing.assert_array_equal(read_grey(path), before)


def test_missing_is_said(tmp_path):
    with pytest.raises(DatasetError, match=r'none\.png is missing'):
        read_colour(tmp_path / 'none.png')
