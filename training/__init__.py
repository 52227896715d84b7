# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Offline training of what eventsam_ros runs; the only part that imports torch."""
