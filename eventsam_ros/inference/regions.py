# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Small holes and islands of masks, cleaned where it is cheap: on low-resolution logits."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32, UInt8

_SURE = 1.0
"""Logit that a filled hole gets; an island that goes gets its negative."""


def clean_logits(logits: Float32, least: float) -> Float32:
    """Fill holes and drop islands smaller than an area; the largest island always stays.

    Regions are 8-connected, as in SAM's `remove_small_regions`. Neighbours of a region that
    changes sign already have the new sign or change as well, so that nothing of the region is
    left after linear interpolation.

    Args:
        logits: Mask where above 0, float32 [h, w].
        least: Smallest area that may stay, in pixels of the logits.

    Returns:
        float32 [h, w]; the same array where there is nothing to do.
    """
    if least <= 1:
        return logits
    small_holes = _small_regions((logits <= 0).view(np.uint8), least)
    if small_holes is not None:
        logits = np.where(small_holes, np.float32(_SURE), logits)
    small_islands = _small_regions((logits > 0).view(np.uint8), least, keep_largest=True)
    if small_islands is not None:
        logits = np.where(small_islands, np.float32(-_SURE), logits)
    return logits


def _small_regions(mask: UInt8, least: float, keep_largest: bool = False) -> Bool | None:
    """Return where the small regions of a mask are, or None where there are none."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    small = areas < least
    small[0] = False
    if keep_largest and count > 1:
        small[1 + int(np.argmax(areas[1:]))] = False
    if not small.any():
        return None
    return np.asarray(small[labels], np.bool_)
