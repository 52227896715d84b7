# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Layers to luminance and instance ids, painted back to front, for one instant."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.kernels import kernel


@kernel(fastmath=True)
def _span(start, step, low, high):  # type: ignore[no-untyped-def]
    """Narrow the columns [low, high) to those where |start + step * column| < 0.99."""
    limit = 0.99
    if abs(step) < 1e-12:
        return (low, high) if abs(start) < limit else (0, 0)
    first, last = (-limit - start) / step, (limit - start) / step
    if first > last:
        first, last = last, first
    return max(low, int(np.ceil(first))), min(high, int(np.floor(last)) + 1)


@kernel(fastmath=True)
def _bilinear(table, row, column, next_row, next_column, fy, fx):  # type: ignore[no-untyped-def]
    top = table[row, column] * (1 - fx) + table[row, next_column] * fx
    bottom = table[next_row, column] * (1 - fx) + table[next_row, next_column] * fx
    return top * (1 - fy) + bottom * fy


@kernel(fastmath=True)
def _render(inverse, outlines, textures, repeats, gains, shades, light, luminance, ids):  # type: ignore[no-untyped-def]
    height, width = luminance.shape
    last = len(inverse) - 1
    cells = outlines.shape[1]
    texels = textures.shape[1]
    wrap = texels - 1
    ids[:] = 0
    for k in range(last, -1, -1):
        a = inverse[k].astype(np.float64)
        gain = gains[k] * light
        repeat = repeats[k] * texels
        shift = 64.0 * texels
        for row in range(height):
            u0, v0 = a[1] * row + a[2], a[4] * row + a[5]
            low, high = 0, width
            if k < last:
                low, high = _span(u0, a[0], low, high)
                low, high = _span(v0, a[3], low, high)
            for column in range(low, high):
                u, v = u0 + a[0] * column, v0 + a[3] * column
                cover = 1.0
                tilt = gain
                if k < last:
                    cx = (u + 1) * 0.5 * cells - 0.5
                    cy = (v + 1) * 0.5 * cells - 0.5
                    ix = min(max(int(cx), 0), cells - 2)
                    iy = min(max(int(cy), 0), cells - 2)
                    distance = _bilinear(
                        outlines[k], iy, ix, iy + 1, ix + 1, cy - iy, cx - ix)
                    # in pixels, so that the edge blends over one pixel
                    cover = min(max(0.5 - distance * a[6], 0.0), 1.0)
                    if cover <= 0:
                        continue
                    tilt = gain * (1 + shades[k, 0] * u + shades[k, 1] * v)
                    if cover > 0.5:
                        ids[row, column] = k + 1
                tx, ty = u * repeat + shift, v * repeat + shift
                jx, jy = int(tx), int(ty)
                shade = _bilinear(
                    textures[k], jy & wrap, jx & wrap, (jy + 1) & wrap, (jx + 1) & wrap,
                    ty - jy, tx - jx)
                luminance[row, column] += np.float32(
                    cover * (shade * tilt - luminance[row, column]))


def render(
    inverse: Float32, outlines: Float32, textures: Float32, repeats: Float32, gains: Float32,
    shades: Float32, light: float, width: int, height: int,
) -> tuple[Float32, UInt8]:
    """Draw layers, the first in front, the last as an endless background.

    Args:
        inverse: float32 [L, 7]: affine map from pixel (column, row) to layer coordinates
            (u, v), two rows of three, then the layer's half side in pixels.
        outlines: Signed distance maps, float32 [L, S, S]; the last is not read.
        textures: Reflectance, float32 [L, T, T], T a power of two.
        repeats: Texture tiles per unit of layer coordinates, float32 [L].
        gains: Brightness factor, float32 [L].
        shades: Brightness slope over (u, v), float32 [L, 2].
        light: Factor for the whole picture.
        width: Columns.
        height: Rows.

    Returns:
        luminance float32 [height, width] and ids uint8 [height, width]: layer index + 1, or 0.
    """
    luminance = np.zeros((height, width), np.float32)
    ids = np.empty((height, width), np.uint8)
    _render(inverse, outlines, textures, repeats, gains, shades, np.float32(light), luminance, ids)
    return luminance, ids
