# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The miniature datasets of the evaluation's tests; networks before segment_anything and timm."""

from contextlib import suppress
import sys

import pytest

with suppress(ModuleNotFoundError):  # where there is no torch, each test skips with its reason
    import training.networks  # noqa: F401


@pytest.fixture(autouse=True)
def subnormal_numbers():
    """Leave the processor as it was: training flushes subnormal numbers to zero."""
    yield
    if 'torch' in sys.modules:
        sys.modules['torch'].set_flush_denormal(False)
