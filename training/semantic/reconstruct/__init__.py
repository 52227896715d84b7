# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From events to grey pictures, by E2VID's interface: a voxel grid in, a picture and a state out.

Rebecq et al., "High Speed and High Dynamic Range Video with an Event Camera", TPAMI 2019.
"""
