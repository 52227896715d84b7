# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated clips: what is said is true of one object, splits are disjoint, shards come back."""

import cv2
import numpy as np
import pytest

from eventsam_ros.events.tensors import NO_EVENT
from training.errors import RecipeError
from training.referring.clips.clip import Clip, Sentence, mirrored, swap_sides
from training.referring.clips.filming import ClipSettings
from training.referring.clips.making import make_clip
from training.referring.clips.scenarios import SCENARIOS
from training.referring.clips.sheet import clip_sheet, main
from training.referring.clips.splits import SPLITS, pairs_of
from training.referring.clips.store import ClipStore, write_clips

SMALL = ClipSettings(96, 72, 6)


@pytest.fixture(scope='module')
def clips():
    return [make_clip(seed, split, scenario, SMALL)
            for split in SPLITS for scenario in SCENARIOS for seed in range(2)]


def test_every_sentence_names_an_object_that_is_seen_in_the_first_frame(clips):
    for clip in clips:
        assert len(clip.sentences) >= 2
        for sentence in clip.sentences:
            assert np.count_nonzero(clip.ids[0] == sentence.object_id) >= 10, clip.name


def test_colours_and_shapes_in_a_sentence_are_those_of_its_object_alone(clips):
    for clip in clips:
        for sentence in clip.sentences:
            colour, shape = clip.looks[sentence.object_id - 1].split()
            for attribute in sentence.attributes:
                if attribute.startswith('colour='):
                    assert attribute == f'colour={colour}'
                if attribute.startswith('shape='):
                    assert attribute == f'shape={shape}'
            kinds = {a.split('=')[0] for a in sentence.attributes}
            if kinds == {'colour', 'shape'}:
                assert clip.looks.count(f'{colour} {shape}') == 1


def test_the_picture_shows_the_colours_that_are_named(clips):
    strongest = {'red': (0,), 'green': (1,), 'blue': (2,), 'yellow': (0, 1)}
    checked = 0
    for clip in clips:
        for number, look in enumerate(clip.looks, 1):
            wanted = strongest.get(look.split()[0])
            mask = clip.ids[0] == number
            if wanted is None or mask.sum() < 60:
                continue
            mean = clip.frames[0][mask].astype(float).mean(0)
            others = [k for k in range(3) if k not in wanted]
            assert min(mean[list(wanted)]) > max(mean[others]) + 20, (clip.name, look)
            checked += 1
    assert checked > 10


def test_what_moves_left_in_a_sentence_moves_left_in_the_masks(clips):
    checked = 0
    for clip in clips:
        for sentence in clip.sentences:
            ways = {'motion=left': -1, 'motion=right': 1}
            sign = next((ways[a] for a in sentence.attributes if a in ways), None)
            columns = [np.nonzero(m)[1] for m in clip.ids == sentence.object_id]
            if sign is None or len(columns[0]) < 30 or len(columns[-1]) < 30:
                continue
            assert sign * (columns[-1].mean() - columns[0].mean()) > 4, (clip.name, sentence)
            checked += 1
    assert checked > 3


def test_no_pair_of_colour_and_shape_is_in_two_splits_and_all_are_used():
    found = [set(pairs_of(split)) for split in SPLITS]
    assert len(set.union(*found)) == sum(map(len, found)) == 64
    for pairs in found:
        assert {len({p[k] for p in pairs}) for k in (0, 1)} == {8}


def test_look_alikes_are_hidden_and_what_leaves_comes_back(clips):
    for clip in clips:
        areas = np.stack([(clip.ids == k + 1).sum((1, 2)) for k in range(len(clip.looks))])
        if clip.scenario == 'look-alikes':
            twins = [k for k, look in enumerate(clip.looks) if clip.looks.count(look) > 1]
            assert len(twins) >= 2
            assert (areas.min(1) < 0.6 * areas.max(1)).any()
        if clip.scenario == 'return':
            assert ((areas[:, 0] > 0) & (areas.min(1) == 0) & (areas[:, -1] > 0)).any()


def test_equal_seeds_give_equal_clips_and_a_store_gives_them_back(tmp_path):
    write_clips(tmp_path, 'val', 3, seed=5, scenarios=('plain', 'motion'), settings=SMALL)
    store = ClipStore(tmp_path, 'val')
    assert len(store) == 3
    assert store.settings == SMALL
    for k, scenario in enumerate(('plain', 'motion', 'plain')):
        wanted, found = make_clip(5 + k, 'val', scenario, SMALL), store[k]
        np.testing.assert_array_equal(found.frames, wanted.frames)
        np.testing.assert_array_equal(found.pictures, wanted.pictures)
        np.testing.assert_array_equal(found.ids, wanted.ids)
        assert found.sentences == wanted.sentences == store.sentences(k)
        assert (found.name, found.scenario, found.looks) == (
            wanted.name, wanted.scenario, wanted.looks)


@pytest.mark.parametrize('period_ms', [100.0, 33.3])
def test_windows_may_be_as_long_as_the_time_between_frames(period_ms):
    settings = ClipSettings(96, 72, 6, period_ms, window_ms=period_ms)
    clip = make_clip(1, 'val', 'plain', settings)
    assert len(clip.frames) == len(clip.pictures) == len(clip.ids) == 6
    # none of them is the empty window of a moment that comes twice
    assert all((picture != NO_EVENT).mean() > 0.02 for picture in clip.pictures)


def test_clips_made_otherwise_are_refused(tmp_path):
    write_clips(tmp_path, 'val', 1, seed=5, scenarios=('motion',), settings=SMALL)
    with pytest.raises(RecipeError, match='made with'):
        write_clips(tmp_path, 'val', 1, seed=6, scenarios=('motion',), settings=SMALL)
    with pytest.raises(RecipeError, match='holds clips of'):
        write_clips(tmp_path, 'val', 1, seed=5, scenarios=('motion',))
    with pytest.raises(RecipeError, match='no clips of test'):
        ClipStore(tmp_path, 'test')
    with pytest.raises(RecipeError, match='that can be read'):
        ClipStore(tmp_path / 'nowhere', 'val')


@pytest.mark.parametrize(('text', 'wanted'), [
    ('the left one', 'the right one'), ('bright upright thing', 'bright upright thing'),
    ('the leftmost box right of it', 'the rightmost box left of it'),
    ('Left-hand cup, far right.', 'Right-hand cup, far left.')])
def test_left_and_right_are_swapped_as_whole_words(text, wanted):
    assert swap_sides(text) == wanted
    assert swap_sides(wanted) == text


def test_a_mirrored_clip_shows_the_other_way_round():
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (2, 3, 4, 3)).astype(np.uint8)
    ids = rng.integers(0, 3, (2, 3, 4)).astype(np.uint8)
    clip = Clip(frames, None, ids, (Sentence('on the left', 1, ('place=left',)),))
    found = mirrored(clip)
    np.testing.assert_array_equal(found.frames[:, :, 0], frames[:, :, 3])
    np.testing.assert_array_equal(found.ids[:, :, 1], ids[:, :, 2])
    assert found.pictures is None
    assert found.sentences == (Sentence('on the right', 1, ('place=right',)),)


def test_a_sheet_has_a_row_of_each_plane_and_a_line_for_each_sentence(tmp_path):
    shape = (3, 20, 90)
    clip = Clip(np.full((*shape, 3), 200, np.uint8), np.full((*shape, 3), 128, np.uint8),
                np.full(shape, 2, np.uint8), (Sentence('one', 1), Sentence('two', 2)))
    sheet = clip_sheet([clip, clip])
    assert sheet.shape == (2 * (3 * 20 + 2 * 15 + 10), 270, 3)
    assert [tuple(sheet[row, 5]) for row in (5, 25, 45, 105)] == [
        (200,) * 3, (128,) * 3, (90, 210, 90), (200,) * 3]
    assert main([str(tmp_path / 'sheet.png'), '--scenario', 'motion', '--split', 'val']) == 0
    assert cv2.imread(str(tmp_path / 'sheet.png')).shape[1] == 6 * 128
    assert main([str(tmp_path / 'none' / 'sheet.png'), '--scenario', 'motion']) == 1


@pytest.mark.parametrize(('arguments', 'says'), [
    (['sheet'], 'sheet is no name of a picture'), (['a.png', '--seed', '-1'], 'at least 0')])
def test_a_sheet_that_cannot_be_is_told_before_it_is_drawn(capsys, arguments, says):
    with pytest.raises(SystemExit, match='2'):
        main(arguments)
    assert says in capsys.readouterr().err


def test_a_slip_in_a_name_leaves_the_folder_free(tmp_path):
    small = ClipSettings(64, 48, 3)
    for split, scenarios, says in (('train', ('plian',), 'plian'), ('trian', ('plain',), 'trian')):
        with pytest.raises(ValueError, match=says):
            write_clips(tmp_path / 'clips', split, 1, scenarios=scenarios, settings=small)
    write_clips(tmp_path / 'clips', 'train', 1, scenarios=('plain',), settings=small)
    assert len(ClipStore(tmp_path / 'clips', 'train')) == 1
