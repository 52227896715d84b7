# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Procedural surface textures: reflectance pictures that tile without a seam."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from eventsam_ros.events.types import Float32

SIZE = 256
"""Side of every texture in texels."""
GRAINS = 40
"""Number of shared grains (see grain)."""


def _noise(rng: np.random.Generator, cells_x: int, cells_y: int) -> Float32:
    """Return smooth tileable noise, zero mean, unit spread."""
    grid = rng.standard_normal((cells_y, cells_x)).astype(np.float32)
    grid = np.pad(grid, 2, mode='wrap')
    step_x, step_y = SIZE / cells_x, SIZE / cells_y
    large = cv2.resize(
        grid, (int((cells_x + 4) * step_x), int((cells_y + 4) * step_y)),
        interpolation=cv2.INTER_CUBIC)
    tile = large[int(2 * step_y):int(2 * step_y) + SIZE, int(2 * step_x):int(2 * step_x) + SIZE]
    return np.asarray((tile - tile.mean()) / max(float(tile.std()), 1e-6), np.float32)


def _cloud(rng: np.random.Generator) -> Float32:
    first = int(rng.integers(1, 4))
    roughness = rng.uniform(0.35, 0.9)
    total = np.zeros((SIZE, SIZE), np.float32)
    for octave in range(first, 8):
        total += np.float32(roughness ** (octave - first)) * _noise(rng, 2 ** octave, 2 ** octave)
    return total


def _grid_coordinates() -> tuple[Float32, Float32]:
    line = np.arange(SIZE, dtype=np.float32) / SIZE
    x, y = np.meshgrid(line, line)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _stripes(rng: np.random.Generator) -> Float32:
    x, y = _grid_coordinates()
    kx, ky = int(rng.integers(0, 13)), int(rng.integers(0, 13))
    wave = np.sin(2 * np.pi * (max(kx, 1 if ky == 0 else 0) * x + ky * y)
                  + rng.uniform(0, 1.5) * _noise(rng, 4, 4))
    return np.asarray(np.tanh(wave * rng.uniform(0.8, 6.0)), np.float32)


def _checks(rng: np.random.Generator) -> Float32:
    x, y = _grid_coordinates()
    nx, ny = 2 * int(rng.integers(1, 9)), 2 * int(rng.integers(1, 9))
    board = np.sign(np.sin(np.pi * nx * x) * np.sin(np.pi * ny * y) + 1e-6)
    return np.asarray(board, np.float32)


def _patches(rng: np.random.Generator) -> Float32:
    """Return flat cells with shades of their own (walls, clothes, paving)."""
    x, y = _grid_coordinates()
    count = int(rng.integers(4, 40))
    centres = rng.random((count, 2), np.float32)
    shades = rng.standard_normal(count).astype(np.float32)
    best = np.full((SIZE, SIZE), np.inf, np.float32)
    picture = np.zeros((SIZE, SIZE), np.float32)
    for (cx, cy), shade in zip(centres, shades, strict=True):
        dx = np.abs(x - cx)
        dy = np.abs(y - cy)
        distance = np.minimum(dx, 1 - dx) ** 2 + np.minimum(dy, 1 - dy) ** 2
        nearer = distance < best
        best = np.where(nearer, distance, best)
        picture = np.where(nearer, shade, picture)
    return np.asarray(picture, np.float32)


def _spots(rng: np.random.Generator) -> Float32:
    field = _noise(rng, *(int(v) for v in 2 ** rng.integers(3, 7, 2)))
    return np.asarray(np.tanh(6 * (field - rng.uniform(0.3, 1.2))), np.float32)


def _plain(rng: np.random.Generator) -> Float32:
    strength = np.float32(rng.uniform(0.0, 0.25))
    return np.asarray(strength * _noise(rng, 2, 2), np.float32)


_KINDS = (_cloud, _cloud, _stripes, _checks, _patches, _patches, _spots, _plain)


def random_texture(rng: np.random.Generator) -> Float32:
    """Return a random tileable texture.

    Returns:
        Reflectance, float32 [SIZE, SIZE], between 0.02 and 1 (linear, not gamma-coded).
    """
    picture = _KINDS[int(rng.integers(len(_KINDS)))](rng)
    if rng.random() < 0.4:
        picture = np.asarray(
            picture + np.float32(rng.uniform(0.05, 0.5)) * _cloud(rng), np.float32)
    contrast = rng.uniform(0.08, 0.7)
    middle = rng.uniform(-2.2, -0.3)
    levels = np.clip(middle + contrast * picture, -3.9, 0.0)
    return np.asarray(np.exp(levels), np.float32)


@lru_cache(GRAINS)
def grain(number: int) -> Float32:
    """Return one of GRAINS textures of mean 1 that surfaces share, float32 [SIZE, SIZE]."""
    texture = random_texture(np.random.default_rng([number, 43]))
    return np.asarray(np.clip(texture / max(float(texture.mean()), 1e-3), 0, 2.5), np.float32)


def random_relief(rng: np.random.Generator, rough: float) -> Float32:
    """Return a shared grain, shifted by chance, of mean 1 and of the given strength."""
    shift = tuple(int(v) for v in rng.integers(0, SIZE, 2))
    shifted = np.roll(grain(int(rng.integers(GRAINS))), shift, (0, 1))
    return np.asarray(1 + np.float32(rough) * (shifted - 1), np.float32)
