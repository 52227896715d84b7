# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""docs/bundles.md names every field of a manifest and every choice."""

from dataclasses import fields
from pathlib import Path
import re

import yaml

from eventsam_ros.events.tensors import REPRESENTATIONS
from eventsam_ros.inference import manifest
from eventsam_ros.inference.manifest import Manifest, read_manifest

TEXT = (Path(__file__).resolve().parents[2] / 'docs' / 'bundles.md').read_text()
ROWS = dict(re.findall(r'^\| (`[^|]+) \| (.+) \|$', TEXT, re.MULTILINE))
NAMED = {name for row in ROWS for name in re.findall(r'`([\w.]+)`', row)}
MENTIONED = set(re.findall(r'`([\w.]+)`', TEXT))


def flat(values, prefix=''):
    for name, value in values.items():
        if isinstance(value, dict) and prefix + name not in {'training', 'parity'}:
            yield from flat(value, f'{prefix}{name}.')
        else:
            yield prefix + name


def test_every_field_of_a_manifest_is_in_the_table(tiny_bundle):
    written = yaml.safe_load((tiny_bundle / 'bundle.yaml').read_text())
    new = {'input.padding', 'decoder.point_padding', 'parity'}
    assert set(flat(written)) | new <= MENTIONED
    # each field that is read has a row
    leaves = {name.rpartition('.')[2] for name in NAMED}
    elsewhere = {'window_ms': 'duration_ms', 'representation': 'name', 'files': 'sha256'}
    read = {elsewhere.get(f.name, f.name) for f in fields(Manifest)}
    assert read <= leaves
    assert read_manifest(tiny_bundle / 'bundle.yaml').name == 'tiny'


def test_every_choice_is_explained():
    for field, choices in (
            ('input.padding', manifest.PADDINGS), ('precision', manifest.PRECISIONS),
            ('decoder.prompt_output', manifest.PROMPT_OUTPUTS), ('task', manifest.TASKS),
            ('decoder.point_padding', manifest.POINT_PADDINGS),
            ('representation.name', REPRESENTATIONS)):
        assert set(choices) <= set(re.findall(r'`(\w+)`', ROWS[f'`{field}`'])), field
