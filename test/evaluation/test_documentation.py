# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""docs/evaluation.md names what the code computes."""

from pathlib import Path
import re

from eventsam_ros.evaluation.report.files import schema
from eventsam_ros.evaluation.runs.summary import descriptions

ROOT = Path(__file__).resolve().parents[2]


def test_every_metric_is_in_the_table_with_its_meaning():
    text = (ROOT / 'docs' / 'evaluation.md').read_text()
    rows = re.findall(r'^\| `(\w+)` \| ([\w, ]+) \| (.+) \|$', text, re.MULTILINE)
    wanted = [(name, labels, meaning)
              for kind, labels in (('instances', 'instances'), ('semantic', 'semantic'),
                                   ('video', 'video, referring'))
              for name, meaning in descriptions(kind).items()]
    assert rows == wanted


def test_every_field_of_the_schema_is_filled_by_the_code():
    source = ' '.join(path.read_text() for folder in ('commands', 'evaluation/runs')
                      for path in (ROOT / 'eventsam_ros' / folder).glob('*.py'))
    for name in schema()['properties']:
        assert f"'{name}'" in source, name
