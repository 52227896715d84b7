# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Evaluation runs: sequences through a predictor, scored frame by frame, kept on disk."""
