# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How sure a difference between two runs is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .overlap import Float64

ROUNDS = 10_000


@dataclass(frozen=True)
class Interval:
    """A mean with the interval that holds 95 % of its resampled values.

    Attributes:
        mean: Of the values.
        low: 2.5th percentile.
        high: 97.5th percentile.
        count: Values.
    """

    mean: float
    low: float
    high: float
    count: int


def paired_difference(
    first: Float64, second: Float64, seed: int = 0, rounds: int = ROUNDS,
) -> Interval:
    """Return the mean of second - first with its percentile bootstrap interval.

    What is resampled are pairs, so both must hold the same things (sequences, or frames) in the
    same order. Frames of one video are alike: resample sequences where there are several.

    Args:
        first: float64 [N]; NaN pairs are left out.
        second: float64 [N].
        seed: Of the resampling.
        rounds: Resampled means.

    Raises:
        ValueError: The lengths differ.
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f'values must be pairs [N], but got shapes {first.shape} and {second.shape}')
    difference = second - first
    difference = difference[~np.isnan(difference)]
    if len(difference) == 0:
        nan = float('nan')
        return Interval(nan, nan, nan, 0)
    rng = np.random.default_rng(seed)
    # In chunks: a long archive has thousands of frames.
    step = max(1, 5_000_000 // len(difference))
    means = np.concatenate([
        difference[rng.integers(0, len(difference), (min(step, rounds - k), len(difference)))]
        .mean(1) for k in range(0, rounds, step)])
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(difference.mean()), float(low), float(high), len(difference))
