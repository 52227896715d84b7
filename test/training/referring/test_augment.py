# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Changes of clips: one draw for all frames, and nothing that is said becomes untrue."""

import colorsys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from eventsam_ros.events.tensors import NO_EVENT
from training.referring.clips.augment import FINE_TUNING, Augmentation, augment, jittered
from training.referring.clips.clip import Clip, Sentence

STILL = Augmentation(jitter=0, flip=0, crop=0, events=False)


def clip_of(text, frames=3):
    """Return a clip of one picture over and over: a red square on grey, and its sentence."""
    picture = np.full((40, 60, 3), 120, np.uint8)
    picture[10:20, 40:52] = (200, 30, 20)
    ids = np.zeros((40, 60), np.uint8)
    ids[10:20, 40:52] = 1
    events = np.full((40, 60, 3), NO_EVENT, np.uint8)
    events[10, 40:52] = 200
    return Clip(*(np.stack([a] * frames) for a in (picture, events, ids)), (Sentence(text, 1),))


def hue(clip):
    red, green, blue = clip.frames[0][clip.ids[0] == 1].mean(0) / 255
    return colorsys.rgb_to_hsv(red, green, blue)[0]


@pytest.mark.parametrize('seed', range(12))
def test_frames_that_are_equal_stay_equal(seed):
    found = augment(clip_of('the thing'), Augmentation(sides=(32, 48)),
                    np.random.default_rng(seed))
    for stack in (found.frames, found.pictures, found.ids):
        assert stack.shape[1] in (32, 48)
        assert stack.shape[2] in (32, 48)
        for frame in stack[1:]:
            np.testing.assert_array_equal(frame, stack[0])
    assert (found.ids == 1).any()


def test_hues_turn_unless_a_colour_is_named():
    wanted = replace(STILL, jitter=1, strength=0, hue=0.3)
    turned = [hue(augment(clip_of('the thing'), wanted, np.random.default_rng(k)))
              for k in range(8)]
    kept = [hue(augment(clip_of('the red thing'), wanted, np.random.default_rng(k)))
            for k in range(8)]
    assert np.ptp(turned) > 0.1
    assert np.ptp(kept) < 0.01


def test_tones_nearly_stay_where_one_is_named():
    wanted = replace(STILL, jitter=1, hue=0)
    for text, low, high in (('the thing', 60, 250), ('the black thing', 5, 60)):
        means = [augment(clip_of(text), wanted, np.random.default_rng(k)).frames.mean()
                 for k in range(30)]
        assert low < np.ptp(means) < high, text


@pytest.mark.parametrize('text', ['the one on the right', 'the topmost thing', 'thing above it'])
def test_what_says_where_something_is_keeps_the_whole_picture(text):
    wanted = replace(STILL, crop=1)
    for k in range(5):
        found = augment(clip_of(text), wanted, np.random.default_rng(k))
        np.testing.assert_array_equal(found.ids, clip_of(text).ids)


def test_crops_keep_a_part_with_the_object_in_every_plane():
    wanted = replace(STILL, crop=1, least_crop=0.4, sides=(64,))
    areas = []
    for k in range(10):
        found = augment(clip_of('the thing'), wanted, np.random.default_rng(k))
        mask = found.ids[0] == 1
        areas.append(mask.mean())
        red = found.frames[0][..., 0].astype(int) - found.frames[0][..., 1] > 85
        assert (red ^ mask).mean() < 0.05
    assert min(areas) > 0
    assert max(areas) > 1.5 * (120 / 2400)


def test_a_flip_swaps_the_picture_and_the_words():
    found = augment(clip_of('bright box on the right'), replace(STILL, flip=1),
                    np.random.default_rng(0))
    assert found.sentences[0].text == 'bright box on the left'
    np.testing.assert_array_equal(found.ids, clip_of('').ids[:, :, ::-1])


def test_polarities_stay_where_a_tone_is_named():
    wanted = replace(STILL, events=True)
    for text, signs in (('the thing', {True, False}), ('the white thing', {True})):
        found = {bool(augment(clip_of(text), wanted, np.random.default_rng(k)).pictures[
            0, 10, 40:52].astype(int).sum() > 12 * 3 * NO_EVENT) for k in range(16)}
        assert found == signs, text


def test_saturation_and_contrast_follow_their_definitions():
    frames = np.random.default_rng(3).integers(60, 190, (2, 6, 7, 3)).astype(np.uint8)
    only = replace(STILL, jitter=1, hue=0, strength=0.4)
    rng = np.random.default_rng(5)
    draws = []
    for kind in range(5):
        rng.random()
        draws.append(rng.uniform(0.6, 1.4) if kind != 3 else None)
    expected = np.clip(frames * draws[0], 0, 255)
    for kind, factor in zip(('contrast', 'saturation', '', 'contrast'), draws[1:], strict=True):
        if not kind:
            continue
        grey = 0.299 * expected[..., 0] + 0.587 * expected[..., 1] + 0.114 * expected[..., 2]
        base = np.full_like(grey, grey.mean()) if kind == 'contrast' else grey
        expected = np.clip(base[..., None] * (1 - factor) + expected * factor, 0, 255)
    found = jittered(frames, replace(only, hue=1e-9), Replay(draws))
    assert np.abs(found - expected).max() <= 1


class Replay:
    """A source of chance that gives known numbers."""

    def __init__(self, draws):
        self._draws = iter(draws)

    def random(self):
        return 0.0

    def uniform(self, *_):
        value = next(self._draws)
        return value if value is not None else 0.0


def test_the_published_sides_are_those_of_the_sheet():
    assert FINE_TUNING == (288, 320, 352, 392, 416, 448, 480, 512)


@pytest.mark.parametrize('wrong', [
    {'jitter': 2}, {'hue': 0.7}, {'least_crop': 0.0}, {'sides': (4,)}, {'strength': 1.0}])
def test_values_outside_their_ranges_are_refused(wrong):
    with pytest.raises(ValueError, match='must be'):
        Augmentation(**wrong)


def test_hue_turns_as_in_hsv():
    frames = np.full((1, 2, 2, 3), (200, 30, 20), np.uint8)
    found = jittered(frames, replace(STILL, jitter=1, strength=0, hue=0.25),
                     Replay([1.0, 1.0, 1.0, 0.25, 1.0]))
    h, s, v = colorsys.rgb_to_hsv(200 / 255, 30 / 255, 20 / 255)
    wanted = np.asarray(colorsys.hsv_to_rgb((h + 0.25) % 1, s, v)) * 255
    assert np.abs(found[0, 0, 0] - wanted).max() <= 1.5
    assert cv2.cvtColor(found[0], cv2.COLOR_RGB2HSV)[0, 0, 0] == pytest.approx(
        180 * ((h + 0.25) % 1), abs=2)
