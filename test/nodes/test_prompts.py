# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How long prompts hold, and what belongs together."""

from __future__ import annotations

from eventsam_ros.inference.prompts import Box, Point
from eventsam_ros.nodes.prompts import CLICKS_FROM, PromptBoard

S = 1_000_000_000


def test_each_click_is_an_object_and_holds_for_its_time():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    board.click(3, 4, True, S)
    assert [p.id for p in board.current(S, 2.0)] == [CLICKS_FROM, CLICKS_FROM + 1]
    (left,) = board.current(int(2.5 * S), 2.0)
    assert left.points == (Point(3, 4),)
    assert board.current(4 * S, 2.0) == []


def test_zero_holds_until_cleared():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    assert len(board.current(10_000 * S, 0)) == 1
    board.clear()
    assert board.current(10_000 * S, 0) == []


def test_a_click_on_what_is_not_the_object_joins_the_last_one():
    board = PromptBoard()
    assert not board.click(9, 9, False, 0)
    board.click(1, 2, True, 0)
    assert board.click(9, 9, False, 0)
    (prompt,) = board.current(0, 1.0)
    assert prompt.points == (Point(1, 2), Point(9, 9, 0))


def test_new_boxes_replace_the_old_ones_and_leave_the_clicks():
    board = PromptBoard()
    board.click(1, 2, True, 0)
    board.boxes([(Box(0, 0, 5, 5), 7)], 0)
    board.boxes([(Box(1, 1, 6, 6), None)], 0)
    box, click = board.current(0, 1.0)
    assert box.box == Box(1, 1, 6, 6)
    assert box.id is None
    assert click.points


def test_prompts_go_when_time_jumps_back():
    board = PromptBoard()
    board.click(1, 2, True, 10 * S)
    assert board.current(S, 2.0) == []
