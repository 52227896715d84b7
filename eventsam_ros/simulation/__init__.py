# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Moving scenes with exact masks, rendered to frames and events."""
