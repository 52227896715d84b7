# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The events that everything is measured with: a simulated scene, and the same one dense."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eventsam_ros.events.types import Events, UInt16
from eventsam_ros.simulation.capture import capture
from eventsam_ros.simulation.scene import random_scene
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

WIDTH, HEIGHT = 640, 480
RUN = 12
"""Neighbouring columns that each event of the scene becomes in the dense stream."""
_PACKET_NS = 5_000_000
_START_S = 1.0


@dataclass(frozen=True)
class Stream:
    """Events of one sensor.

    Attributes:
        name: scene or dense.
        parts: What each packet holds, 5 ms; none is empty.
        window_ns: Length of a window, ns.
        windows: Windows that they complete; the events go on for one more.
    """

    name: str
    parts: list[Events]
    window_ns: int
    windows: int

    @property
    def events(self) -> int:
        """Return how many events there are."""
        return sum(len(part) for part in self.parts)

    @property
    def rate(self) -> float:
        """Return million events a second."""
        return self.events / ((self.windows + 1) * self.window_ns) * 1e3


def scene(seed: int, windows: int, window_ns: int) -> Stream:
    """Simulate the scene that `demo` shows for a seed."""
    rng = np.random.default_rng([seed, 7])
    shown = random_scene(rng, WIDTH, HEIGHT, objects=4)
    sensor = EventSensor(WIDTH, HEIGHT, SensorConfig(), rng)
    instants = np.asarray(_START_S + np.arange(windows + 2) * (window_ns / 1e9), np.float64)
    moments = list(capture(shown, sensor, instants))
    parts: list[Events] = []
    for before, moment in pairwise(moments):
        edges = np.arange(before.t_ns, moment.t_ns + _PACKET_NS, _PACKET_NS)
        places = np.searchsorted(moment.events.t, edges)
        # as from a sensor, whose clock counts whole microseconds
        events = Events(moment.events.x, moment.events.y, moment.events.p,
                        moment.events.t // 1000 * 1000)
        parts += [events[low:high] for low, high in pairwise(places.tolist()) if high > low]
    return Stream('scene', parts, window_ns, windows)


def dense(stream: Stream) -> Stream:
    """Return a stream in which each event is a run of RUN neighbouring columns."""
    return Stream('dense', [_widened(part) for part in stream.parts], stream.window_ns,
                  stream.windows)


def _widened(part: Events) -> Events:
    x: UInt16 = np.add.outer(part.x, np.arange(RUN)).astype(np.uint16).ravel()
    wide = Events(x, np.repeat(part.y, RUN), np.repeat(part.p, RUN), np.repeat(part.t, RUN))
    return wide[np.asarray(x < WIDTH)]
