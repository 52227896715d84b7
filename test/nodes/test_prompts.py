# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How long prompts hold, what belongs together, where they follow to, and which are refused."""

from __future__ import annotations

import numpy as np
import pytest

from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.prompts import Box, Point
from eventsam_ros.nodes.prompts import CLICKS_FROM, MOST, MOST_CLICKS, PromptBoard, Sensor

S = 1_000_000_000
SENSOR = Sensor(96, 64, 'cam')


def disc(x, y, radius=10):
    rows, columns = np.mgrid[:64, :96]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius ** 2


def answer(board, *masks, ids=None):
    ids = ids or [p.id for p in board.current(0, 0, SENSOR)]
    board.answered(Masks.build(ids, np.stack(masks), [0.9] * len(masks)))
    return board.current(0, 0, SENSOR)


def test_each_click_is_an_object_and_holds_for_its_time():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    board.click(3, 4, True, S)
    assert [p.id for p in board.current(S, 2.0, SENSOR)] == [CLICKS_FROM, CLICKS_FROM + 1]
    (left,) = board.current(int(2.5 * S), 2.0, SENSOR)
    assert left.points == (Point(3, 4),)
    assert board.current(4 * S, 2.0, SENSOR) == []
    board.click(3, 4, True, 9 * S)
    assert board.current(8 * S, 2.0, SENSOR) == []  # the clock jumped back


def test_zero_holds_until_cleared():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    assert len(board.current(10_000 * S, 0, SENSOR)) == 1
    assert board.clear() == 1
    assert board.current(10_000 * S, 0, SENSOR) == []


def test_a_click_on_what_is_not_the_object_joins_the_last_one():
    board = PromptBoard()
    board.click(9, 9, False, 0)
    assert board.counters['prompts_refused'] == 1
    assert 'there is no clicked object yet' in board.take_refusals()[0]
    board.click(1, 2, True, 0)
    board.click(9, 9, False, 0)
    (prompt,) = board.current(0, 1.0, SENSOR)
    assert prompt.points == (Point(1, 2), Point(9, 9, 0))


def test_there_are_no_more_objects_than_can_be_answered():
    board = PromptBoard()
    for _ in range(10_100):   # more than there are ids of clicks
        board.click(1, 2, True, 0)
    board.boxes([(Box(1, 2, 30, 40), None)] * 70_000, 0)
    assert len(board) == MOST
    assert board.counters['prompts_refused'] == 10_100 - MOST + 70_000
    assert f'there can be {MOST} prompted objects' in board.take_refusals()[0]
    board.remove(CLICKS_FROM)
    board.click(1, 2, True, 0)
    assert len(board) == MOST
    assert board.take_refusals() == []


def test_an_object_has_no_more_clicks_than_can_be_answered():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    for _ in range(MOST_CLICKS):
        board.click(9, 9, False, 0)
    (prompt,) = board.current(0, 0, SENSOR)
    assert len(prompt.points) == MOST_CLICKS
    assert board.counters['prompts_refused'] == 1
    assert f'there can be {MOST_CLICKS} clicks on one object' in board.take_refusals()[0]


def test_what_was_at_the_network_before_a_restart_moves_no_prompt():
    board = PromptBoard()
    board.click(10, 10, True, 0)
    ids = [p.id for p in board.current(0, 0, SENSOR)]
    board.rewind()
    board.answered(Masks.build(ids, np.stack([disc(60, 40)]), [0.9]))
    (prompt,) = board.current(0, 0, SENSOR)
    assert prompt.points == (Point(10, 10),)


def test_a_prompt_that_was_followed_beyond_a_smaller_sensor_goes_back():
    board = PromptBoard()
    board.click(10, 10, True, 0)
    (moved,) = answer(board, disc(60, 40))
    assert moved.points[0].x > 48
    (prompt,) = board.current(0, 0, Sensor(48, 32, 'cam'))
    assert prompt.points == (Point(10, 10),)
    assert board.counters['prompts_refused'] == 0


def test_clicks_and_boxes_do_not_take_each_other_s_ids():
    board = PromptBoard()
    board.click(10, 10, True, 0)
    board.boxes([(Box(1, 2, 30, 40), CLICKS_FROM), (Box(5, 6, 30, 40), CLICKS_FROM + 1)], 0)
    assert f'a box cannot have the id {CLICKS_FROM}' in board.take_refusals()[0]
    board.click(20, 20, True, 0)
    found = {p.id: p for p in board.current(0, 0, SENSOR)}
    assert sorted(found) == [CLICKS_FROM, CLICKS_FROM + 1, CLICKS_FROM + 2]
    assert found[CLICKS_FROM].points == (Point(10, 10),)
    assert found[CLICKS_FROM + 1].box == Box(5, 6, 30, 40)
    assert found[CLICKS_FROM + 2].points == (Point(20, 20),)


def test_boxes_replace_boxes_and_leave_clicks():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    board.boxes([(Box(0, 0, 9, 9), 7), (Box(9, 9, 20, 20), None), (Box(1, 1, 5, 5), 7)], 0)
    assert 'ids of boxes must be unique, but 7' in board.take_refusals()[0]
    assert {p.id for p in board.current(0, 0, SENSOR)} == {CLICKS_FROM, 7, 1}
    board.boxes([], 0)
    assert [p.id for p in board.current(0, 0, SENSOR)] == [CLICKS_FROM]


def test_one_object_is_removed_by_its_id():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    board.click(3, 4, True, 0)
    board.remove(CLICKS_FROM)
    assert [p.id for p in board.current(0, 0, SENSOR)] == [CLICKS_FROM + 1]
    board.remove(5)
    assert board.take_refusals() == ['there is no prompted object 5 to remove; there is 1002']


@pytest.mark.parametrize(('x', 'frame', 'text'), [
    (96.0, '', 'must lie inside the picture of 96x64'),
    (float('nan'), '', 'must lie inside the picture'),
    (5.0, 'map', "in frame 'map' cannot be used for events in frame 'cam'"),
])
def test_what_does_not_fit_the_sensor_is_refused_at_once_or_at_the_first_window(x, frame, text):
    board = PromptBoard()
    board.click(x, 2, True, 0, frame, SENSOR)
    assert len(board) == 0
    assert text in board.take_refusals()[0]
    board.click(x, 2, True, 0, frame, None)  # no packet has come yet
    assert len(board) == 1
    assert board.current(0, 0, SENSOR) == []
    assert text in board.take_refusals()[0]
    assert board.counters['prompts_refused'] == 2
    assert board.current(0, 0, SENSOR) == []
    assert board.counters['prompts_refused'] == 2


def test_the_frame_of_the_sensor_fits():
    board = PromptBoard()
    board.click(5, 2, True, 0, 'cam', SENSOR)
    assert len(board) == 1


def test_a_click_moves_to_the_middle_of_its_object():
    board = PromptBoard()
    board.click(30, 30, True, 0)
    for x in (33, 38, 44):
        (prompt,) = answer(board, disc(x, 31))
        (point,) = prompt.points
        assert (point.x, point.y) == pytest.approx((x, 31), abs=1)
        assert prompt.id == CLICKS_FROM
    (unmoved,) = board.current(0, 0, SENSOR, follow=False)
    assert unmoved.points == (Point(30, 30),)


def test_a_box_is_drawn_again_around_its_object():
    board = PromptBoard()
    board.boxes([(Box(20, 20, 40, 40), 3)], 0)
    (prompt,) = answer(board, disc(34, 32))
    box = prompt.box
    # The disc spans 24 to 45 and 22 to 43; sides grow by a fifth.
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((21.9, 19.9, 47.1, 45.1), abs=0.01)


def test_a_jump_is_followed_only_when_it_stays():
    board = PromptBoard()
    board.click(30, 30, True, 0)
    answer(board, disc(30, 30))
    for _ in range(3):
        (prompt,) = answer(board, disc(80, 30))
        assert prompt.points[0].x == pytest.approx(30, abs=1)
    (prompt,) = answer(board, disc(80, 30))
    assert prompt.points[0].x == pytest.approx(80, abs=1)


def test_a_window_without_the_object_does_not_move_the_prompt():
    board = PromptBoard()
    board.click(30, 30, True, 0)
    answer(board, disc(33, 30))
    for _ in range(10):
        (prompt,) = answer(board, np.zeros((64, 96), bool))
    assert prompt.points[0].x == pytest.approx(33, abs=1)


def test_rewind_puts_prompts_back():
    board = PromptBoard()
    board.click(30, 30, True, 0)
    answer(board, disc(40, 30))
    board.rewind()
    assert board.current(0, 0, SENSOR)[0].points == (Point(30, 30),)


def test_an_answer_for_an_object_that_was_replaced_meanwhile_moves_nothing():
    board = PromptBoard()
    board.boxes([(Box(20, 20, 40, 40), 3)], 0)
    board.current(0, 0, SENSOR)
    board.boxes([(Box(60, 20, 80, 40), 3)], 0)
    board.answered(Masks.build([3], disc(30, 30)[None], [0.9]))
    assert board.current(0, 0, SENSOR)[0].box == Box(60, 20, 80, 40)


def test_a_click_on_what_it_is_not_counts_from_where_the_object_is_now():
    board = PromptBoard()
    board.click(30, 30, True, 0)
    answer(board, disc(40, 30))
    board.click(48, 30, False, 0)
    (prompt,) = board.current(0, 0, SENSOR)
    assert prompt.points[0].x == pytest.approx(40, abs=1)
    assert prompt.points[1] == Point(48, 30, 0)


def test_another_sensor_size_begins_to_follow_anew():
    board = PromptBoard()
    board.click(30, 30, True, 0)
    answer(board, disc(40, 30))
    wide = np.zeros((80, 120), bool)
    wide[20:40, 90:110] = True
    board.current(0, 0, Sensor(120, 80, 'cam'))
    board.answered(Masks.build([CLICKS_FROM], wide[None], [0.9]))
    (prompt,) = board.current(0, 0, Sensor(120, 80, 'cam'))
    assert prompt.points[0].x == pytest.approx(99, abs=2)
