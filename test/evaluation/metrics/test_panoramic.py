# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scores of panoramas against naive loops over their pixels."""

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics.panoramic import (
    BAND_EDGES,
    INSIDE,
    SEAM,
    band_confusions,
    neighbour_counts,
    row_latitudes,
)


def maps(height=12, width=24, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.repeat(rng.integers(0, classes, (height // 3, width // 3)), 3, 0), 3, 1)
    noise = rng.integers(0, classes, truth.shape)
    predicted = np.where(rng.random(truth.shape) < 0.7, truth, noise)
    truth[rng.random(truth.shape) < 0.1] = 255
    return truth.astype(np.uint8), predicted.astype(np.uint8)


@pytest.mark.parametrize(('height', 'pixel_height'), [(12, 1.0), (5, 1.0), (12, 0.6875)])
def test_bands_against_a_loop(height, pixel_height):
    truth, predicted = (m[:height] for m in maps())
    expected = np.zeros((6, 3, 4), np.int64)
    for row in range(height):
        latitude = (height - 1 - 2 * row) / 2 * 15 * pixel_height
        for column in range(24):
            if truth[row, column] != 255:
                band = max(k for k in range(6) if latitude >= BAND_EDGES[k])
                expected[band, truth[row, column], predicted[row, column]] += 1
    found = band_confusions(truth, predicted, 3, pixel_height=pixel_height)
    np.testing.assert_array_equal(found, expected)


def test_the_middle_of_a_full_panorama_is_the_horizon():
    latitudes = row_latitudes(180, 360)
    assert latitudes[0] == 89.5
    assert latitudes[-1] == -89.5
    np.testing.assert_allclose(latitudes, -latitudes[::-1])
    assert row_latitudes(400, 2048)[0] == pytest.approx(35.07, abs=0.01)   # DensePASS: 70 degrees


def test_neighbours_against_a_loop():
    truth, predicted = maps(seed=1)
    expected = np.zeros((2, 2), np.int64)
    for row in range(12):
        for column in range(24):
            if truth[row, column] == truth[row, column - 1] != 255:
                where = SEAM if column == 0 else INSIDE
                expected[where, 1] += 1
                expected[where, 0] += predicted[row, column] == predicted[row, column - 1]
    assert expected[:, 1].min() > 0
    np.testing.assert_array_equal(neighbour_counts(truth, predicted), expected)


def test_a_network_that_loses_the_edge_is_seen():
    truth = np.zeros((8, 32), np.uint8)
    predicted = truth.copy()
    predicted[:6, -2:] = 1
    counts = neighbour_counts(truth, predicted)
    assert counts[SEAM].tolist() == [2, 8]
    assert counts[INSIDE].tolist() == [8 * 31 - 6, 8 * 31]
    with pytest.raises(ValueError, match='one shape'):
        neighbour_counts(truth, predicted[:4])
