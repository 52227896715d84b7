# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`make bundle-SYSTEM` gives commands that there are, with settings that the recipes take."""

from __future__ import annotations

from pathlib import Path
import re
import shlex
import shutil
import subprocess

import pytest

pytest.importorskip('torch', reason='training needs torch')

from training.__main__ import _parser
from training.panoramic.study import load_study
from training.referring.recipe import load_recipe as referring_recipe
from training.semantic.recipe import load_values, make_recipe
from training.thermal.recipe import load_recipe as thermal_recipe

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ('cmess', 'sartm', 'refsam', 'goodsam')
READERS = {
    'cmess': lambda path, changes: make_recipe(load_values(path), path.name, changes),
    'sartm': thermal_recipe, 'refsam': referring_recipe, 'goodsam': load_study}


@pytest.fixture(params=SYSTEMS)
def commands(request):
    """Return a system and the parsed arguments of its commands, in their order."""
    if shutil.which('make') is None:
        pytest.skip('no make here')
    told = subprocess.run(
        ['make', '-n', '-o', '.venv/ready-test', f'bundle-{request.param}', 'OUTPUT=where to'],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout
    lines = re.findall(r'-m training (.*)', told.replace('\\\n', ' '))
    return request.param, [_parser().parse_args(shlex.split(line)) for line in lines]


def test_every_command_is_one_and_the_last_writes_the_bundle(commands, monkeypatch):
    system, parsed = commands
    assert {each.command for each in parsed} == {system}
    assert [each.stage_command for each in parsed].count('export') == 1
    assert parsed[-1].stage_command == 'export'
    assert parsed[-1].output == Path('where to')
    monkeypatch.chdir(ROOT)
    read = 0
    for each in parsed:
        file = getattr(each, 'file', None)
        if file is not None:
            READERS[system](file, getattr(each, 'set', ()))
            read += 1
    assert read


def test_guides_name_the_target(commands):
    system, _ = commands
    assert f'make bundle-{system}' in (ROOT / 'docs' / f'{system}.md').read_text('utf-8')
