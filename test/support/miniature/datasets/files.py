# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Files that several layouts have: pictures, and events as columns."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np


def rng(seed=0):
    return np.random.default_rng(seed)


def png(path, array):
    """Write [H, W], or [H, W, 3 or 4] in the order red, green, blue (, alpha)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if array.ndim == 3:
        array = np.concatenate([array[..., 2::-1], array[..., 3:]], -1)
    assert cv2.imwrite(str(path), array)
    return path


def picture(path, height, width, seed=0):
    """Write a smooth coloured picture and return it."""
    small = rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    png(path, image)
    return image


def palette_png(path, indices, bits=8, filters=(0,)):
    """Write indices as a palette PNG, byte by byte; row r is filtered by filters[r % n]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = indices.shape
    step = 8 // bits
    padded = np.zeros((height, -(-width // step) * step), np.uint8)
    padded[:, :width] = indices
    packed = np.zeros((height, padded.shape[1] // step), np.uint8)
    for k in range(step):
        packed |= padded[:, k::step] << (8 - bits * (k + 1))
    raw, above = b'', [0] * packed.shape[1]
    for r, row in enumerate(packed.tolist()):
        kind = filters[r % len(filters)]
        out = []
        for c, value in enumerate(row):
            a, b, d = (row[c - 1] if c else 0), above[c], (above[c - 1] if c else 0)
            guess = a + b - d
            paeth = min((a, b, d), key=lambda v: abs(guess - v))
            out.append((value - (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
        raw += bytes([kind, *out])
        above = row
    def chunk(name, body):
        return (struct.pack('>I', len(body)) + name + body
                + struct.pack('>I', zlib.crc32(name + body)))
    colours = bytes(rng(9).integers(0, 256, 3 * 2 ** bits).astype(np.uint8))
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, 3, 0, 0, 0))
        + chunk(b'PLTE', colours) + chunk(b'tRNS', b'\x00\x80')
        + chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))
    return path


def events(count, width, height, end_us, seed=0):
    """Return x, y, p, t of events in whole µs from 0 up to end_us."""
    r = rng(seed)
    return (r.integers(0, width, count), r.integers(0, height, count), r.integers(0, 2, count),
            np.sort(r.integers(0, end_us, count)))


def naive_ms_to_idx(t):
    """The definition: entry k is the first index with t >= 1000 k; entry 0 is 0."""
    last = int(t[-1]) // 1000 if len(t) else 0
    return np.array([0, *(next(i for i, v in enumerate(t) if v >= 1000 * k)
                          for k in range(1, last + 1))], np.uint64)
