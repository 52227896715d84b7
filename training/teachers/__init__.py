# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Networks that see colour pictures and show students what to make of events."""
