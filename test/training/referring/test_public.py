# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Public sets as training clips, from miniatures in their published layouts."""


import numpy as np
import pytest

from eventsam_ros.evaluation.datasets.registry import open_dataset
from training.errors import RecipeError
from training.referring.clips.public import PublicClips, open_public
from training.referring.data import Told


def test_a_clip_is_a_frame_and_those_around_it_with_all_that_is_said(layouts, tmp_path):
    root = layouts.write_ref_youtube_vos(tmp_path / 'data')
    clips = open_public(root, 'ref-youtube-vos', 'train', reach=1)
    assert len(clips) == 6
    assert [len(clips[k].ids) for k in range(3)] == [2, 3, 2]
    samples = list(open_dataset(root, 'ref-youtube-vos', split='train').sequences[1].samples())
    clip = clips[4]
    for k, sample in enumerate(samples):
        np.testing.assert_array_equal(clip.frames[k], sample.image)
        np.testing.assert_array_equal(clip.ids[k], sample.labels)
    assert clip.pictures is None
    assert [(s.text, s.object_id) for s in clip.sentences] == [
        ('sentence 0', 1), ('sentence 1', 1), ('sentence 2', 2)]
    assert clips.sentences(4) == clip.sentences
    assert len({clips[k].name for k in range(6)}) == 6


def late_object(layouts, tmp_path):
    """Return clips of which the first never shows the object of its third sentence."""
    root = layouts.write_ref_youtube_vos(tmp_path / 'data')
    for k, name in enumerate(('00000', '00005', '00010')):
        ids = np.zeros((24, 40), np.uint8)
        ids[:5] = 1
        ids[10:12] = 2 * (k == 2)
        layouts.palette_png(root / f'train/Annotations/00a1/{name}.png', ids)
    return open_public(root, 'ref-youtube-vos', 'train', reach=1)


def test_what_no_frame_shows_is_not_said(layouts, tmp_path):
    clips = late_object(layouts, tmp_path)
    assert [s.object_id for s in clips[0].sentences] == [1, 1]
    assert [s.object_id for s in clips[1].sentences] == [1, 1, 2]


def test_sentences_of_annotators_of_ref_davis_are_all_there(layouts, tmp_path):
    clips = open_public(layouts.write_ref_davis(tmp_path / 'data'), 'ref-davis17', 'train')
    assert len(clips) == 2
    assert [s.object_id for s in clips[0].sentences] == [1] * 4 + [2] * 4


def test_a_picture_of_refcoco_is_a_clip_of_one_frame(layouts, tmp_path):
    root = layouts.write_refcoco(tmp_path / 'data')
    clips = open_public(root, 'refcoco', 'val', which='refcoco,refcocog', longest=20)
    assert len(clips) == 6
    for k in range(6):
        assert clips[k].frames.shape == (1, 12, 20, 3)
        assert clips[k].ids.max() == 1
        assert clips[k].sentences[0].text == layouts.REFCOCO_ENTRIES[k % 3][1]


def test_sets_without_masks_or_sentences_are_refused(layouts, tmp_path):
    root = layouts.write_ref_youtube_vos(tmp_path / 'data')
    with pytest.raises(RecipeError, match='no masks in its split valid'):
        open_public(root, 'ref-youtube-vos', 'valid')
    with pytest.raises(RecipeError, match='is missing'):
        open_public(tmp_path, 'refcoco', 'val')
    davis = open_dataset(layouts.write_davis(tmp_path / 'davis'))
    with pytest.raises(RecipeError, match='davis has no sentences'):
        PublicClips(davis)
    clips = open_public(root, 'ref-youtube-vos', 'train')
    (root / 'train/JPEGImages/00a1/00000.jpg').write_bytes(b'nothing')
    with pytest.raises(RecipeError, match=r'00000\.jpg'):
        clips[0]


def test_sentences_may_be_left_out_of_a_public_set(layouts, tmp_path):
    clips = late_object(layouts, tmp_path)
    told = Told(clips, ('motion',))
    assert len(told) == len(clips)
    for k in range(len(clips)):
        assert told[k].sentences == clips[k].sentences
        assert told.sentences(k) == clips.sentences(k)
