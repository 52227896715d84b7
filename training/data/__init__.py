# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Training pairs: pictures of event windows with instance ids."""
