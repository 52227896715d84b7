# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The frames of training pairs, and changes under which their masks stay true."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

from ..data.pairs import PairStore


class Frames:
    """Frames and ids of the pairs in a folder, padded as a student's input is."""

    def __init__(self, folder: Path) -> None:
        """Open a folder that `python -m training pairs` has written."""
        self._pairs = PairStore(folder)

    def refresh(self) -> None:
        """Take up pairs that have appeared since."""
        self._pairs.refresh()

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._pairs)

    def __getitem__(self, index: int) -> tuple[UInt8, UInt8]:
        """Return the frame uint8 [H, W, 3] RGB and ids uint8 [H, W], all 0 if unlabelled."""
        pair = self._pairs[index]
        return pair.frame, pair.ids if pair.labelled else np.zeros_like(pair.ids)


def augment_frame(
    picture: UInt8, ids: UInt8, width: int, height: int, rng: np.random.Generator,
    least_crop: float = 0.6,
) -> tuple[UInt8, UInt8]:
    """Crop, mirror, and change light, colour, focus and noise as cameras do.

    Args:
        picture: uint8 [H, W, 3] RGB.
        ids: Instance ids, uint8 [H, W].
        width: Columns wanted.
        height: Rows wanted.
        rng: Source of chance.
        least_crop: Smallest share of the side that a crop keeps.
    """
    if rng.random() < 0.5:
        picture, ids = picture[:, ::-1], ids[:, ::-1]
    full_height, full_width = ids.shape
    share = rng.uniform(least_crop, 1.0)
    w, h = round(full_width * share), round(full_height * share)
    x, y = int(rng.integers(full_width - w + 1)), int(rng.integers(full_height - h + 1))
    if not ids[y:y + h, x:x + w].any():
        x, y, w, h = 0, 0, full_width, full_height
    shrink = cv2.INTER_AREA if w > width else cv2.INTER_LINEAR
    cut = cv2.resize(
        np.ascontiguousarray(picture[y:y + h, x:x + w]), (width, height), interpolation=shrink)
    cut_ids = cv2.resize(
        np.ascontiguousarray(ids[y:y + h, x:x + w]), (width, height),
        interpolation=cv2.INTER_NEAREST_EXACT)
    light = (cut.astype(np.float32) / 255) ** np.exp(rng.normal(0, 0.25))
    light = (light - 0.5) * rng.uniform(0.6, 1.3) + 0.5 + rng.normal(0, 0.08)
    if rng.random() < 0.25:
        light = np.repeat(light.mean(2, keepdims=True), 3, 2)
    else:
        light *= rng.uniform(0.85, 1.15, 3).astype(np.float32)
    if rng.random() < 0.2:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        light = light + rng.normal(0, rng.uniform(0, 0.06), light.shape)
    changed = np.clip(np.rint(light * 255), 0, 255).astype(np.uint8)
    return changed, np.asarray(cut_ids, np.uint8)
