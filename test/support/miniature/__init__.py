# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Bundles whose answers can be worked out by hand, and miniature datasets."""
