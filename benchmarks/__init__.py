# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One script for each figure in the README; results as JSON with the machine named."""
