# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How good masks without classes are, where it is known what is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventsam_ros.events.types import Bool
from eventsam_ros.inference.overlaps import mask_iou

from .boundary import dilated, outlines
from .mask_cache import MaskCache

FIGURES = ('masks', 'covered', 'purity', 'best_iou', 'edges_right', 'edges_found')
"""Masks of a window; share of the pixels in any mask; largest share of one right region in a
mask, the mean over masks; IoU of the best mask, the mean over right regions; share of the masks'
edges near a right one; share of the right edges near one of a mask."""
_LEAST = 64
"""Pixels that a right region must have in a window to be looked for."""
_NEAR = 2
"""Pixels that edges may be apart."""


def window_quality(masks: Bool, right: Bool) -> dict[str, float]:
    """Return FIGURES of a window; NaN for what cannot be said.

    Args:
        masks: bool [N, h, w].
        right: Regions that are right, bool [M, h, w]; they share no pixel.
    """
    found = {'masks': float(len(masks)), 'covered': float(masks.any(0).mean())}
    found |= dict.fromkeys(FIGURES[2:], float('nan'))
    if len(masks) and len(right):
        inside = np.stack([(masks & one).sum((1, 2)) for one in right], 1)
        areas = np.maximum(masks.sum((1, 2)), 1)
        found['purity'] = float((inside.max(1) / areas).mean())
    wanted = right[right.sum((1, 2)) >= _LEAST]
    if len(wanted):
        best = mask_iou(wanted, masks).max(1) if len(masks) else np.zeros(len(wanted))
        found['best_iou'] = float(best.mean())
    own, true = outlines(masks), outlines(right)
    if own.any():
        found['edges_right'] = float(dilated(true, _NEAR)[own].mean())
    if true.any():
        found['edges_found'] = float(dilated(own, _NEAR)[true].mean())
    return found


def mask_quality(
    masks: MaskCache, right: MaskCache, names: Sequence[str], windows: int,
) -> dict[str, float]:
    """Return the means of FIGURES over the windows of panoramas.

    Args:
        masks: What is judged.
        right: Masks of the same windows that are right.
        names: Panoramas.
        windows: Only so many of the first views are windows.
    """
    every = [window_quality(own, true) for name in names for own, true in zip(
        masks.read(name)[:windows], right.read(name)[:windows], strict=True)]
    columns = {f: np.asarray([one[f] for one in every]) for f in FIGURES}
    return {f: float(np.mean(v[~np.isnan(v)])) if (~np.isnan(v)).any() else float('nan')
            for f, v in columns.items()}
