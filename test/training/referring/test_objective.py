# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Losses by their formulas, batches by hand, scores of answers that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.words import WordList
from training.referring.batches import (
    BatchMaker,
    chosen_frames,
    chosen_sentences,
    encoded,
    inside_of,
    placed,
)
from training.referring.clips.clip import Clip, Sentence
from training.referring.data import all_sentences, read_split
from training.referring.losses import contrast_loss, dice_loss, focal_loss, reached_iou
from training.referring.score import SentenceScore, is_right, summary
from training.referring.trained import build_words

WORDS = WordList(('the', 'red', 'box', 'left'), 6)


def naive_dice(logits, target):
    share = [1 / (1 + math.exp(-v)) for v in logits]
    overlap = sum(s * y for s, y in zip(share, target, strict=True))
    return 1 - (2 * overlap + 1) / (sum(share) + sum(target) + 1)


def naive_focal(logits, target, alpha, gamma):
    total = 0.0
    for z, y in zip(logits, target, strict=True):
        p = 1 / (1 + math.exp(-z))
        right, weight = (p, alpha) if y else (1 - p, 1 - alpha)
        total += weight * (1 - right) ** gamma * -math.log(right)
    return total / len(logits)


def test_losses_are_their_formulas():
    rng = np.random.default_rng(0)
    logits, target = rng.normal(0, 2, (3, 4, 5)), rng.integers(0, 2, (3, 4, 5))
    given = torch.from_numpy(logits).float(), torch.from_numpy(target).float()
    dice, focal = dice_loss(*given), focal_loss(*given, 0.25, 2.0)
    for k in range(3):
        flat = logits[k].ravel().tolist(), target[k].ravel().tolist()
        assert float(dice[k]) == pytest.approx(naive_dice(*flat), abs=1e-5)
        assert float(focal[k]) == pytest.approx(naive_focal(*flat, 0.25, 2.0), abs=1e-6)


def test_perfect_logits_and_empty_targets_cost_nothing():
    target = torch.zeros(2, 6, 6)
    target[0, 2:4, 2:5] = 1
    logits = torch.where(target > 0, 30.0, -30.0)
    assert dice_loss(logits, target).abs().max() < 1e-6
    assert focal_loss(logits, target, 0.25, 2.0).max() < 1e-6
    assert dice_loss(-logits, target)[1] > 0.9     # drawn all over where nothing is


def test_what_is_not_there_cannot_be_reached():
    target = torch.zeros(3, 4, 4)
    target[0, :2], target[1, :2] = 1, 1
    logits = torch.full((3, 4, 4), -1.0)
    logits[0, 1:3] = 1
    assert reached_iou(logits, target).tolist() == pytest.approx([1 / 3, 0, 0])


def test_sentences_of_a_clip_are_compared_where_one_of_them_names_something():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (2, 3, 4, 5))
    target = np.zeros((2, 3, 4, 5))
    target[0, 0, :2], target[0, 1, 2], target[0, 2, :2] = 1, 1, 1    # 0 and 2 name the same
    total, pixels = 0.0, 0
    for k in range(2):
        for y in range(4):
            for x in range(5):
                named = [s for s in range(3) if target[k, s, y, x]]
                if named:
                    e = [math.exp(v) for v in logits[k, :, y, x]]
                    total -= math.log(sum(e[s] for s in named) / sum(e))
                    pixels += 1
    assert pixels == 15
    found = contrast_loss(torch.from_numpy(logits).float(), torch.from_numpy(target).float())
    assert float(found) == pytest.approx(total / pixels, abs=1e-5)
    assert float(contrast_loss(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 3, 3))) == 0


# --- batches


def small_clip(sentences, frames=4):
    """Return a clip of a square (1) that stays and one (2) that shows in the last frame alone."""
    picture = np.zeros((frames, 48, 64, 3), np.uint8)
    ids = np.zeros((frames, 48, 64), np.uint8)
    ids[:, 8:24, 8:24] = 1
    ids[-1, 8:24, 40:56] = 2
    picture[ids == 1], picture[ids == 2] = (200, 0, 0), (0, 200, 0)
    return Clip(picture, picture, ids, tuple(Sentence(t, k) for t, k in sentences))


@pytest.mark.parametrize(
    ('count', 'wanted', 'stride'), [(6, 3, 2), (6, 3, 5), (1, 3, 3), (9, 1, 3)])
def test_frames_rise_within_the_clip(count, wanted, stride):
    starts = set()
    for seed in range(60):
        found = chosen_frames(count, wanted, stride, np.random.default_rng(seed))
        assert len(found) == wanted
        assert found[0] >= 0
        assert found[-1] <= count - 1
        steps = np.diff(found)
        assert (steps <= stride).all()
        assert (steps >= 1).all() or found[-1] == count - 1
        starts.add(int(found[0]))
    if count == 9:
        assert starts == set(range(9))


def test_a_share_of_the_clips_begins_with_the_first_frame():
    def starts(share):
        return [int(chosen_frames(20, 3, 2, np.random.default_rng(seed), share)[0])
                for seed in range(200)]
    assert not any(starts(1.0))
    assert 0.4 < starts(0.5).count(0) / 200 < 0.65
    assert starts(0.0).count(0) < 30


def test_sentences_are_of_different_objects_and_of_what_shows_first():
    clip = small_clip([('the box', 1), ('red box', 1), ('green box', 2)])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        two = chosen_sentences(clip, np.asarray([0, 3]), 2, rng)
        assert {clip.sentences[k].object_id for k in two} == {1, 2}
        hidden = chosen_sentences(clip, np.asarray([0, 1]), 3, rng)
        assert hidden[2] == 2
        assert len(chosen_sentences(clip, np.asarray([0]), 5, rng)) == 5


def test_pictures_lie_at_the_top_left_and_ids_stay_ids():
    clip = small_clip([('the box', 1)])
    box = Letterbox(64, 48, 64, 64)
    frames, ids = placed(clip.frames, box, 7), placed(clip.ids, box, 0, nearest=True)
    assert frames.shape == (4, 64, 64, 3)
    np.testing.assert_array_equal(frames[:, :48], clip.frames)
    assert (frames[:, 48:] == 7).all()
    np.testing.assert_array_equal(ids[:, :48], clip.ids)
    assert inside_of(box).sum() == 48 * 64
    half = placed(clip.ids, Letterbox(64, 48, 32, 32), 0, nearest=True)
    np.testing.assert_array_equal(half[:, :24], clip.ids[:, 1::2, 1::2])


def test_sentences_become_tokens():
    ids, mask = encoded(['the red box', 'left'], WORDS)
    assert ids.dtype == torch.int64
    assert ids.tolist() == [[3, 4, 5, 2, 0, 0], [6, 2, 0, 0, 0, 0]]
    assert mask.sum(1).tolist() == [4, 2]


def test_batches_depend_on_seed_step_and_place_alone(recipe):
    small = recipe('augmentation.jitter=0.5')
    data = read_split(small, 'train')
    words = build_words(small.network.text, WORDS.vocabulary)
    whole = BatchMaker(small, data, words)
    for step in (0, 5):
        batch = whole.make(step)
        again = BatchMaker(small, data, words).make(step)
        assert torch.equal(batch.frames, again.frames)
        assert torch.equal(batch.masks, again.masks)
        assert batch.frames.shape == (2, 2, 64, 64, 3)
        assert batch.masks.shape == (2, 2, 2, 64, 64)
        assert batch.ids.shape == (4, 12)
        parts = [BatchMaker(small, data, words, rank, 2).make(step) for rank in range(2)]
        assert torch.equal(torch.cat([p.pictures for p in parts]), batch.pictures)
        assert torch.equal(torch.cat([p.ids for p in parts]), batch.ids)
    alone = BatchMaker(recipe('network.modalities=events'), data, words).make(0)
    assert alone.frames is None
    assert alone.pictures is not None


def test_all_sentences_of_a_split_are_known_without_its_pictures(recipe):
    data = read_split(recipe(), 'train')
    assert len(all_sentences(data)) == sum(len(data[k].sentences) for k in range(len(data)))


# --- scores


def test_an_answer_is_right_that_overlaps_the_named_object_most():
    ids = small_clip([('x', 1)]).ids[-1]
    mask = np.zeros((48, 64), np.bool_)
    assert not is_right(mask, ids, 1)
    mask[8:24, 16:48] = True       # half of each
    mask[8:24, 41] = False
    mask[8:24, 48] = False
    assert is_right(mask, ids, 1)
    assert not is_right(mask, ids, 2)
    assert is_right(ids == 2, ids, 2)


def test_summaries_are_means_of_what_is_known():
    rows = [SentenceScore('a', 's', (), 0.5, 0.7, 1.0, float('nan'), 0.5, 0.0),
            SentenceScore('b', 's', (), 0.1, 0.3, 0.0, 1.0, 0.25, 0.0)]
    found = summary(rows)
    assert found == pytest.approx({
        'j': 0.3, 'f': 0.5, 'j_and_f': 0.4, 'right': 0.5, 'right_late': 1.0, 'chance': 0.375})
