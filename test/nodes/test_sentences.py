# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What texts mean, which are refused, and which targets there are then."""

from __future__ import annotations

import pytest

from eventsam_ros.nodes.sentences import LONGEST, MOST, SentenceBoard, parse


@pytest.mark.parametrize(('text', 'expected'), [
    ('a red box', ('target', 'a red box')),
    ('  a\n red   box ', ('target', 'a red box')),
    ('box: a red box', ('box', 'a red box')),
    ('box:a red box', ('box', 'a red box')),
    ('lead-car/1.x : the van', ('lead-car/1.x', 'the van')),
    ('kiste: die rötliche Kiste', ('kiste', 'die rötliche Kiste')),
    ('target: what it says: stop', ('target', 'what it says: stop')),
    ('box:', ('box', '')),
    ('', ('', '')),
    (' \n ', ('', '')),
])
def test_a_text_names_a_target_and_says_what_it_is(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(('text', 'reason'), [
    ('x' * (LONGEST + 1), f'at most {LONGEST} characters, but has {LONGEST + 1}'),
    ('a red\x00box', 'must be readable'),
    ('caf\ufffd', 'must be readable'),
    ('the left one: a box', "a name of at most 63 letters.*is 'the left one'"),
    (': a box', "must be a name.*is ''"),
    (':', "must be a name.*is ''"),
    ('box: ?!', 'the sentence of box must have a word'),
    ('...', 'the sentence of target must have a word'),
])
def test_a_text_that_is_none_is_refused_with_a_sentence(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(text)
    board = SentenceBoard()
    board.take(text)
    assert board.wanted() == {}
    assert board.counters['prompts_refused'] == 1
    assert len(board.take_refusals()) == 1


def test_targets_come_and_go():
    board = SentenceBoard(['', 'box: a red box'])
    board.take('a green ball')
    assert board.wanted() == {'box': 'a red box', 'target': 'a green ball'}
    board.take('a blue ball')
    board.take('box: the other box')
    assert board.wanted() == {'box': 'the other box', 'target': 'a blue ball'}
    board.take('box:')
    assert board.wanted() == {'target': 'a blue ball'}
    board.take('box:')
    assert board.take_refusals() == ['there is no target box to remove; there is target']
    board.take('')
    assert board.wanted() == {}
    assert board.clear() == 0


def test_there_are_so_many_targets_and_no_more():
    board = SentenceBoard(f't{k}: a box' for k in range(MOST))
    board.take('one: too many')
    assert f'there can be {MOST} targets at most' in board.take_refusals()[0]
    board.take('t3: another box')   # no more than before
    assert len(board.wanted()) == MOST
    assert board.clear() == MOST


def test_what_cannot_be_followed_is_given_up():
    board = SentenceBoard(['box: a red box'])
    board.give_up('box', 'nobody knows that')
    assert board.wanted() == {}
    assert board.take_refusals() == ['nobody knows that']
