# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What to tell an operator whose machine cannot process all that comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = ('packets_shed', 'windows_superseded', 'windows_skipped_nth', 'events_thinned')
"""Counters of what overload policies give up."""
SHARE = 0.5
"""Share of windows or events that may be given up without a word: the newest one is enough."""


def advice(
    settings: Mapping[str, Any], drops: Mapping[str, int], masks: int, events: int,
    inside_ms: float,
) -> str:
    """Return a sentence that says what was given up and what to do, or ''.

    Args:
        settings: Parameters by name.
        drops: What was dropped since the last report, by name.
        masks: Windows that were segmented since then.
        events: Events that were decoded since then.
        inside_ms: What the slowest of the newest windows took from being formed to its mask.
    """
    shed, thinned = drops.get('packets_shed', 0), drops.get('events_thinned', 0)
    budget_ms = settings['overload.budget_ms']
    if shed and inside_ms > budget_ms / 2:
        return (f'overload: {shed} packets shed, as a window alone takes up to {inside_ms:.0f} ms '
                f'of overload.budget_ms {budget_ms:.0f}; lower automatic.prompts, take a faster '
                'engine or a smaller bundle, or raise the budget')
    if shed:
        return (f'overload: {shed} packets shed; lower the event rate of the camera (region of '
                'interest, event rate control), or raise overload.budget_ms')
    skipped = drops.get('windows_superseded', 0)
    if not settings['overload.every_nth']:
        skipped += drops.get('windows_skipped_nth', 0)
    if skipped > SHARE * (skipped + masks):
        return (f'overload: {skipped} of {skipped + masks} windows left out; lengthen '
                'window.duration_ms, lower automatic.prompts, or take a faster engine')
    if thinned > SHARE * max(events, 1):
        return (f'overload: {thinned} of {events} events thinned; lower the event rate of the '
                'camera, or raise overload.thin_events')
    return ''
