# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What this machine does with the package: times, rates and idle cost, as one file."""
