# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Official checkpoints of other projects read into networks that are written as bundles."""
