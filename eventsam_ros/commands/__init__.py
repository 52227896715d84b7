# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The commands of `python -m eventsam_ros`, one file each."""

from .registry import COMMANDS, run_command

__all__ = ['COMMANDS', 'run_command']
