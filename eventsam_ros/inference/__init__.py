# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles, engines, prompts and segmenters; no torch and no ROS."""

from .bundle import Bundle, default_bundle_path, load_bundle
from .masks import Masks
from .options import AutomaticOptions
from .prompts import Box, Point, Prompt
from .segmenter import Segmenter

__all__ = [
    'AutomaticOptions', 'Box', 'Bundle', 'Masks', 'Point', 'Prompt', 'Segmenter',
    'default_bundle_path', 'load_bundle',
]
