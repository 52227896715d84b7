# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Several ways to distil one teacher, on the same data and budget, side by side."""
