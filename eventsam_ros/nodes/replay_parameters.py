# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The parameters of replay_node."""

from __future__ import annotations

from .parameter import AT_START, Parameter

PARAMETERS = (
    Parameter('recording', '', 'Path of the recording.', AT_START),
    Parameter('rate', 1.0, 'Recorded seconds that pass in a second.', AT_START,
              low=0.01, high=100),
    Parameter('times', 1, 'How often it is played; 0 is for ever.', AT_START,
              low=0, high=1_000_000),
    Parameter('start_offset_s', 0.0, 'Recorded seconds to leave out at the beginning.', AT_START,
              's', 0, 1e6),
    Parameter('clock_hz', 0.0, 'Messages a second on /clock with the time of the stamps; 0 for '
              'none.', AT_START, 'Hz', 0, 1000),
    Parameter('stamps', 'recorded', 'Header stamps as recorded, or moved to now as if the sensors '
              'were live.', AT_START, choices=('recorded', 'now')),
    Parameter('wait_s', 0.0, 'How long to wait for a subscriber of the events.', AT_START,
              's', 0, 3600),
    Parameter('summary', '', 'File for the counts of what was played (JSON); empty for none.',
              AT_START),
)
