# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clips with sentences: simulated, stored, changed without making a sentence untrue."""
