# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Networks written as bundles: graphs, how true they are, and the manifest."""
