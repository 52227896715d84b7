# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures show what they should, where they should."""

import itertools

import numpy as np
import pytest

from eventsam_ros.evaluation.overlay import (
    BACKGROUND,
    contact_sheet,
    draw_events,
    draw_overlay,
    id_colour,
)
from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference.masks import Masks


def _window(x, y, p, width=8, height=6):
    events = Events(np.asarray(x, np.uint16), np.asarray(y, np.uint16), np.asarray(p, np.uint8),
                    np.arange(len(x), dtype=np.int64))
    return Window(events, 0, 100, width, height)


def _two_discs():
    y, x = np.mgrid[:120, :160]
    return Masks.build(
        [3, 8], np.stack([np.hypot(x - 45, y - 60) < 30, np.hypot(x - 115, y - 60) < 30]),
        [0.5, 0.93])


def test_events_show_where_they_are_by_polarity():
    picture = draw_events(_window([1, 2, 2, 9], [3, 4, 4, 1], [1, 0, 0, 1]))
    assert picture.shape == (6, 8, 3)
    assert picture.dtype == np.uint8
    changed = np.argwhere((picture != BACKGROUND).any(2)).tolist()
    assert changed == [[3, 1], [4, 2]]
    brighter, darker = picture[3, 1].astype(int), picture[4, 2].astype(int)
    assert np.ptp(brighter) < 40
    assert darker[0] > darker[2] + 80


def test_the_majority_of_a_pixel_wins():
    mixed = draw_events(_window([1, 1, 1], [3, 3, 3], [0, 1, 0]))
    assert mixed[3, 1, 0] > mixed[3, 1, 2] + 80


def test_more_events_are_brighter():
    picture = draw_events(_window([1, 2, 2, 2, 2, 2], [3] * 6, [1] * 6))
    assert (picture[3, 2] > picture[3, 1]).all()


def test_no_events_is_background():
    assert (draw_events(_window([], [], [])) == BACKGROUND).all()


def test_colours_of_neighbouring_ids_differ_and_stay():
    colours = [id_colour(k) for k in range(1, 13)]
    assert colours == [id_colour(k) for k in range(1, 13)]
    for one, two in itertools.pairwise(colours):
        assert np.abs(np.subtract(one, two)).max() > 80
    assert all(0 <= level <= 255 for k in range(0, 65535, 97) for level in id_colour(k))


def test_overlay_tints_masks_and_leaves_the_rest_and_the_input():
    picture = np.full((120, 160, 3), 60, np.uint8)
    masks = _two_discs()
    drawn = draw_overlay(picture, masks, labels=False, fill=0.5)
    assert (picture == 60).all()
    for k, centre in enumerate([(60, 45), (60, 115)]):
        expected = 30 + np.array(id_colour(int(masks.ids[k]))) / 2
        assert np.abs(drawn[centre] - expected).max() <= 1
    assert (drawn[5, 5] == 60).all()
    assert (drawn[60, 80] == 60).all()


def test_contour_has_the_full_colour():
    masks = _two_discs()
    drawn = draw_overlay(np.zeros((120, 160), np.uint8), masks, labels=False)
    assert np.abs(drawn[60, 16].astype(int) - id_colour(3)).max() < 30


def test_small_masks_lie_on_large_ones():
    masks = np.zeros((2, 60, 80), np.bool_)
    masks[0, 20:40, 30:50] = True
    masks[1] = True
    drawn = draw_overlay(np.zeros((60, 80), np.uint8), Masks.build([1, 2], masks, [1, 1]),
                         labels=False, fill=1.0)
    assert tuple(drawn[30, 40]) == id_colour(1)
    assert tuple(drawn[10, 10]) == id_colour(2)


def test_tags_are_written_inside_the_picture():
    picture = np.zeros((120, 160), np.uint8)
    masks = _two_discs()
    plain = draw_overlay(picture, masks, labels=False)
    tagged = draw_overlay(picture, masks)
    assert (plain != tagged).any()
    tiny = np.zeros((3, 12, 16), np.bool_)
    tiny[0, 0, 0] = tiny[1, 11, 15] = True
    draw_overlay(np.zeros((12, 16), np.uint8), Masks.build([1, 2, 3], tiny, [1, 1, 1]))


def test_no_masks_draw_nothing():
    picture = np.full((12, 16, 3), 9, np.uint8)
    assert (draw_overlay(picture, Masks.empty(16, 12)) == 9).all()


def test_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r'^picture must have the size of the masks \(120, 160\), '
                                         r'but got \(160, 120\)$'):
        draw_overlay(np.zeros((160, 120), np.uint8), _two_discs())


def test_contact_sheet_lays_out_rows_and_columns():
    pictures = [np.full((30, 40, 3), 50 * k, np.uint8) for k in range(1, 6)]
    sheet = contact_sheet(pictures, columns=3, gap=4)
    assert sheet.shape == (4 + 2 * 34, 4 + 3 * 44, 3)
    for k in range(5):
        y, x = 4 + k // 3 * 34, 4 + k % 3 * 44
        assert (sheet[y:y + 30, x:x + 40] == 50 * (k + 1)).all()
    assert (sheet[38:68, 92:132] == sheet[0, 0]).all()


def test_captions_have_room_of_their_own():
    pictures = [np.full((30, 40), 200, np.uint8)] * 2
    sheet = contact_sheet(pictures, columns=1, captions=['one', 'two'], gap=4)
    line = (sheet.shape[0] - 4 - 2 * 34) // 2
    assert line > 8
    assert (sheet[4:34, 4:44] == 200).all()
    assert (sheet[34:34 + line, 4:44] > 100).any()


def test_other_sizes_are_fitted():
    sheet = contact_sheet([np.full((30, 40, 3), 7, np.uint8), np.full((60, 20, 3), 99, np.uint8)],
                          columns=2, gap=2)
    second = sheet[2:32, 44:84]
    assert (second[15, 20] == 99).all()
    assert (second[:, 0] == BACKGROUND).all()


@pytest.mark.parametrize(('pictures', 'options', 'sentence'), [
    (0, {}, 'a contact sheet must have at least one picture, but got none'),
    (2, {'columns': 0}, 'columns must be at least 1, but got 0'),
    (2, {'captions': ['one']}, 'captions must be one for each of 2 pictures, but got 1'),
])
def test_sheets_that_cannot_be(pictures, options, sentence):
    with pytest.raises(ValueError, match=f'^{sentence}$'):
        contact_sheet([np.zeros((3, 3), np.uint8)] * pictures, **options)
