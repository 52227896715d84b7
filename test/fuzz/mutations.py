# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What happens to bytes on their way."""

from __future__ import annotations

import numpy as np

Bytes = np.ndarray


def random_bytes(rng: np.random.Generator, most: int = 600) -> Bytes:
    """Return bytes without any sense."""
    return rng.integers(0, 256, int(rng.integers(0, most)), np.uint8)


def flipped(rng: np.random.Generator, data: Bytes) -> Bytes:
    """Flip some bits."""
    data = data.copy()
    if len(data):
        places = rng.integers(0, len(data), int(rng.integers(1, 9)))
        data[places] ^= np.uint8(1) << rng.integers(0, 8, len(places)).astype(np.uint8)
    return data


def overwritten(rng: np.random.Generator, data: Bytes) -> Bytes:
    """Put noise, zeros or ones over a stretch."""
    data = data.copy()
    start = int(rng.integers(0, len(data) + 1))
    part = data[start:start + int(rng.integers(1, 40))]
    part[:] = (0, 255, rng.integers(0, 256, len(part), np.uint8))[int(rng.integers(3))]
    return data


def cut(rng: np.random.Generator, data: Bytes) -> Bytes:
    """Leave out the end, the beginning or something between."""
    first, last = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    return (data[:first], data[last:], np.concatenate([data[:first], data[last:]]))[
        int(rng.integers(3))]


def inserted(rng: np.random.Generator, data: Bytes) -> Bytes:
    """Put bytes between."""
    place = int(rng.integers(0, len(data) + 1))
    return np.concatenate([data[:place], random_bytes(rng, 20), data[place:]])


def repeated(rng: np.random.Generator, data: Bytes) -> Bytes:
    """Say a stretch twice."""
    first, last = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    last = min(last, first + 200)
    return np.concatenate([data[:last], data[first:]])


MUTATIONS = (flipped, overwritten, cut, inserted, repeated)


def mutated(rng: np.random.Generator, data: Bytes, most: int = 600) -> Bytes:
    """Return a stretch of the data after one to three mishaps."""
    if len(data) > most and rng.random() < 0.95:
        start = int(rng.integers(0, len(data) - most + 1)) // 8 * 8
        data = data[start:start + int(rng.integers(8, most))]
    for _ in range(int(rng.integers(1, 4))):
        data = MUTATIONS[int(rng.integers(len(MUTATIONS)))](rng, data)
    return data
