# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Every option says what it is, and refuses what it cannot be."""

from dataclasses import replace

import pytest

from eventsam_ros.inference.options import AutomaticOptions


def test_defaults_are_valid():
    AutomaticOptions().validate()


@pytest.mark.parametrize(('name', 'setting'), AutomaticOptions.settings().items())
def test_every_option_has_a_description_and_its_range_holds(name, setting):
    assert setting.description.endswith('.')
    if setting.choices:
        for choice in setting.choices:
            replace(AutomaticOptions(), **{name: choice}).validate()
        return
    assert setting.unit
    for value in (setting.low, setting.high):
        replace(AutomaticOptions(), **{name: value}).validate()
    for value in (setting.low - 1, setting.high + 1, float('nan'), 'x', None, True):
        with pytest.raises(ValueError, match=f'^{name} must be '):
            replace(AutomaticOptions(), **{name: value}).validate()


@pytest.mark.parametrize(('change', 'sentence'), [
    ({'pred_iou': 1.5}, 'pred_iou must be between 0 and 1, but got 1.5'),
    ({'prompts': 0}, 'prompts must be between 1 and 256 clicks, but got 0'),
    ({'prompts': 2.5}, 'prompts must be a whole number, but got 2.5'),
    ({'stability': 'high'}, "stability must be a number, but got 'high'"),
    ({'min_events': -1}, 'min_events must be between 0 and 10000000 events, but got -1'),
    ({'strategy': 'luck'}, "strategy must be one of events, grid, but got 'luck'"),
])
def test_exact_sentences(change, sentence):
    with pytest.raises(ValueError, match=' must be ') as raised:
        replace(AutomaticOptions(), **change).validate()
    assert str(raised.value) == sentence
