# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The kinds of EVT 3.0 words, their top four bits (Prophesee EVT 3.0 specification)."""

ADDR_Y, ADDR_X, VECT_BASE_X, VECT_12, VECT_8 = 0x0, 0x2, 0x3, 0x4, 0x5
TIME_LOW, TIME_HIGH, EXT_TRIGGER = 0x6, 0x8, 0xA
CONTINUED_4, IMU = 0x7, 0xD
"""Monitoring, skipped, as are OTHERS and CONTINUED_12, the kinds above IMU."""
