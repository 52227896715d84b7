# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What can be imported, and what is left to choose."""

from __future__ import annotations

from dataclasses import dataclass

SIZES = {'sam': 1024, 'eventsam': 512, 'mobilesam': 1024}
"""Side of the input that each kind of checkpoint was made for, pixels."""
KINDS = tuple(SIZES)
POSITIONS = ('crop', 'interpolate')
"""How tables of positions come to another size (networks.positions.METHODS)."""
BRANCHES = {'event': 'evimg_encoder.', 'image': 'image_encoder.'}
"""Encoders in EventSAM's file: the student, and the teacher, which is SAM's at 512 pixels."""
CHANNELS = ('first', 'last')
"""Which third of the window is the network's first (red) channel."""


@dataclass(frozen=True)
class Choices:
    """What is left to choose.

    Attributes:
        size: Side of the input in pixels; None takes what the kind was made for.
        positions: One of POSITIONS.
        branch: Of EventSAM's file, one of BRANCHES.
        channels: One of CHANNELS; None takes `last` for EventSAM, whose pictures go through an
            exchange of red and blue on their way to the network, and `first` for the others.
        representation: Event picture; None takes `eventsam` for EventSAM, else `robust`.
    """

    size: int | None = None
    positions: str = POSITIONS[0]
    branch: str = 'event'
    channels: str | None = None
    representation: str | None = None
