# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Random outlines as signed distance maps over the square [-1, 1] x [-1, 1]."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8

SIZE = 128
"""Side of every distance map in cells; the outline stays within 90 % of it."""
_CANVAS = 256


def distance_map(mask: UInt8) -> Float32:
    """Return the signed distance of a mask's outline, negative inside.

    Args:
        mask: uint8 [h, w], nonzero inside; stretched over the square [-1, 1].

    Returns:
        float32 [SIZE, SIZE] in units of the square's half side.
    """
    inside = cv2.distanceTransform(np.asarray(mask > 0, np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(np.asarray(mask == 0, np.uint8), cv2.DIST_L2, 5)
    signed = (outside - inside) * np.float32(2.0 / max(mask.shape))
    return np.asarray(
        cv2.resize(signed, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.float32)


def _blob(rng: np.random.Generator) -> Float32:
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    radius = np.ones_like(angle)
    for k in range(1, int(rng.integers(2, 8))):
        radius += rng.uniform(0, 0.5) / k * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    radius = np.maximum(radius, 0.25)
    return np.asarray(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), np.float32)


def _polygon(rng: np.random.Generator) -> Float32:
    corners = int(rng.integers(3, 9))
    angle = np.sort((np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) / corners)
    radius = rng.uniform(0.55, 1.0, corners)
    points = np.stack([radius * np.cos(2 * np.pi * angle), radius * np.sin(2 * np.pi * angle)], 1)
    return np.asarray(points, np.float32)


def _box(rng: np.random.Generator) -> Float32:
    slant = rng.uniform(-0.3, 0.3)
    return np.asarray([[-1 + slant, -1], [1 + slant, -1], [1 - slant, 1], [-1 - slant, 1]],
                      np.float32)


def _paint(canvas: UInt8, points: Float32) -> None:
    """Fill a polygon given in [-1, 1] into the canvas."""
    pixels = np.rint((points * 0.9 + 1) * (_CANVAS / 2)).astype(np.int32)
    cv2.fillPoly(canvas, [pixels], 255)


def _fit(points: Float32, aspect: float) -> Float32:
    """Centre points, scale the longer side to [-1, 1] and the other by the aspect (<= 1)."""
    low, high = points.min(0), points.max(0)
    scaled = (points - (low + high) / 2) / np.maximum((high - low) / 2, 1e-6)
    scaled[:, 1] *= aspect
    return np.asarray(scaled, np.float32)


def _limbed(rng: np.random.Generator, canvas: UInt8) -> None:
    """Draw a trunk with a head and limbs: walkers, animals, tools."""
    upright = rng.random() < 0.6
    trunk = rng.uniform(0.16, 0.3)

    def place(u: float, v: float) -> tuple[int, int]:
        a, b = (u, v) if upright else (v, u)
        return int((a * 0.9 + 1) * _CANVAS / 2), int((b * 0.9 + 1) * _CANVAS / 2)

    def thick(width: float) -> int:
        return max(2, int(width * 0.9 * _CANVAS))

    cv2.line(canvas, place(0, -0.45), place(0, 0.1), 255, thick(trunk))
    cv2.circle(canvas, place(rng.uniform(-0.1, 0.1), -0.8), thick(0.09), 255, -1)
    cv2.line(canvas, place(0, -0.75), place(0, -0.4), 255, thick(0.08))
    for side in (-1, 1):
        knee = place(side * rng.uniform(0.05, 0.35), 0.5)
        cv2.line(canvas, place(side * 0.08, 0.1), knee, 255, thick(rng.uniform(0.07, 0.13)))
        cv2.line(canvas, knee, place(side * rng.uniform(-0.1, 0.5), 0.95), 255,
                 thick(rng.uniform(0.06, 0.1)))
        elbow = place(side * rng.uniform(0.25, 0.5), rng.uniform(-0.4, 0.0))
        cv2.line(canvas, place(side * 0.1, -0.45), elbow, 255, thick(rng.uniform(0.05, 0.09)))
        cv2.line(canvas, elbow, place(side * rng.uniform(0.2, 0.7), rng.uniform(-0.5, 0.3)), 255,
                 thick(rng.uniform(0.05, 0.08)))


def random_outline(rng: np.random.Generator) -> Float32:
    """Return the signed distance map of a random connected outline.

    Blobs, polygons, boxes, unions of several of them, and limbed figures.

    Returns:
        float32 [SIZE, SIZE], negative inside, in units of the square's half side.
    """
    canvas = np.zeros((_CANVAS, _CANVAS), np.uint8)
    if rng.random() < 0.25:
        _limbed(rng, canvas)
        return distance_map(canvas)
    kinds = (_blob, _blob, _polygon, _box)
    outline = kinds[int(rng.integers(len(kinds)))](rng)
    _paint(canvas, _fit(outline, rng.uniform(0.35, 1.0)))
    for _ in range(int(rng.integers(0, 3)) if rng.random() < 0.4 else 0):
        part = _fit(kinds[int(rng.integers(len(kinds)))](rng), rng.uniform(0.4, 1.0))
        size = rng.uniform(0.25, 0.55)
        place = rng.uniform(-(1 - size), 1 - size, 2).astype(np.float32)
        place *= np.float32(0.6)
        _paint(canvas, np.asarray(part * size + place, np.float32))
    if rng.random() < 0.3:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 6) > 127, np.uint8)
    return distance_map(canvas)
