# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles, engines, prompts and segmenters; no torch and no ROS."""
