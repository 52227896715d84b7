# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From the decoder's answers to many clicks to the few masks that hold."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.types import Bool, Float32, Int64
from eventsam_ros.kernels import kernel

from .options import AutomaticOptions
from .overlaps import areas, mask_overlaps, non_max_suppression
from .regions import clean_logits


@kernel(fastmath=True)
def _count_above(logits, offset, cells):  # type: ignore[no-untyped-def]
    """Write how many logits of each mask are above the offset, above 0, and above minus it."""
    # Counted in float32, which is exact here and as wide as what is counted: a vector loop.
    one, none = np.float32(1.0), np.float32(0.0)
    for k in range(len(logits)):
        above, inside, below = none, none, none
        for value in logits[k].flat:
            above += one if value > offset else none
            inside += one if value > none else none
            below += one if value > -offset else none
        cells[0, k], cells[1, k], cells[2, k] = above, inside, below


def count_cells(logits: Float32, offset: float) -> Int64:
    """Return how many logits of each mask are above the offset, above 0, and above minus it.

    Args:
        logits: float32 [M, h, w].
        offset: Logits.

    Returns:
        int64 [3, M].
    """
    cells = np.empty((3, len(logits)), np.int64)
    _count_above(logits, np.float32(offset), cells)
    return cells


def stability_scores(cells: Int64) -> Float32:
    """Return how little each mask changes when its threshold moves by +-offset.

    Source: `calculate_stability_score` of Kirillov et al., "Segment Anything", 2023.

    Args:
        cells: From `count_cells`.

    Returns:
        Area above +offset over area above -offset, float32 [M]; 0 where the latter is 0.
    """
    return np.asarray(cells[0] / np.maximum(cells[2], 1), np.float32)


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
    size = logits.shape[1] * logits.shape[2]
    cells = count_cells(logits, options.stability_offset)
    fit = np.flatnonzero(
        (scores >= options.pred_iou) & (stability_scores(cells) >= options.stability)
        & _sane(cells[1], size, cell_area, options))
    fit = fit[_distinct(logits[fit] > 0, scores[fit], options)]
    cleaned = [clean_logits(logits[k], options.min_region / cell_area) for k in fit]
    logits, scores = np.stack(cleaned) if cleaned else logits[fit], scores[fit]
    masks = logits > 0
    proven = np.flatnonzero(_sane(areas(masks), size, cell_area, options)
                            & _seen(masks, events, cell_area, options))
    kept = proven[_distinct(masks[proven], scores[proven], options)][:options.max_masks]
    return logits[kept], scores[kept]


def _sane(cells: Int64, size: int, cell_area: float, options: AutomaticOptions) -> Bool:
    """Return which masks of so many cells, of `size`, are neither too small nor too large."""
    most, least = options.max_area * size, max(options.min_area / cell_area, 1)
    return np.asarray((cells >= least) & (cells <= most), np.bool_)


def _seen(masks: Bool, events: Float32, cell_area: float, options: AutomaticOptions) -> Bool:
    inside = np.array([events[mask].sum() for mask in masks], np.float32)
    area = areas(masks) * cell_area
    # Half an event of tolerance: cell sums of whole events are rounded in float32.
    enough = inside + 0.5 >= options.min_events
    return np.asarray(enough & (inside >= options.min_density * area), np.bool_)


def _distinct(masks: Bool, scores: Float32, options: AutomaticOptions) -> Int64:
    """Return the numbers of the masks of which no better one is much the same, best first."""
    alike, inside = mask_overlaps(masks)
    kept = non_max_suppression(alike, scores, options.nms_iou)
    if options.containment < 1:
        kept = kept[non_max_suppression(
            inside[np.ix_(kept, kept)], scores[kept], options.containment)]
    return kept
