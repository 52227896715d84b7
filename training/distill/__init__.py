# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Distillation: an event encoder learns what a frozen teacher sees in the frame."""
