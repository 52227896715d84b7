# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Rays against the shapes of a street: what each one meets first, for any camera."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .panorama_textures import leaf_gap

BOX, CYLINDER, ELLIPSOID, RING = range(4)
"""A box that may taper upwards, an upright cylinder without caps, an ellipsoid, and a ring."""
SOLID, LEAVES, SLATS = range(3)
"""What lets rays through: nothing, gaps between leaves, gaps between the slats of a fence."""
(KIND, CX, CY, CZ, HX, HY, HZ, COS, SIN, TX, TY, GAPS) = range(12)
"""Columns of a table of shapes: kind, middle and half sides in metres, turn about the upright,
what the sides shrink to at the top, and what lets rays through. A ring has its outer radius in HX
and its inner one in HZ; its axis is its own y."""
COLUMNS = 12
NEAREST = 0.02
"""Where rays begin to meet things, metres."""
SLAT = 0.16
"""Metres from slat to slat of a fence."""


@kernel(fastmath=True)
def _hit_box(shape, x, y, z, dx, dy, dz, most):  # type: ignore[no-untyped-def]
    """Clip the ray by six planes; the sides lean inwards where the box tapers."""
    hx, hy, hz = shape[HX], shape[HY], shape[HZ]
    ax = hx * (1 - shape[TX]) / (2 * hz)
    ay = hy * (1 - shape[TY]) / (2 * hz)
    bx, by = hx * (1 + shape[TX]) * 0.5, hy * (1 + shape[TY]) * 0.5
    low, high, face = -1e9, most, -1
    for k in range(6):
        sign = 1.0 if k % 2 == 0 else -1.0
        if k < 2:
            room, speed = bx - sign * x - ax * z, sign * dx + ax * dz
        elif k < 4:
            room, speed = by - sign * y - ay * z, sign * dy + ay * dz
        else:
            room, speed = hz - sign * z, sign * dz
        if speed > 1e-12:
            high = min(high, room / speed)
        elif speed < -1e-12:
            at = room / speed
            if at > low:
                low, face = at, k
        elif room < 0:
            return -1.0, 0.0, 0.0, 0.0
        if low > high:
            return -1.0, 0.0, 0.0, 0.0
    if low < NEAREST:
        return -1.0, 0.0, 0.0, 0.0
    sign = 1.0 if face % 2 == 0 else -1.0
    if face < 2:
        size = 1 / np.sqrt(1 + ax * ax)
        return low, sign * size, 0.0, ax * size
    if face < 4:
        size = 1 / np.sqrt(1 + ay * ay)
        return low, 0.0, sign * size, ay * size
    return low, 0.0, 0.0, sign


@kernel(fastmath=True)
def _hit_round(shape, x, y, z, dx, dy, dz, most, far):  # type: ignore[no-untyped-def]
    """Solve the quadratic of a cylinder or an ellipsoid; far asks for where the ray leaves it."""
    ix, iy = 1 / shape[HX], 1 / shape[HY]
    iz = 1 / shape[HZ] if shape[KIND] == ELLIPSOID else 0.0
    px, py, pz, qx, qy, qz = x * ix, y * iy, z * iz, dx * ix, dy * iy, dz * iz
    a = qx * qx + qy * qy + qz * qz
    b = px * qx + py * qy + pz * qz
    c = px * px + py * py + pz * pz - 1
    root = b * b - a * c
    if root < 0 or a < 1e-12:
        return -1.0, 0.0, 0.0, 0.0
    at = (-b + np.sqrt(root)) / a if far else (-b - np.sqrt(root)) / a
    if at < NEAREST or at > most or abs(z + at * dz) > shape[HZ]:
        return -1.0, 0.0, 0.0, 0.0
    nx, ny, nz = (px + at * qx) * ix, (py + at * qy) * iy, (pz + at * qz) * iz
    size = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
    return at, nx * size, ny * size, nz * size


@kernel(fastmath=True)
def _hit_ring(shape, x, y, z, dx, dy, dz, most):  # type: ignore[no-untyped-def]
    if abs(dy) < 1e-9:
        return -1.0, 0.0, 0.0, 0.0
    at = -y / dy
    if at < NEAREST or at > most:
        return -1.0, 0.0, 0.0, 0.0
    square = (x + at * dx) ** 2 + (z + at * dz) ** 2
    if square > shape[HX] ** 2 or square < shape[HZ] ** 2:
        return -1.0, 0.0, 0.0, 0.0
    return at, 0.0, (-1.0 if dy > 0 else 1.0), 0.0


@kernel(fastmath=True)
def _gap(shape, x, y, z, facing):  # type: ignore[no-untyped-def]
    """Tell whether a ray passes where it meets a shape, in the shape's own metres.

    facing is 1 where it meets the shape head on, and 0 where it grazes it.
    """
    if shape[GAPS] == LEAVES:
        return leaf_gap(x + shape[CX], y + shape[CY], z + shape[CZ], facing)
    along = x if shape[HX] > shape[HY] else y
    place = along / SLAT
    rail = abs(z - 0.6 * shape[HZ]) < 0.05 or abs(z + 0.6 * shape[HZ]) < 0.05
    return not rail and place - np.floor(place) > 0.55


@kernel(fastmath=True)
def hit_shape(shape, ox, oy, oz, dx, dy, dz, most):  # type: ignore[no-untyped-def]
    """Return metres to a shape, or -1 where the ray misses it, and the normal there, turned back.

    Args:
        shape: A row of the table.
        ox: Where the ray begins; oy and oz too.
        oy: See ox.
        oz: See ox.
        dx: Its direction, of length 1; dy and dz too.
        dy: See dx.
        dz: See dx.
        most: Metres beyond which nothing counts.
    """
    c, s = shape[COS], shape[SIN]
    rx, ry, z = ox - shape[CX], oy - shape[CY], oz - shape[CZ]
    x, y = c * rx + s * ry, c * ry - s * rx
    ex, ey = c * dx + s * dy, c * dy - s * dx
    kind = shape[KIND]
    if kind == BOX:
        at, nx, ny, nz = _hit_box(shape, x, y, z, ex, ey, dz, most)
    elif kind == RING:
        at, nx, ny, nz = _hit_ring(shape, x, y, z, ex, ey, dz, most)
    else:
        at, nx, ny, nz = _hit_round(shape, x, y, z, ex, ey, dz, most, False)
    if at > 0 and shape[GAPS] != SOLID and _gap(
            shape, x + at * ex, y + at * ey, z + at * dz, abs(nx * ex + ny * ey + nz * dz)):
        at = -1.0
        if kind == ELLIPSOID:   # the inner side of the crown's back
            at, nx, ny, nz = _hit_round(shape, x, y, z, ex, ey, dz, most, True)
            if at > 0 and _gap(shape, x + at * ex, y + at * ey, z + at * dz,
                               abs(nx * ex + ny * ey + nz * dz)):
                at = -1.0
    return at, c * nx - s * ny, s * nx + c * ny, nz


@kernel(fastmath=True)
def first_hit(shapes, groups, ox, oy, oz, dx, dy, dz, most):  # type: ignore[no-untyped-def]
    """Return which shape a ray meets first (-1 for none), metres to it and the normal there.

    Args:
        shapes: Table, float64 [S, COLUMNS].
        groups: Spheres around shapes that belong together, float64 [G, 6]: middle, radius, first
            shape, one after the last; those near the camera first.
        ox: Where the ray begins; oy and oz too.
        oy: See ox.
        oz: See ox.
        dx: Its direction, of length 1; dy and dz too.
        dy: See dx.
        dz: See dx.
        most: Metres beyond which nothing counts.
    """
    best, found, nx, ny, nz = most, -1, 0.0, 0.0, 0.0
    for g in range(len(groups)):
        rx, ry, rz = groups[g, 0] - ox, groups[g, 1] - oy, groups[g, 2] - oz
        radius = groups[g, 3]
        ahead = rx * dx + ry * dy + rz * dz
        square = rx * rx + ry * ry + rz * rz
        if square - ahead * ahead > radius * radius or ahead < -radius or ahead > best + radius:
            continue
        for k in range(int(groups[g, 4]), int(groups[g, 5])):
            at, ax, ay, az = hit_shape(shapes[k], ox, oy, oz, dx, dy, dz, best)
            if at > 0:
                best, found, nx, ny, nz = at, k, ax, ay, az
    return found, best, nx, ny, nz


@kernel(fastmath=True)
def is_hidden(shapes, groups, ox, oy, oz, dx, dy, dz):  # type: ignore[no-untyped-def]
    """Tell whether anything lies on a ray, as from a point to the sun; see first_hit."""
    for g in range(len(groups)):
        rx, ry, rz = groups[g, 0] - ox, groups[g, 1] - oy, groups[g, 2] - oz
        radius = groups[g, 3]
        ahead = rx * dx + ry * dy + rz * dz
        if ahead < -radius:
            continue
        if rx * rx + ry * ry + rz * rz - ahead * ahead > radius * radius:
            continue
        for k in range(int(groups[g, 4]), int(groups[g, 5])):
            if hit_shape(shapes[k], ox, oy, oz, dx, dy, dz, 1e9)[0] > 0:
                return True
    return False
