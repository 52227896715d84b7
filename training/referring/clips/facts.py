# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where the objects of a clip are and what shows of them, measured from masks and places."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool, UInt8
from eventsam_ros.simulation.coloured import ColouredScene

Array = NDArray[np.float64]
LEAST_SHARE = 0.001
"""Share of the picture under which an object does not count as seen."""


@dataclass(frozen=True)
class Facts:
    """Measures of K objects in T frames; lengths are in picture widths.

    Attributes:
        aspect: Height of the picture over its width.
        sides: Longer side of the narrowest box, turned as it may be, around the whole object in
            the first frame, [K].
        areas: What shows of it, as a share of the picture, [T, K].
        wholes: What would show of it if nothing hid it, the same.
        centres: Centre of what shows, [T, K, 2]; nan where it does not show.
        grounds: Centre on the ground, which does not move with the camera, [T, K, 2].
        turns: Angle, radians, [T, K].
        scales: Size as a share of that in the first frame, [T, K].
        covers: Largest share of object k that object j hid in a frame, [K, K].
    """

    aspect: float
    sides: Array
    areas: Array
    wholes: Array
    centres: Array
    grounds: Array
    turns: Array
    scales: Array
    covers: Array


def measure(staged: ColouredScene, ids: UInt8, instants: NDArray[np.float64]) -> Facts:
    """Measure the objects of a scene; object k is layer k.

    Args:
        staged: The scene.
        ids: Layer index + 1, uint8 [T, H, W].
        instants: Of the frames, seconds, [T].
    """
    scene = staged.scene
    frames, height, width = ids.shape
    count = len(scene.layers) - 1
    areas, centres = np.zeros((frames, count)), np.full((frames, count, 2), np.nan)
    covers, sides = np.zeros((count, count)), np.zeros(count)
    shares = np.zeros((frames, count))
    for f, t in enumerate(instants):
        wholes = [staged.whole(k, float(t)) for k in range(count)]
        for k in range(count):
            rows, columns = np.nonzero(ids[f] == k + 1)
            areas[f, k] = len(rows) / (height * width)
            if areas[f, k] >= LEAST_SHARE:
                centres[f, k] = (columns.mean() + 0.5) / width, (rows.mean() + 0.5) / width
            if f == 0:
                sides[k] = _longer_side(wholes[k]) / width
            size = np.count_nonzero(wholes[k])
            shares[f, k] = size / (height * width)
            for j in range(k):  # those in front
                hidden = int(np.count_nonzero(wholes[k] & (ids[f] == j + 1)))
                covers[k, j] = max(float(covers[k, j]), hidden / max(int(size), 1))
    moving = scene.layers[:-1]

    def over_time(of: str) -> Array:
        return np.asarray([[getattr(m, of).at(float(t)) for m in moving] for t in instants])
    halves = over_time('half_side')
    return Facts(
        height / width, sides, areas, shares, centres,
        np.stack([over_time('x'), over_time('y')], -1), over_time('angle'),
        halves / halves[:1], covers)


def _longer_side(mask: Bool) -> float:
    points = cv2.findNonZero(mask.astype(np.uint8))
    return 0.0 if points is None else float(max(cv2.minAreaRect(points)[1])) + 1
