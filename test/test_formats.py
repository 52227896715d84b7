# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""docs/formats.md says what there is: encodings, counters, files and the tests of the rules."""

from __future__ import annotations

import ast
import json
from pathlib import Path
import re

import pytest

from eventsam_ros.evaluation import messages, recordings
from eventsam_ros.evaluation.recordings.arrays import ARRAY_TYPES
from eventsam_ros.events import ENCODINGS, clock, encoding, event_arrays, windows

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / 'docs' / 'formats.md').read_text('utf-8')
RULES = ('clock', 'corruption', 'decoder', 'event_arrays', 'evt2', 'evt21', 'evt3', 'libcaer',
         'libcaer_cmp', 'mono', 'trigger')


def column(heading, index=0):
    """Return the names in a column of the table that begins with a heading."""
    lines = TEXT.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(f'| {heading} |'))
    names = []
    for line in lines[start + 2:]:
        if not line.startswith('|'):
            break
        names += re.findall(r'`([^`]+)`', line.split('|')[index + 1]) or [
            line.split('|')[index + 1].strip()]
    return names


def defined_tests(name):
    tree = ast.parse((ROOT / 'test' / 'events' / f'test_{name}.py').read_text('utf-8'))
    return {node.name for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith('test_')}


def named_tests(name):
    """Return the tests that the rules name for a file."""
    rows = [line for line in TEXT.splitlines() if line.startswith('|')]
    if name == 'clock':
        first = TEXT.index('test in `test/events/test_clock.py`')
        rows = TEXT[first:TEXT.index('Greatest error')].splitlines()
        return set(re.findall(r'`(test_\w+)`', ' '.join(rows[1:])))
    found = set()
    for row in rows:
        for part in row.split('·'):
            file = re.search(r'`test_(\w+)`(:| has)', part)
            if file and file[1] == name:
                found |= set(re.findall(r'`(test_\w+)`', part[file.end():]))
    return found


def test_every_encoding_is_named():
    assert sorted(column('encoding')) == sorted(ENCODINGS)


@pytest.mark.parametrize(('heading', 'names'), [
    ('counter of a decoder', encoding.COUNTERS),
    ('count of an event array', event_arrays.COUNTERS),
    ('counter of a window policy', windows.COUNTERS),
    ('counter of the clock', tuple(clock.SensorClock().counters)),
])
def test_every_counter_is_named_once(heading, names):
    assert sorted(column(heading)) == sorted(names)


def test_the_sums_are_those_of_the_decoder():
    documented = re.findall(r'^    (\w.*=.*)$', TEXT, re.MULTILINE)
    source = ' '.join(encoding.__doc__.split() + (
        ROOT / 'eventsam_ros' / 'events' / 'encoding.py').read_text('utf-8').split())
    assert len(documented) == 2
    for line in documented:
        assert line in source


@pytest.mark.parametrize('name', RULES)
def test_every_test_of_a_rule_is_named_and_there(name):
    assert named_tests(name) == defined_tests(name)


def test_every_message_and_every_kind_of_file_is_named():
    assert sorted(column('type')) == sorted({*messages.EVENT_TYPES, *ARRAY_TYPES})
    assert sorted(column('ending')) == sorted({'folder', *recordings.ENDINGS})


def test_every_policy_is_named():
    assert sorted(column('mode', 1)) == sorted(
        name for name in windows.__all__ if name.endswith('Windows'))


def test_the_errors_of_the_clock_are_those_that_the_benchmark_measured():
    measured = json.loads((ROOT / 'benchmarks' / 'results' / 'events.json').read_text('utf-8'))
    table = TEXT[TEXT.index('| jitter |'):].splitlines()[2:]
    errors = measured['clock_error_ms']
    for row, (name, figures) in zip(table, errors.items(), strict=False):
        cells = [cell.strip() for cell in row.strip('|').split('|')]
        assert cells[0].startswith(name)
        assert [float(cell) for cell in cells[1:]] == list(figures.values())
    assert not table[len(errors)].startswith('|')
