# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The documentation's tables are those of the result files."""

from __future__ import annotations

import json

import pytest

from benchmarks.tables import BLOCKS, MACHINES, ROOT, machines, replaced, speed
from eventsam_ros.errors import EventsamError


@pytest.mark.parametrize('block', BLOCKS, ids=lambda block: block.name)
def test_the_documentation_agrees_with_the_results(block):
    text = (ROOT / block.file).read_text('utf-8')
    assert replaced(text, block.name, block.lines()) == text, 'run python -m benchmarks.tables'


def test_a_row_holds_the_figures_of_its_file():
    for content in machines().values():
        lines = list(speed({'one': content}))
        for engine in content['engines'].values():
            if engine['available']:
                row, = (line for line in lines if engine['description'] in line)
                assert f'{engine["encoder_ms"]["p50"]:.1f}' in row
                assert f'{engine["decoder_ms"]["32"]["p50"]:.1f}' in row


def test_a_quick_look_is_no_result(tmp_path):
    source = min(MACHINES.glob('*.json'))
    content = json.loads(source.read_text('utf-8'))
    (tmp_path / 'one.json').write_text(json.dumps({**content, 'quick': True}))
    with pytest.raises(EventsamError, match='--quick'):
        machines(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / 'mine.json').write_text('{"version": 1}')
    with pytest.raises(EventsamError, match=r'mine\.json is no output of benchmark'):
        machines(tmp_path)


def test_only_what_stands_between_the_comments_is_replaced():
    text = 'a\n<!-- begin generated: x -->\nold\n<!-- end generated: x -->\nb\n'
    assert replaced(text, 'x', iter(['new', 'lines'])) == (
        'a\n<!-- begin generated: x -->\nnew\nlines\n<!-- end generated: x -->\nb\n')


@pytest.mark.parametrize('text', [
    'nothing', '<!-- begin generated: x -->',
    '<!-- end generated: x --><!-- begin generated: x -->',
    '<!-- begin generated: x --><!-- end generated: x --><!-- begin generated: x -->'])
def test_missing_comments_are_an_error(text):
    with pytest.raises(EventsamError, match='once, in this order'):
        replaced(text, 'x', iter(()))
