# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Names of arms and their folders."""

from __future__ import annotations

import pytest

from training.compare.names import check_names, folder_name
from training.errors import RecipeError


def test_a_name_becomes_that_of_a_folder():
    assert folder_name(' Both, no CMKD (2)!') == 'both_no_cmkd_2'


def test_every_name_has_a_folder_of_its_own():
    check_names(['a', 'a b', 'ab', 'A c'], 'study.yaml')
    for names, message in (
            (['a', 'a'], "one is 'a', and 'a' has that folder already"),
            (['a, b', 'A b'], "one is 'A b', and 'a, b' has that folder already"),
            (['a', '+-'], r"letters and digits, but one is '\+-'$")):
        with pytest.raises(RecipeError, match=f'study.yaml: every arm needs .* {message}'):
            check_names(names, 'study.yaml')
