# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EventSAM's four sets in small."""

from __future__ import annotations

import numpy as np

from .files import events, picture, png, rng


def colour_code(path, ids, colours):
    """Write ids as colours; id 0 is white."""
    image = np.full((*ids.shape, 3), 255, np.uint8)
    for k, colour in colours.items():
        image[ids == k] = colour
    png(path, image)


def eventsam_frame(root, name, sequence, frame, size, seed=0, split=''):
    """Write event file, picture and ground truth of a frame; returns events and ids."""
    width, height = size
    data = root / 'Datasets' / name / split / sequence
    columns = events(300, width, height, 20_000, seed)
    (data / 'event').mkdir(parents=True, exist_ok=True)
    x, y, p, t = columns
    np.savez(data / 'event' / f'{frame}.npz', x=x, y=y, t=t, p=p)
    picture(data / 'rgb_image' / f'{frame}.png', height, width, seed)
    blocks = rng(seed).integers(0, 4, (height // 10 + 1, width // 10 + 1))
    ids = np.kron(blocks, np.ones((10, 10), int))[:height, :width]
    colours = {1: (0, 10, 200), 2: (20, 255, 255), 3: (255, 255, 254)}
    colour_code(root / 'Groundtruths' / name / split / sequence / f'{frame}.png', ids, colours)
    return columns, ids


def eventsam_set(root, name, size):
    for k in range(3):
        eventsam_frame(root, name, 'indoor_flying1', f'{488 + k:04d}', size, k)
    return root
