# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""GoodSAM: classes of equirectangular panoramas, learnt without any label of a panorama.

Zhang et al., "GoodSAM", CVPR 2024, and "GoodSAM++", 2024: a promptable network gives masks
without classes, an assistant trained on labelled pinhole pictures gives classes window by window,
and a small student that sees the whole panorama at once learns what both together say.
"""
