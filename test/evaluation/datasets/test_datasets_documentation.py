# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the document says of the formats is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventsam_ros.evaluation.datasets import documentation
from eventsam_ros.evaluation.datasets.registry import FORMATS, option_defaults

TEXT = (Path(__file__).resolve().parents[3] / documentation.DATASETS).read_text('utf-8')


def test_the_formats_are_those_of_the_code():
    assert documentation.documented(TEXT) == TEXT


@pytest.mark.parametrize('known', FORMATS, ids=lambda f: f.name)
def test_every_format_is_there_with_layout_and_options(known):
    section = TEXT.split(f'### {known.name}\n')[1].split('\n#')[0]
    assert known.layout in section
    assert all(f'| `{name}` |' in section for name in option_defaults(known))


def test_a_document_without_the_place_is_told():
    with pytest.raises(ValueError, match='one place for the formats'):
        documentation.documented('nothing')
