# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The command line: what a user can mend is one sentence, whoever raised it."""

import pytest

pytest.importorskip('torch', reason='training needs torch')

from training.__main__ import main

SMALL = ['--size', '64x64', '--count', '1', '--jobs', '1']


@pytest.mark.parametrize(('arguments', 'message'), [
    (['pairs', '{file}', '--source', 'scenes', *SMALL], 'File exists'),
    (['pairs', '{file}/pairs', '--source', 'scenes', *SMALL], 'Not a directory'),
    (['quantise', '{folder}/none', '--output', '{folder}/q'], 'none'),
    (['quantise', '--output', '{file}'], 'Not a directory'),
    (['distill', '{yaml}'], 'cannot be read'),
])
def test_what_the_system_or_a_bundle_refuses_is_one_sentence(
        tmp_path, capsys, arguments, message):
    (tmp_path / 'file').write_text('no folder')
    (tmp_path / 'bad.yaml').write_text('a: b: c\n - d')
    places = {'file': tmp_path / 'file', 'folder': tmp_path, 'yaml': tmp_path / 'bad.yaml'}
    assert main([one.format(**places) for one in arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith('training: ')
    assert error.count('\n') == 1


@pytest.mark.parametrize('arguments', [
    ['data', 'r.yaml', '--jobs', '0'], ['pairs', 'p', '--source', 'scenes', '--count', '0'],
    ['compare', 's.yaml', '--threads', '0'], ['compare', 's.yaml', '--jobs', '-1'],
    ['export', 'r.yaml', '--output', 'b', '--windows', '0'],
    ['teacher', 'r.yaml', '--pairs', 'p', '--held-out', 'h', '--output', 't',
     '--check-every', '0'],
    ['quantise', '--output', 'q', '--calibration', '0'], ['cmess', 'data', 'r', '--jobs', 'two'],
    ['refsam', 'clips', '--output', 'c', '--train', '-1'],
])
def test_numbers_that_leave_nothing_to_do_are_refused_at_once(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert 'must be a whole number of at least' in capsys.readouterr().err
