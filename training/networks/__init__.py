# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Encoders and decoders; import this package before segment_anything or timm."""

from . import without_torchvision  # noqa: F401  (must come before timm and segment_anything)
