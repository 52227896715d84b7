# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What training minimises: masks under prompts, and a teacher's tokens."""
