# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Packets, clock, windows and tensors; numpy and numba only."""

from .decoder import ENCODINGS, PacketDecoder
from .types import Events, Triggers, Window

__all__ = ['ENCODINGS', 'Events', 'PacketDecoder', 'Triggers', 'Window']
