# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m eventsam_ros benchmark`: what it prints and what it writes."""

from __future__ import annotations

import getpass
import importlib.util
import json
from pathlib import Path
import platform
import subprocess
import sys

import jsonschema
import pytest

from eventsam_ros.benchmark.report import schema
from eventsam_ros.inference.engines import ENGINES


def run(*arguments):
    return subprocess.run(
        [sys.executable, '-m', 'eventsam_ros', 'benchmark', *map(str, arguments)], check=False,
        capture_output=True, text=True, timeout=300)


@pytest.fixture(scope='module')
def measured(tiny_bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp('measured') / 'machine.json'
    done = run('--quick', '--bundle', tiny_bundle, '--engine', 'onnxruntime', '--threads', '1',
               '--output', path)
    assert done.returncode == 0, done.stderr
    return done, path.read_text('utf-8')


def test_the_file_is_what_its_schema_promises(measured):
    jsonschema.Draft202012Validator.check_schema(schema())
    content = json.loads(measured[1])
    jsonschema.validate(content, schema())
    assert content['versions']['python'] == platform.python_version()
    assert content['command'] == ('python -m eventsam_ros benchmark --bundle BUNDLE '
                                  '--engine onnxruntime --threads 1 --quick')
    assert content['bundle']['name'] == 'tiny'
    engine = content['engines']['onnxruntime']
    assert engine['available']
    assert set(engine['decoder_ms']) == {'1', '8', '16', '32'}
    assert {row['stream'] for row in engine['pipeline']} == {'scene', 'dense'}


def test_a_changed_file_is_refused_by_the_schema(measured):
    content = json.loads(measured[1])
    del content['machine']['processor']
    with pytest.raises(jsonschema.ValidationError, match='processor'):
        jsonschema.validate(content, schema())


def test_the_file_tells_nothing_of_its_owner(measured):
    text = measured[1]
    # a user or host with a short name may occur in any text
    for secret in (str(Path.home()), getpass.getuser(), platform.node(), str(Path.cwd())):
        if len(secret) > 5:
            assert secret not in text


def test_the_idle_node_is_measured_where_ros_is_and_skipped_with_a_reason_elsewhere(measured):
    idle = json.loads(measured[1])['idle']
    if importlib.util.find_spec('rclpy') is None:
        assert 'ROS' in idle['reason']
    else:
        assert idle['measured']
        assert idle['memory_mib'] > 10


def test_the_table_and_plain_lines_of_progress_are_printed(measured):
    done, _ = measured
    for words in ('decode, libcaer, scene', 'decode + tensor, evt3, dense', '  encoder',
                  '  decoder, 32 prompts', '  packets to masks, scene', 'idle node'):
        assert words in done.stdout
    assert 'measuring 50 %' in done.stderr
    assert '\r' not in done.stderr


def test_a_back_end_that_is_missing_here_has_its_reason(tiny_bundle):
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        'from eventsam_ros.benchmark.networks import measure_engine\n'
        'from eventsam_ros.benchmark.spread import QUICK\n'
        'from eventsam_ros.inference.bundle import load_bundle\n'
        f'found = measure_engine(load_bundle({str(tiny_bundle)!r}), "onnxruntime", None, [], '
        'QUICK, print)\n'
        'assert not found["available"]\n'
        'print(found["reason"])')
    done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True,
                          text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert 'onnxruntime is not installed' in done.stdout


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--engine', 'abacus'], ('engine must be one of', 'abacus', ENGINES[0])),
    (['--threads', '0'], ('threads must be 1 to 256, but got 0',)),
    (['--threads', '99999'], ('threads must be 1 to 256',)),
    (['--output', '/nowhere/at/all.json'], ('no folder /nowhere/at',)),
    (['--output', '/tmp'], ('/tmp is a folder; name a file',)),
    (['--bundle', '/nowhere'], ('no bundle at /nowhere',))])
def test_what_cannot_be_is_refused_in_one_sentence(arguments, words):
    done = run('--quick', *arguments)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert 'Traceback' not in done.stderr
    assert all(word in last for word in words)
