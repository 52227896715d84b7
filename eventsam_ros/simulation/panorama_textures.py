# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Patterns of streets as functions of a place in metres, smooth where pixels are coarse."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel


@kernel(fastmath=True)
def chance(x, y, z):  # type: ignore[no-untyped-def]
    """Return a number 0 to 1 that belongs to three whole numbers."""
    value = (int(x) * 73856093) ^ (int(y) * 19349663) ^ (int(z) * 83492791)
    value = (value ^ (value >> 13)) * 1274126177
    value ^= value >> 16
    return (value & 0xFFFFFF) / 16777215.0


@kernel(fastmath=True)
def _ease(t):  # type: ignore[no-untyped-def]
    return t * t * (3 - 2 * t)


@kernel(fastmath=True)
def noise(x, y, z):  # type: ignore[no-untyped-def]
    """Return smooth noise of wavelength 1, -1 to 1."""
    ix, iy, iz = np.floor(x), np.floor(y), np.floor(z)
    fx, fy, fz = _ease(x - ix), _ease(y - iy), _ease(z - iz)
    total = 0.0
    for k in range(8):
        a, b, c = k & 1, (k >> 1) & 1, k >> 2
        weight = (fx if a else 1 - fx) * (fy if b else 1 - fy) * (fz if c else 1 - fz)
        if weight > 0:
            total += weight * chance(ix + a, iy + b, iz + c)
    return 2 * total - 1


@kernel(fastmath=True)
def rough(x, y, z, wave, grain):  # type: ignore[no-untyped-def]
    """Return three octaves of noise from a wavelength downwards, those finer than grain left out.

    Args:
        x: Metres; y and z too.
        y: See x.
        z: See x.
        wave: Longest wavelength, metres.
        grain: Size of a pixel there, metres.
    """
    total, weight = 0.0, 0.55
    for _ in range(3):
        clear = min(max(1.5 - grain / wave * 2, 0.0), 1.0)
        if clear <= 0:
            break
        total += weight * clear * noise(x / wave, y / wave, z / wave)
        wave *= 0.41
        weight *= 0.62
    return total


@kernel(fastmath=True)
def band(place, half, grain):  # type: ignore[no-untyped-def]
    """Return how much of a pixel lies in |place| < half, 0 to 1; all three in one unit."""
    soft = max(grain, 1e-4)
    covered = min(place + soft / 2, half) - max(place - soft / 2, -half)
    return min(max(covered / soft, 0.0), 1.0)


@kernel(fastmath=True)
def turns(place, period):  # type: ignore[no-untyped-def]
    """Return the distance from the middle of the period that a place lies in."""
    return place - period * (np.floor(place / period) + 0.5)


@kernel(fastmath=True)
def leaf_gap(x, y, z, facing):  # type: ignore[no-untyped-def]
    """Tell whether one sees through the leaves at a place, metres; more so at the rim."""
    coarse = noise(2.7 * x, 2.7 * y, 2.7 * z)
    return coarse + 0.6 * noise(7.1 * x, 7.1 * y, 7.1 * z) > 0.05 + 0.9 * facing
