# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What long work shows, and what a log keeps of a run that was killed."""

import csv
import sys

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('tensorboard', reason='logs are written for TensorBoard')
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training.distill.log import Log
from training.distill.progress import Progress


def work(progress):
    with progress:
        progress.advance(2)
        progress.say('checked')
        progress.advance(3)


def test_there_are_plain_lines_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr('training.distill.progress._LINE_EVERY_S', 0.0)
    work(Progress(5, 'mini', 'steps'))
    out, err = capsys.readouterr()
    assert out == 'checked\n'
    first, second = err.splitlines()
    assert first.startswith('mini: 2 of 5 steps, ')
    assert second.startswith('mini: 5 of 5 steps, ')
    assert '\r' not in err


def test_there_is_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
    work(Progress(5, 'mini', 'steps'))
    out, err = capsys.readouterr()
    assert 'checked' in out
    assert '5/5' in err
    assert '\r' in err


def test_only_one_process_shows_anything(capsys):
    work(Progress(5, 'mini', 'steps', shown=False))
    assert capsys.readouterr() == ('', '')


def test_rows_after_the_checkpoint_are_taken_back(tmp_path):
    log = Log(tmp_path, ('step', 'loss'), 0)
    for step in (5, 10, 15):
        log.row(step, {'loss': step / 7, 'other': 1.0})
        log.scalars(step, {'loss': step / 7}, 'step')
    log.picture(5, 'predictions', np.zeros((4, 4, 3), np.uint8))
    log.close()
    again = Log(tmp_path, ('step', 'loss'), 10)
    assert again.row(15, {'loss': 1.0}) == 'step 15  loss 1'
    again.scalars(15, {'loss': 1.0}, 'step')
    again.close()
    with (tmp_path / 'log.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert rows == [{'step': '5', 'loss': '0.71429'}, {'step': '10', 'loss': '1.4286'},
                    {'step': '15', 'loss': '1'}]
    board = EventAccumulator(str(tmp_path / 'tensorboard'))
    board.Reload()
    assert [e.step for e in board.Scalars('step/loss')] == [5, 10, 15]
    assert board.Scalars('step/loss')[-1].value == 1.0
    assert board.Tags()['images'] == ['predictions']
