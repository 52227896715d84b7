# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""ROS 2 nodes; the only room that imports rclpy."""
