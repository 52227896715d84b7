# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Back ends that run ONNX graphs behind one Protocol, one file each."""

from .engine import Engine, EngineOptions
from .selection import ENGINES, create_engine

__all__ = ['ENGINES', 'Engine', 'EngineOptions', 'create_engine']
