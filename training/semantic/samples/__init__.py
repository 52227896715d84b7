# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Moments with the events that lead up to them: simulated, recorded, or made by other tools."""
