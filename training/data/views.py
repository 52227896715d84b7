# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Changes of a pair under which it stays true: of its geometry, and of its events alone."""

from __future__ import annotations

import zlib

import cv2
import numpy as np

from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import UInt8

from .pair import Pair, padded, resized_ids

_LEAST_CROP = 0.5
_TRIES = 4


def views(pair: Pair, version: int) -> Pair:
    """Mirror and crop a pair; the same name and version give the same view in every run.

    A crop keeps the proportions of the content and is brought to its size, so the padding stays
    where it is. A crop of a labelled pair shows at least one object.

    Args:
        pair: The pair as stored.
        version: 0 for the pair as it is, 1 and up for views of it.
    """
    if version == 0:
        return pair
    rng = np.random.default_rng([zlib.crc32(pair.name.encode()), version])
    columns, rows = pair.content
    parts = [a[:rows, :columns] for a in (pair.picture, pair.frame, pair.ids)]
    if rng.random() < 0.5:
        parts = [a[:, ::-1] for a in parts]
    if rng.random() < 0.1:
        parts = [a[::-1] for a in parts]
    for _ in range(_TRIES):
        scale = rng.uniform(_LEAST_CROP, 1.0)
        w, h = round(columns * scale), round(rows * scale)
        x, y = int(rng.integers(columns - w + 1)), int(rng.integers(rows - h + 1))
        if parts[2][y:y + h, x:x + w].any():
            parts = [np.ascontiguousarray(a[y:y + h, x:x + w]) for a in parts]
            break
    picture, frame = (
        np.asarray(cv2.resize(a, pair.content, interpolation=cv2.INTER_LINEAR), np.uint8)
        for a in map(np.ascontiguousarray, parts[:2]))
    ids = resized_ids(np.ascontiguousarray(parts[2]), pair.content)
    return padded(picture, frame, ids, pair.ids.shape[1], pair.ids.shape[0], pair.name)


def swap_polarity(picture: UInt8) -> UInt8:
    """Return the robust picture of the same events with ON and OFF exchanged."""
    return np.asarray(2 * NO_EVENT - picture.astype(np.int16), np.uint8)


def reverse_time(picture: UInt8) -> UInt8:
    """Return the robust picture of the film run backwards: bins and polarities exchanged.

    What was the end of the window is its beginning then: frame and ids must be those of the
    window's beginning. Pairs are therefore reversed where they are made (sources), and not in
    `event_augment`.
    """
    return swap_polarity(picture)[..., ::-1]


def drop_events(picture: UInt8, share: float, rng: np.random.Generator) -> UInt8:
    """Return the picture without the events of a random share of its pixels."""
    kept = rng.random(picture.shape[:2]) >= share
    return np.where(kept[..., None], picture, np.uint8(NO_EVENT))


def add_noise(picture: UInt8, share: float, rng: np.random.Generator) -> UInt8:
    """Return the picture with spurious events, each in one bin, at a random share of pixels."""
    hit = rng.random(picture.shape[:2]) < share
    bins = rng.integers(0, 3, picture.shape[:2])
    level = rng.integers(20, 61, picture.shape[:2]) * rng.choice((-1, 1), picture.shape[:2])
    added = np.where(hit[..., None] & (bins[..., None] == np.arange(3)), level[..., None], 0)
    return np.asarray(np.clip(picture.astype(np.int64) + added, 1, 255), np.uint8)


def scale_contrast(picture: UInt8, gain: float) -> UInt8:
    """Return the picture with its distance from "no event" multiplied."""
    signed = (picture.astype(np.float32) - NO_EVENT) * np.float32(gain)
    return np.asarray(np.clip(np.rint(signed) + NO_EVENT, 1, 255), np.uint8)


def event_augment(picture: UInt8, rng: np.random.Generator, swap: float = 0.5) -> UInt8:
    """Change the events of a robust picture at random; frame and ids stay true.

    Some of the pictures swap polarities; some lose up to half of their pixels, get noise, or
    another contrast. Not for the representation `eventsam`, whose level of "no event" moves.

    Args:
        picture: uint8 [H, W, 3].
        rng: Source of chance.
        swap: Probability that polarities are swapped.
    """
    if rng.random() < swap:
        picture = swap_polarity(picture)
    if rng.random() < 0.25:
        picture = drop_events(picture, rng.uniform(0, 0.5), rng)
    if rng.random() < 0.25:
        picture = add_noise(picture, float(np.exp(rng.uniform(np.log(1e-4), np.log(0.03)))), rng)
    if rng.random() < 0.3:
        picture = scale_contrast(picture, rng.uniform(0.6, 1.3))
    return picture
