# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The window policy that the parameters ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows, TriggerWindows

Policy = PeriodWindows | CountWindows | FrameWindows | TriggerWindows
PolicyFactory = Callable[[int, int], Policy]


def policy_factory(values: Mapping[str, Any], trained_ms: float) -> PolicyFactory:
    """Return what makes a policy for a sensor's columns and rows.

    Args:
        values: Parameters by name.
        trained_ms: Length of the windows that the bundle was trained on, taken where no other
            is given.
    """
    duration_ns = round((values['window.duration_ms'] or trained_ms) * 1e6)
    name = values['window.policy']
    if name == 'count':
        return lambda width, height: CountWindows(values['window.count'], width, height)
    if name == 'frame':
        return lambda width, height: FrameWindows(width, height, duration_ns)
    if name == 'trigger':
        return lambda width, height: TriggerWindows(
            width, height, values['window.trigger_channel'], values['window.trigger_edge'],
            duration_ns)
    return lambda width, height: PeriodWindows(duration_ns, width, height)
