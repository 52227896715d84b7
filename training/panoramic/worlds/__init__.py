# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated streets on disk: panoramas without labels, panoramas to test on, pinhole pictures."""
