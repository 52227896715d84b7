# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""RefCOCO, RefCOCO+, RefCOCOg, and masks as COCO writes them."""

import json
import shutil

import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.coco_masks import coco_mask, polygon_mask, unpacked
from eventsam_ros.evaluation.datasets.registry import open_dataset


def inside(polygon, x, y):
    """Return whether a point lies in a polygon, by the crossings of a ray to the left."""
    points = list(zip(polygon[::2], polygon[1::2], strict=True))
    crossings = 0
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if (ay <= y) != (by <= y):
            crossings += ax + (y - ay) / (by - ay) * (bx - ax) <= x
    return crossings % 2 == 1


@pytest.mark.parametrize('seed', range(20))
def test_a_polygon_is_the_pixels_whose_centres_it_holds(seed):
    rng = np.random.default_rng(seed)
    polygon = (rng.uniform(-4, 24, 2 * int(rng.integers(3, 9)))).tolist()
    wanted = [[inside(polygon, c + 0.5, r + 0.5) for c in range(20)] for r in range(15)]
    np.testing.assert_array_equal(polygon_mask(polygon, 15, 20), wanted)


def test_polygons_are_united_and_run_lengths_go_down_the_columns():
    mask = coco_mask([[0, 0, 2, 0, 2, 3, 0, 3], [1, 1, 5, 1, 5, 2, 1, 2]], 4, 6)
    assert mask.astype(int).tolist() == [
        [1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
    runs = coco_mask({'size': [3, 4], 'counts': [1, 2, 4, 1, 4]}, 3, 4)
    assert runs.astype(int).tolist() == [[0, 0, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]]


def packed(counts):
    """Pack run lengths as the format describes it."""
    text = ''
    for k, count in enumerate(counts):
        value = count - counts[k - 2] if k > 2 else count
        while True:
            bits = value & 31
            value >>= 5
            more = not ((value == 0 and not bits & 16) or (value == -1 and bits & 16))
            text += chr(48 + bits + (32 if more else 0))
            if not more:
                break
    return text


@pytest.mark.parametrize('seed', range(5))
def test_packed_run_lengths_are_unpacked(seed):
    counts = np.random.default_rng(seed).integers(0, 5000, 30).tolist()
    assert unpacked(packed(counts)) == counts


def test_a_packed_text_from_elsewhere_is_unpacked():
    # a square of 3 x 3 pixels at column 1, row 2 of a 6 x 8 picture, packed by hand:
    # 8 3 3 3 3 3 25 -> 8, 3, 3, then differences 0, 0, 0, 22
    text = '83300' + '0' + chr(48 + (22 & 31) + 32) + chr(48)
    mask = coco_mask({'size': [6, 8], 'counts': text}, 6, 8)
    wanted = np.zeros((6, 8), bool)
    wanted[2:5, 1:4] = True
    np.testing.assert_array_equal(mask, wanted)


@pytest.mark.parametrize(('segmentation', 'message'), [
    (None, 'polygons or run lengths'), ([], 'polygons or run lengths'),
    ([[1, 2, 3, 4]], 'three corners'), ([[1, 2, 3]], 'x, y, x, y'),
    ([['a', 2, 3, 4, 5, 6]], 'x, y, x, y'), ([[0, 0, 1, float('nan'), 1, 1]], 'three corners'),
    ({'size': [3, 4], 'counts': [12]}, r'of size \[4, 3\]'),
    ({'size': [4, 3], 'counts': [11]}, 'add up to 4 x 3'),
    ({'size': [4, 3], 'counts': ['x']}, 'whole numbers'),
    ({'size': [4, 3], 'counts': '~'}, 'character'), ({'size': [4, 3], 'counts': 'P'}, 'middle')])
def test_what_is_no_mask_is_told(segmentation, message):
    with pytest.raises(DatasetError, match=message):
        coco_mask(segmentation, 4, 3)


def test_each_sentence_is_a_sequence_with_its_mask(layouts, every_format):
    dataset = open_dataset(every_format['refcoco'])
    assert [s.name for s in dataset.sequences] == ['0000003', '0000013', '0000023']
    for sequence, (_, text, segmentation) in zip(
            dataset.sequences, layouts.REFCOCO_ENTRIES, strict=True):
        assert [(e.text, e.object_id) for e in sequence.expressions] == [(text, 1)]
        sample, = sequence.samples()
        assert sample.image.shape == (24, 40, 3)
        np.testing.assert_array_equal(sample.labels, coco_mask(segmentation, 24, 40))
    whole = next(iter(dataset.sequences[0].samples())).labels
    assert (whole.sum(), whole[5:15, 10:30].sum()) == (200, 200)


def test_the_three_sets_can_be_joined_and_lie_under_coco(layouts, tmp_path):
    root = layouts.write_refcoco(tmp_path, 'coco')
    dataset = open_dataset(root, which='refcocog,refcoco,refcoco+')
    assert len(dataset.sequences) == 9
    assert {s.name.split('/')[0] for s in dataset.sequences} == {
        'refcoco', 'refcoco+', 'refcocog'}
    assert all(next(iter(s.samples())).labels.any() for s in dataset.sequences)
    assert len(open_dataset(root, which='refcocog', split='test').sequences) == 3


def test_mistakes_are_told(every_format, tmp_path):
    root = every_format['refcoco']
    with pytest.raises(DatasetError, match='which must be of'):
        open_dataset(root, which='refcocoa')
    with pytest.raises(DatasetError, match=r'instances_refcoco\+_testA\.json is missing'):
        open_dataset(root, which='refcoco+', split='testA')
    copy = shutil.copytree(root, tmp_path / 'copy')
    file = copy / 'refcoco/instances_refcoco_val.json'
    content = json.loads(file.read_text())
    content['annotations'][0]['segmentation'] = [[1, 2]]
    content['images'][1]['height'] = 25
    file.write_text(json.dumps(content))
    sequences = open_dataset(copy).sequences
    with pytest.raises(DatasetError, match='annotation of sentence 3: a polygon must have'):
        list(sequences[0].samples())
    with pytest.raises(DatasetError, match='must have 40 x 25 pixels'):
        list(sequences[1].samples())
    del content['annotations'][2]
    file.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match='an entry that lacks 23'):
        open_dataset(copy)
    file.write_text(json.dumps({'images': []}))
    with pytest.raises(DatasetError, match='must have images and annotations'):
        open_dataset(copy)
