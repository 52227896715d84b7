# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What rays see: sky, ground and shapes in sun, shade and haze, with the class of each."""

from __future__ import annotations

import numpy as np

from eventsam_ros.kernels import kernel

from .panorama_casting import COS, CX, CY, CZ, HX, HY, HZ, SIN, first_hit, is_hidden
from .panorama_ground import ground_at
from .panorama_textures import band, chance, noise, rough, turns

PLAIN, FACADE, LEAFY, GLASS, SIGN, LAMPS, BRICK = range(7)
"""How shapes are painted."""
(PAINT, RED, GREEN, BLUE, RED_2, GREEN_2, BLUE_2, WAVE, FLOOR, SEED, GLOSS) = range(11)
"""Columns of a table of paints: kind, two linear colours, length of the pattern and height of a
floor in metres, a whole number that patterns depend on, and how much the sky is mirrored."""
PAINT_COLUMNS = 11
(SUN_X, SUN_Y, SUN_Z, SUN_R, SUN_G, SUN_B, TOP_R, TOP_G, TOP_B, LOW_R, LOW_G, LOW_B, CLOUDS,
 CLOUD_SEED, HAZE) = range(15)
"""Fields of the light: way to the sun and its colour, colour of the sky above and at the horizon,
how much of it is clouds and which, and share of light lost in a metre of air."""
LIGHT_FIELDS = 15
SKY_CLASS = 10
FARTHEST = 400.0
"""Metres of ground before the horizon."""


@kernel(fastmath=True)
def sky_at(light, dx, dy, dz):  # type: ignore[no-untyped-def]
    """Return the colour of the sky in a direction."""
    up = max(dz, 0.0)
    share = 1 - (1 - min(up, 1.0)) ** 3
    red = light[LOW_R] + share * (light[TOP_R] - light[LOW_R])
    green = light[LOW_G] + share * (light[TOP_G] - light[LOW_G])
    blue = light[LOW_B] + share * (light[TOP_B] - light[LOW_B])
    if up > 0.01 and light[CLOUDS] > 0:
        u, v = 1.3 * dx / (up + 0.25), 1.3 * dy / (up + 0.25)
        seed = light[CLOUD_SEED]
        cloud = (0.55 * noise(u, v, seed) + 0.28 * noise(2.3 * u, 2.3 * v, seed + 7)
                 + 0.15 * noise(5.1 * u, 5.1 * v, seed + 13))
        cover = min(max((cloud - 0.55 + light[CLOUDS]) * 2.2, 0.0), 1.0) * min(up * 6, 1.0)
        bright = (light[LOW_R] + light[LOW_G] + light[LOW_B]) / 3 * (1.25 - 0.3 * cover)
        red += cover * (bright - red)
        green += cover * (bright - green)
        blue += cover * (1.02 * bright - blue)
    near = dx * light[SUN_X] + dy * light[SUN_Y] + dz * light[SUN_Z]
    if near > 0.9 and dz > 0:
        glow = 0.35 * ((near - 0.9) / 0.1) ** 6 + (6.0 if near > 0.9995 else 0.0)
        red += glow * light[SUN_R]
        green += glow * light[SUN_G]
        blue += glow * light[SUN_B]
    return red, green, blue


@kernel(fastmath=True)
def _facade(paint, along, z, grain):  # type: ignore[no-untyped-def]
    """Return how much of a pixel is window pane, and a number of the window's own."""
    wide, high = paint[WAVE], paint[FLOOR]
    first = z < high * 1.1
    column, row = np.floor(along / wide), np.floor(z / high)
    x, y = turns(along, wide), turns(z, high)
    half_x, half_y = (0.42 * wide, 0.36 * high) if first else (0.26 * wide, 0.3 * high)
    frame = 1 - 0.8 * band(x, 0.03, grain)
    pane = band(x, half_x, grain) * band(y, half_y, grain) * frame
    return pane, chance(column, row, paint[SEED])


@kernel(fastmath=True)
def _painted(paint, shape, x, y, z, nx, ny, nz, grain):  # type: ignore[no-untyped-def]
    """Return the reflectance of a shape at a place, and how much sky it mirrors."""
    red, green, blue, gloss = paint[RED], paint[GREEN], paint[BLUE], paint[GLOSS]
    kind, seed = paint[PAINT], paint[SEED]
    rx, ry = x - shape[CX], y - shape[CY]
    along = shape[COS] * rx + shape[SIN] * ry
    if abs(shape[COS] * nx + shape[SIN] * ny) > abs(shape[COS] * ny - shape[SIN] * nx):
        along = shape[COS] * ry - shape[SIN] * rx   # that face runs along the shape's own y
    low = z - (shape[CZ] - shape[HZ])
    if kind == LEAFY:
        relief = 1 + 0.55 * rough(x + seed, y, z, 0.9, grain)
        warm = 0.12 * noise(0.8 * x, 0.8 * y, seed)
        return red * relief * (1 + warm), green * relief, blue * relief * (1 - warm), 0.0
    relief = 1 + 0.3 * rough(along + seed, z, seed, max(paint[WAVE], 0.2), grain)
    if kind == FACADE:
        if nz > 0.7:
            return 0.16 * relief, 0.15 * relief, 0.15 * relief, 0.0
        pane, own = _facade(paint, along + 0.5 * paint[WAVE], low, grain)
        ledge = band(turns(low, paint[FLOOR]) - 0.5 * paint[FLOOR], 0.09, grain)
        relief *= 1 + 0.25 * ledge
        dark = 0.02 + 0.06 * own
        red = (1 - pane) * red * relief + pane * (dark + paint[RED_2] * (own > 0.8))
        green = (1 - pane) * green * relief + pane * (dark + paint[GREEN_2] * (own > 0.8))
        blue = (1 - pane) * blue * relief + pane * (1.2 * dark + paint[BLUE_2] * (own > 0.8))
        return red, green, blue, pane * (0.2 + 0.3 * own)
    if kind == BRICK:
        joint = band(turns(low, 0.25), 0.1, grain)
        shift = 0.25 * (np.floor(low / 0.25) % 2)
        joint *= band(turns(along + shift, 0.5), 0.22, grain)
        tone = relief * (0.65 + 0.35 * joint)
        return red * tone, green * tone, blue * tone, 0.0
    if kind == SIGN:
        rim = max(abs(along) / max(shape[HX], shape[HY]), abs(low / (2 * shape[HZ]) - 0.5) * 2)
        inner = band(rim, 0.72, grain / max(shape[HX], 0.05))
        red = inner * red + (1 - inner) * paint[RED_2]
        green = inner * green + (1 - inner) * paint[GREEN_2]
        blue = inner * blue + (1 - inner) * paint[BLUE_2]
        return red, green, blue, gloss
    if kind == LAMPS:
        place = low / (2 * shape[HZ]) * 3
        lamp = int(min(max(place, 0.0), 2.99))
        disc = band(np.sqrt(along ** 2 + ((place - lamp - 0.5) * 0.66 * shape[HZ]) ** 2), 0.09,
                    grain)
        lit = disc if lamp == int(seed) % 3 else 0.12 * disc
        red += 1.6 * lit * (lamp >= 1)
        green += lit * (1.4 if lamp == 0 else (0.9 if lamp == 1 else 0.05))
        blue += lit * (0.7 if lamp == 0 else 0.05)
        return red, green, blue, 0.0
    if kind == PLAIN:
        return red * relief, green * relief, blue * relief, gloss
    return red, green, blue, gloss


@kernel(fastmath=True)
def trace(  # type: ignore[no-untyped-def]
    origin, ways, grain, shapes, paints, classes, ids, groups, street, light, colour, labels,
    numbers,
):
    """Fill in what rays from one point see.

    Args:
        origin: float64 [3], metres.
        ways: Directions of length 1, float32 [N, 3].
        grain: Size of a pixel in radians.
        shapes: See panorama_casting.
        paints: float64 [S, PAINT_COLUMNS].
        classes: Class of each shape, uint8 [S].
        ids: Instance of each shape, uint16 [S].
        groups: See panorama_casting.first_hit.
        street: See panorama_ground.
        light: float64 [LIGHT_FIELDS].
        colour: Linear light, float32 [N, 3]; written.
        labels: Classes, uint8 [N]; written.
        numbers: Instances, uint16 [N]; written.
    """
    ox, oy, oz = origin
    sx, sy, sz = light[SUN_X], light[SUN_Y], light[SUN_Z]
    for n in range(len(ways)):
        dx, dy, dz = float(ways[n, 0]), float(ways[n, 1]), float(ways[n, 2])
        ground = min(-oz / dz, FARTHEST) if dz < -1e-6 else FARTHEST
        k, far, nx, ny, nz = first_hit(shapes, groups, ox, oy, oz, dx, dy, dz, ground)
        if k < 0 and ground >= FARTHEST:
            red, green, blue = sky_at(light, dx, dy, dz)
            colour[n, 0], colour[n, 1], colour[n, 2] = red, green, blue
            labels[n], numbers[n] = SKY_CLASS, 0
            continue
        x, y, z = ox + far * dx, oy + far * dy, oz + far * dz
        if k < 0:
            nx, ny, nz = 0.0, 0.0, 1.0
            spread = grain * far / max(-dz, 0.05)
            found, red, green, blue = ground_at(street, x, y, grain * far, spread)
            labels[n], numbers[n], gloss = found, 0, 0.0
        else:
            if nx * dx + ny * dy + nz * dz > 0:
                nx, ny, nz = -nx, -ny, -nz
            red, green, blue, gloss = _painted(
                paints[k], shapes[k], x, y, z, nx, ny, nz, grain * far)
            labels[n], numbers[n] = classes[k], ids[k]
            if paints[k, PAINT] == LEAFY:   # leaves look everywhere
                nx += 0.6 * noise(3.1 * x, 3.1 * y, 3.1 * z)
                nz += 0.5 + 0.6 * noise(3.3 * y, 3.3 * z, 3.3 * x)
                size = 1 / np.sqrt(nx * nx + ny * ny + nz * nz)
                nx, ny, nz = nx * size, ny * size, nz * size
        facing = nx * sx + ny * sy + nz * sz
        if facing > 0 and is_hidden(
                shapes, groups, x + 0.03 * nx, y + 0.03 * ny, z + 0.03 * nz, sx, sy, sz):
            facing = 0.0
        facing = max(facing, 0.0)
        above = 0.55 + 0.45 * nz
        low = 0.16 * (1 - nz)   # the ground throws light back
        if k >= 0 and z < 1.5:
            above *= 0.7 + 0.2 * z
        mirrored_r, mirrored_g, mirrored_b = 0.0, 0.0, 0.0
        if gloss > 0:
            turn = 2 * (nx * dx + ny * dy + nz * dz)
            mx, my, mz = dx - turn * nx, dy - turn * ny, dz - turn * nz
            edge = gloss * (0.4 + 0.6 * (1 + 0.5 * turn) ** 2)
            mirrored_r, mirrored_g, mirrored_b = sky_at(light, mx, my, max(mz, 0.02))
            if mz < 0.02:
                edge *= 0.3
            mirrored_r, mirrored_g, mirrored_b = (
                edge * mirrored_r, edge * mirrored_g, edge * mirrored_b)
        clear = np.exp(-light[HAZE] * far)
        for c in range(3):
            skylight = 0.45 * light[TOP_R + c] + 0.35 * light[LOW_R + c]
            lit = above * skylight + low * (0.3 * skylight + 0.12 * light[SUN_R + c])
            shade = red if c == 0 else (green if c == 1 else blue)
            mirrored = mirrored_r if c == 0 else (mirrored_g if c == 1 else mirrored_b)
            seen = shade * (lit + facing * light[SUN_R + c]) + mirrored
            colour[n, c] = clear * seen + (1 - clear) * light[LOW_R + c]
