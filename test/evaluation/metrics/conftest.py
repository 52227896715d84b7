# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The second implementation of the metrics, for all tests of this folder."""

from types import ModuleType

import metric_oracles
import pytest


@pytest.fixture(scope='session')
def oracles() -> ModuleType:
    return metric_oracles
