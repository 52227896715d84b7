# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Parts of RefSAM (Li et al., arXiv 2307.00997): words and pictures to masks with a track."""
