# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EventSAM's mP, mR, mIoU and aIoU as its evaluation script computes them, and a corrected form.

Published: segments are the distinct colours of at least 12 pixels, white (nothing) among them;
every segment of the truth takes the predicted segment of highest IoU, however many share it, and
predictions that nobody takes cost nothing. Corrected: "nothing" is no segment, small segments
count, a prediction serves one segment of the truth at most (so that the sum of IoU is highest),
and the same scores are also given seen from the predictions, where what nobody needs costs.

Source: evaluation script of Chen et al., "Segment Any Event Streams via Weighted Adaptation of
Pivotal Tokens", CVPR 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from eventsam_ros.events.types import UInt8
from eventsam_ros.kernels import kernel

from .overlap import Float64, contingency

Protocol = Literal['published', 'corrected']
PROTOCOLS: tuple[Protocol, ...] = ('published', 'corrected')

LEAST_PIXELS = 12
"""Segments with fewer pixels do not exist for the published protocol."""
_WHITE = 0xFFFFFF


@dataclass(frozen=True)
class BestMatch:
    """Scores of one picture, all 0 to 1; NaN where there is no segment to score.

    Attributes:
        precision: mP, mean over the segments of the truth of |g & p| / |p|.
        recall: mR, mean of |g & p| / |g|.
        iou: mIoU, mean of |g & p| / |g or p|.
        area_iou: aIoU, the same weighted by |g|.
        segments: Segments of the truth.
        predicted_iou: Mean IoU over predicted segments of the one that each was matched with;
            0 for those without. Not in the published protocol: NaN.
        predicted: Segments of the prediction.
    """

    precision: float
    recall: float
    iou: float
    area_iou: float
    segments: int
    predicted_iou: float
    predicted: int


@kernel
def _number_colours(picture, ids):  # type: ignore[no-untyped-def]
    """Number the colours in the order of their first pixel; neighbours mostly share theirs."""
    height, width, _ = picture.shape
    size = 1 << 10
    slots = np.full(size, -1, np.int64)
    numbers = np.zeros(size, np.int64)
    count = 0
    before = np.int64(-1)
    number = np.int64(0)
    for row in range(height):
        for column in range(width):
            colour = (np.int64(picture[row, column, 0]) << 16
                      | np.int64(picture[row, column, 1]) << 8
                      | np.int64(picture[row, column, 2]))
            if colour != before:
                before = colour
                place = (colour * 2654435761) & (size - 1)
                while slots[place] not in (-1, colour):
                    place = (place + 1) & (size - 1)
                if slots[place] == -1:
                    slots[place] = colour
                    numbers[place] = count
                    count += 1
                number = numbers[place]
                if 2 * count > size:
                    bigger = np.full(4 * size, -1, np.int64)
                    renumbered = np.zeros(4 * size, np.int64)
                    for k in range(size):
                        if slots[k] >= 0:
                            place = (slots[k] * 2654435761) & (4 * size - 1)
                            while bigger[place] != -1:
                                place = (place + 1) & (4 * size - 1)
                            bigger[place] = slots[k]
                            renumbered[place] = numbers[k]
                    slots, numbers, size = bigger, renumbered, 4 * size
            ids[row, column] = number
    colours = np.empty(count, np.int64)
    for k in range(size):
        if slots[k] >= 0:
            colours[numbers[k]] = slots[k]
    return colours


def colour_segments(picture: UInt8) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Read segments that are coded as colours.

    Args:
        picture: uint8 [H, W, 3]; each colour is a segment.

    Returns:
        Segment of every pixel, int32 [H, W], numbered from 0; and the colour of each segment,
        int64 [S], as first << 16 | second << 8 | third channel.

    Raises:
        ValueError: Not such a picture.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(
            f'picture must be uint8 [H, W, 3], but got {picture.dtype} {list(picture.shape)}')
    ids = np.empty(picture.shape[:2], np.int32)
    return ids, _number_colours(np.ascontiguousarray(picture), ids)


def best_match(
    truth: UInt8 | NDArray[np.integer], predicted: UInt8 | NDArray[np.integer],
    protocol: Protocol = 'published',
) -> BestMatch:
    """Score the segments of one picture.

    Args:
        truth: Colour-coded segments, uint8 [H, W, 3] with white for nothing, or integer labels
            [H, W] with 0 for nothing.
        predicted: The same, of equal height and width.
        protocol: 'published' or 'corrected', see the module.

    Raises:
        ValueError: Unknown protocol, or pictures that do not fit.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f'protocol must be one of {", ".join(PROTOCOLS)}, but got {protocol!r}')
    true_ids, nothing = _segments(truth)
    predicted_ids, predicted_nothing = _segments(predicted)
    counts, ids, found = contingency(true_ids, predicted_ids)
    common = counts.astype(np.float64)
    areas, predicted_areas = common.sum(1), common.sum(0)
    if protocol == 'published':
        kept, kept_predicted = areas >= LEAST_PIXELS, predicted_areas >= LEAST_PIXELS
    else:
        kept, kept_predicted = ids != nothing, found != predicted_nothing
    return _score(common[np.ix_(kept, kept_predicted)], areas[kept],
                  predicted_areas[kept_predicted], protocol)


def _segments(
    picture: UInt8 | NDArray[np.integer],
) -> tuple[NDArray[np.integer], int]:
    """Return labels [H, W] and which of them is "nothing", -1 if none is."""
    if picture.ndim == 3:
        ids, colours = colour_segments(np.asarray(picture))
        found = np.flatnonzero(colours == _WHITE)
        return ids, int(found[0]) if len(found) else -1
    return picture, 0


def _score(
    common: Float64, areas: Float64, predicted_areas: Float64, protocol: Protocol,
) -> BestMatch:
    count, predicted = common.shape
    none = float('nan')
    if count == 0:
        return BestMatch(none, none, none, none, 0,
                         none if protocol == 'published' or not predicted else 0.0, predicted)
    if predicted == 0:
        return BestMatch(0.0, 0.0, 0.0, 0.0, count, none, 0)
    union = areas[:, None] + predicted_areas - common
    overlap = common / union
    if protocol == 'published':
        rows, columns = np.arange(count), overlap.argmax(1)
    else:
        rows, columns = linear_sum_assignment(overlap, maximize=True)
    shared = np.zeros(count)
    shared[rows] = common[rows, columns]
    best, precision = np.zeros(count), np.zeros(count)
    best[rows] = overlap[rows, columns]
    precision[rows] = shared[rows] / predicted_areas[columns]
    from_predictions = none if protocol == 'published' else float(best.sum() / predicted)
    return BestMatch(
        float(precision.mean()), float((shared / areas).mean()), float(best.mean()),
        float((best * areas).sum() / areas.sum()), count, from_predictions, predicted)
