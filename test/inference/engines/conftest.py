# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What tests of compiled engines need."""

import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.engines.tensorrt_package import load_tensorrt


@pytest.fixture
def tensorrt():
    """Return the module of TensorRT, or skip."""
    try:
        return load_tensorrt()
    except EngineError as error:
        return pytest.skip(str(error))
