# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""CMESS: classes from events, learnt from labelled pictures and unlabelled events.

Xie et al., "Cross-Modal Learning for Event-Based Semantic Segmentation via Attention Soft
Alignment", IEEE Robotics and Automation Letters 9(3), 2024.
"""
