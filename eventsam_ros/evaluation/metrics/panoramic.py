# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What only class maps of panoramas have: a seam that should not show, and latitudes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .overlap import Float64
from .semantic import confusion_matrix

BAND_EDGES = (-90, -60, -30, 0, 30, 60, 90)
"""Latitudes between which scores are given apart, degrees; 0 is the horizon, up is positive."""
SEAM, INSIDE = 0, 1
"""Rows of `neighbour_counts`."""


def row_latitudes(rows: int, columns: int, pixel_height: float = 1.0) -> Float64:
    """Return the latitude of the middle of every row, degrees, the first row's first.

    Args:
        rows: Of a panorama whose middle row is the horizon.
        columns: All around.
        pixel_height: Angle from row to row, over the angle from column to column.
    """
    step = 360 / columns * pixel_height
    return np.asarray((rows / 2 - np.arange(rows) - 0.5) * step, np.float64)


def band_confusions(
    truth: NDArray[np.integer], predicted: NDArray[np.integer], classes: int, ignore: int = 255,
    pixel_height: float = 1.0,
) -> NDArray[np.int64]:
    """Count pixels by true and predicted class in each band of BAND_EDGES.

    Args:
        truth: [H, W]; `ignore` is left out.
        predicted: The same shape.
        classes: Number of classes C.
        ignore: True value that does not count.
        pixel_height: See row_latitudes.

    Returns:
        int64 [bands, C, C + 1], from the lowest band up; see `semantic.confusion_matrix`.

    Raises:
        ValueError: As `semantic.confusion_matrix`.
    """
    latitudes = row_latitudes(truth.shape[0], truth.shape[1], pixel_height)
    inner = np.asarray(BAND_EDGES[1:-1])
    band = np.searchsorted(inner, latitudes, side='right')
    return np.stack([confusion_matrix(truth[band == k], predicted[band == k], classes, ignore)
                     for k in range(len(BAND_EDGES) - 1)])


def neighbour_counts(
    truth: NDArray[np.integer], predicted: NDArray[np.integer], ignore: int = 255,
) -> NDArray[np.int64]:
    """Count neighbours in a row that have one class, where the truth has one there.

    A network that does not see the edge of a panorama agrees over the seam, between the last and
    the first column, as often as it does inside. Counts of several pictures add up.

    Args:
        truth: [H, W]; `ignore` is left out.
        predicted: The same shape.
        ignore: True value that does not count.

    Returns:
        int64 [2, 2]: SEAM and INSIDE; pairs that agree, and all pairs.

    Raises:
        ValueError: The shapes differ.
    """
    if truth.shape != predicted.shape:
        raise ValueError(
            f'class maps must have one shape, but got {truth.shape} and {predicted.shape}')
    counted = (truth == np.roll(truth, 1, 1)) & (truth != ignore)
    agreeing = counted & (predicted == np.roll(predicted, 1, 1))
    pairs = np.stack([agreeing.sum(0), counted.sum(0)], -1)
    return np.stack([pairs[0], pairs[1:].sum(0)]).astype(np.int64)
