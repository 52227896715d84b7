# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Show a scene to a sensor for a while: events, pictures and exact masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Events, Float32, UInt8, Window

from .scene import Scene
from .sensor import EventSensor

_STEP_PIXELS = 1.0
"""Largest displacement between two rendered instants, pixels."""


@dataclass(frozen=True)
class Moment:
    """What happened between two instants, and what the second looks like.

    Attributes:
        t_ns: The second instant, ns.
        events: Events since the first instant.
        luminance: Picture at t_ns, float32 [H, W], linear.
        ids: Instance ids at t_ns, uint8 [H, W], 0 background.
    """

    t_ns: int
    events: Events
    luminance: Float32
    ids: UInt8


def _corners(scene: Scene, t: float) -> Float32:
    """Return where each layer's corners and centre are, float32 [L, 5, 2], pixels."""
    square = np.asarray([[-1, -1], [1, -1], [1, 1], [-1, 1], [0, 0]], np.float64) * 0.7
    places = []
    for a in scene.inverse(t).astype(np.float64):
        forward = np.linalg.inv(np.asarray([[a[0], a[1]], [a[3], a[4]]]))
        places.append((square - [a[2], a[5]]) @ forward.T)
    return np.asarray(places, np.float32)


def steps_for(scene: Scene, t: float, duration: float) -> int:
    """Return how many instants keep every layer under one pixel of motion a step, 2 to 64."""
    moved = 0.0
    pieces = 4
    for k in range(pieces):
        a = _corners(scene, t + duration * k / pieces)
        b = _corners(scene, t + duration * (k + 1) / pieces)
        moved += float(np.linalg.norm(b - a, axis=-1).max())
    return int(np.clip(np.ceil(moved / _STEP_PIXELS), 2, 64))


def capture(
    scene: Scene, sensor: EventSensor, instants_s: NDArray[np.float64], max_steps: int = 64,
) -> Iterator[Moment]:
    """Show the scene to the sensor and stop at each instant.

    Args:
        scene: What to show.
        sensor: Who looks; its first picture is the first instant.
        instants_s: Rising instants in seconds, at least one.
        max_steps: Most rendered instants between two stops.

    Yields:
        One moment for each instant; the first has no events.
    """
    before = None
    for t in (float(v) for v in instants_s):
        parts = []
        count = 1 if before is None else min(steps_for(scene, before, t - before), max_steps)
        start = t if before is None else before
        for k in range(1, count + 1):
            at = start + (t - start) * k / count
            luminance, ids = scene.picture(at)
            parts.append(sensor.show(luminance, round(at * 1e9)))
        yield Moment(round(t * 1e9), Events.concatenate(parts), luminance, ids)
        before = t


def evident_ids(
    ids: UInt8, window: Window, least_share: float = 0.0015, least_per_pixel: float = 0.5,
) -> list[int]:
    """Return the objects that a window of events can show at all.

    An object counts when it covers enough of the picture and when its mask, grown by two pixels,
    holds enough events for the length of its outline.

    Args:
        ids: Instance ids, uint8 [H, W], 0 background.
        window: The events that a segmenter is given.
        least_share: Smallest area as a share of the picture.
        least_per_pixel: Fewest events per pixel of outline.
    """
    count = np.zeros(ids.shape, np.float32)
    np.add.at(count, (window.events.y, window.events.x), 1.0)
    np.minimum(count, 4.0, out=count)
    found = []
    for i in np.unique(ids):
        mask = np.asarray(ids == i, np.uint8)
        if i == 0 or int(mask.sum()) < least_share * ids.size:
            continue
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        length = sum(cv2.arcLength(c, True) for c in outlines)
        grown = cv2.dilate(mask, np.ones((5, 5), np.uint8))
        if float(count[grown > 0].sum()) >= least_per_pixel * length:
            found.append(int(i))
    return found
