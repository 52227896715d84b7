# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compiling kernels before the first packet or picture needs them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eventsam_ros.evaluation.overlay import draw_events
from eventsam_ros.events import ENCODINGS, Events, PacketDecoder
from eventsam_ros.events.pixel_events import PixelEvents
from eventsam_ros.events.windows import PeriodWindows


def warm_up(go_on: Callable[[], bool]) -> None:
    """Compile what packets of any encoding and their pictures need.

    That takes seconds the very first time, and would hold up packets while it lasts.

    Args:
        go_on: Asked between the parts; False ends the work, as after Ctrl-C.
    """
    for encoding in ENCODINGS:
        if not go_on():
            return
        PacketDecoder(encoding, 64, 64).decode(bytes(64))
        PacketDecoder(encoding, 64, 64).decode_pixels(bytes(64))
    time = np.arange(0, 10_000_000, 1000, dtype=np.int64)
    place = np.zeros(len(time), np.uint16)
    events = Events(place, place, place.astype(np.uint8), time)
    # Far more events than pixels: they are summed while they come, the others when asked for.
    for size in (8, 128):
        summed = PixelEvents.of(events, size, size)
        for window in PeriodWindows(5_000_000, size, size).push(summed)[:1]:
            draw_events(window)
    PeriodWindows(5_000_000, 64, 64).push(events)
