# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From the decoder's answers to many clicks to the few masks that hold."""

from __future__ import annotations

import numba
import numpy as np

from eventsam_ros.events.types import Bool, Float32

from .options import AutomaticOptions
from .overlaps import areas, mask_overlaps, non_max_suppression
from .regions import clean_logits


@numba.njit(nogil=True, cache=True, fastmath=True)
def _count_above(logits, offset, cells):  # type: ignore[no-untyped-def]
    """Write how many logits of each mask are above the offset, and above its negative."""
    # Counted in float32, which is exact here and as wide as what is counted: a vector loop.
    one, none = np.float32(1.0), np.float32(0.0)
    for k in range(len(logits)):
        above, below = none, none
        for value in logits[k].flat:
            above += one if value > offset else none
            below += one if value > -offset else none
        cells[0, k], cells[1, k] = above, below


def stability_scores(logits: Float32, offset: float) -> Float32:
    """Return how little each mask changes when its threshold moves by +-offset.

    Source: `calculate_stability_score` of Kirillov et al., "Segment Anything", 2023.

    Args:
        logits: float32 [M, h, w].
        offset: Logits.

    Returns:
        Area above +offset over area above -offset, float32 [M]; 0 where the latter is 0.
    """
    cells = np.empty((2, len(logits)), np.int64)
    _count_above(logits, np.float32(offset), cells)
    return np.asarray(cells[0] / np.maximum(cells[1], 1), np.float32)


def select_masks(
    logits: Float32, scores: Float32, events: Float32, cell_area: float,
    options: AutomaticOptions,
) -> tuple[Float32, Float32]:
    """Choose the masks that are sure, stable, of sane size, seen by events and not alike.

    Everything happens at the decoder's resolution; only what is chosen needs to be upscaled.

    Args:
        logits: Candidates, float32 [M, h, w], cut to what the sensor fills.
        scores: Expected IoU of each, float32 [M].
        events: Events of each cell, float32 [h, w], from `cell_events`.
        cell_area: Sensor pixels to one cell.
        options: Thresholds.

    Returns:
        Cleaned logits float32 [K, h, w] and scores float32 [K], best first.
    """
    sure = scores >= options.pred_iou
    logits, scores = logits[sure], scores[sure]
    stable = stability_scores(logits, options.stability_offset) >= options.stability
    logits, scores = logits[stable], scores[stable]
    logits, scores = _keep(logits, scores, _sane(logits > 0, cell_area, options))
    logits, scores = _keep_distinct(logits, scores, options)
    cleaned = [clean_logits(each, options.min_region / cell_area) for each in logits]
    logits = np.stack(cleaned) if cleaned else logits
    masks = logits > 0
    proven = _sane(masks, cell_area, options) & _seen(masks, events, cell_area, options)
    logits, scores = _keep(logits, scores, proven)
    logits, scores = _keep_distinct(logits, scores, options)
    return logits[:options.max_masks], scores[:options.max_masks]


def _keep(logits: Float32, scores: Float32, kept: Bool) -> tuple[Float32, Float32]:
    return logits[kept], scores[kept]


def _sane(masks: Bool, cell_area: float, options: AutomaticOptions) -> Bool:
    cells = areas(masks)
    most = options.max_area * masks.shape[1] * masks.shape[2]
    least = max(options.min_area / cell_area, 1)
    return np.asarray((cells >= least) & (cells <= most), np.bool_)


def _seen(masks: Bool, events: Float32, cell_area: float, options: AutomaticOptions) -> Bool:
    inside = np.array([events[mask].sum() for mask in masks], np.float32)
    area = areas(masks) * cell_area
    # Half an event of tolerance: cell sums of whole events are rounded in float32.
    enough = inside + 0.5 >= options.min_events
    return np.asarray(enough & (inside >= options.min_density * area), np.bool_)


def _keep_distinct(
    logits: Float32, scores: Float32, options: AutomaticOptions,
) -> tuple[Float32, Float32]:
    alike, inside = mask_overlaps(logits > 0)
    kept = non_max_suppression(alike, scores, options.nms_iou)
    if options.containment < 1:
        kept = kept[non_max_suppression(
            inside[np.ix_(kept, kept)], scores[kept], options.containment)]
    return logits[kept], scores[kept]
