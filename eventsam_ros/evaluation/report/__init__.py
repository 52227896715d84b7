# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a run leaves behind: metrics.json, frames.csv and report.html."""
