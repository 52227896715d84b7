# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Changes of an event picture under which its masks stay true."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import UInt8

_TRIES = 4


def _crop(
    picture: UInt8, ids: UInt8, width: int, height: int, least: float, rng: np.random.Generator,
) -> tuple[UInt8, UInt8]:
    full_height, full_width = ids.shape
    for _ in range(_TRIES):
        scale = rng.uniform(least, 1.0)
        w, h = round(full_width * scale), round(full_height * scale)
        x, y = int(rng.integers(full_width - w + 1)), int(rng.integers(full_height - h + 1))
        part = ids[y:y + h, x:x + w]
        if part.any():
            break
    else:
        x, y, w, h = 0, 0, full_width, full_height
    shrink = cv2.INTER_AREA if w > width else cv2.INTER_LINEAR
    cut = cv2.resize(picture[y:y + h, x:x + w], (width, height), interpolation=shrink)
    # EXACT: OpenCV's other kind takes the pixel at the corner, half a pixel off the picture
    cut_ids = cv2.resize(
        ids[y:y + h, x:x + w], (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(cut, np.uint8), np.asarray(cut_ids, np.uint8)


def augment(
    picture: UInt8, ids: UInt8, width: int, height: int, rng: np.random.Generator,
    least_crop: float = 0.6, events: bool = True,
) -> tuple[UInt8, UInt8]:
    """Crop, mirror, swap polarity, thin out, add noise.

    Time is not run backwards: ids are those of the window's end, and would be those of its
    beginning then.

    Args:
        picture: Event picture, uint8 [H, W, 3].
        ids: Instance ids, uint8 [H, W].
        width: Columns wanted.
        height: Rows wanted.
        rng: Source of chance.
        least_crop: Smallest share of the side that a crop keeps.
        events: Whether events are changed, too; of a robust picture alone, since in others the
            level of "no event" is not known.
    """
    if rng.random() < 0.5:
        picture, ids = picture[:, ::-1], ids[:, ::-1]
    if rng.random() < 0.2:
        picture, ids = picture[::-1], ids[::-1]
    picture, ids = _crop(np.ascontiguousarray(picture), np.ascontiguousarray(ids),
                         width, height, least_crop, rng)
    if not events:
        return picture, ids
    signed = picture.astype(np.int16) - NO_EVENT
    if rng.random() < 0.5:
        signed = -signed
    if rng.random() < 0.2:
        signed = signed * (rng.random(ids.shape) > rng.uniform(0, 0.5))[..., None]
    if rng.random() < 0.2:
        spots = rng.random(ids.shape) < np.exp(rng.uniform(np.log(1e-4), np.log(0.03)))
        signed = np.where(spots[..., None], rng.integers(-60, 61, (*ids.shape, 1)), signed)
    if rng.random() < 0.3:
        signed = np.rint(signed * rng.uniform(0.6, 1.3))
    return np.clip(signed + NO_EVENT, 1, 255).astype(np.uint8), ids
