# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Event-camera segmentation for ROS 2: events in, masks out."""

__version__ = '0.1.0'
