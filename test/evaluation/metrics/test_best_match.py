# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EventSAM's scores against a second, plain implementation of the published rules."""

import numpy as np
import pytest

from eventsam_ros.evaluation.metrics import best_match, colour_segments

WHITE = 255


def _picture(rng, height=24, width=30, segments=None):
    """Paint rectangles, single pixels, nothing, or everything; colours may come twice."""
    picture = np.full((height, width, 3), WHITE, np.uint8)
    count = int(rng.integers(0, 5)) if segments is None else segments
    for _ in range(count):
        colour = rng.integers(0, 256, 3) // 64 * 64
        kind = rng.random()
        row, column = int(rng.integers(height)), int(rng.integers(width))
        if kind < 0.15:
            picture[row, column] = colour
        elif kind < 0.25:
            picture[:] = colour
        else:
            bottom, right = row + int(rng.integers(1, 12)), column + int(rng.integers(1, 14))
            picture[row:bottom, column:right] = colour
    return picture


@pytest.mark.parametrize('seed', range(200))
def test_published_scores_equal_the_plain_rules(oracles, seed):
    rng = np.random.default_rng(seed)
    truth, predicted = _picture(rng), _picture(rng)
    wanted = oracles.published(truth, predicted)
    found = best_match(truth, predicted)
    assert (found.precision, found.recall, found.iou, found.area_iou) == pytest.approx(
        wanted, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize('seed', range(200))
def test_corrected_scores_equal_the_best_assignment(oracles, seed):
    rng = np.random.default_rng(1000 + seed)
    truth, predicted = _picture(rng), _picture(rng)
    wanted = oracles.corrected_iou(truth, predicted)
    found = best_match(truth, predicted, 'corrected')
    assert (found.iou, found.predicted_iou) == pytest.approx(wanted, abs=1e-9, nan_ok=True)


def test_white_counts_and_small_segments_do_not_in_the_published_protocol():
    truth = np.full((10, 10, 3), WHITE, np.uint8)
    truth[:5] = (10, 20, 30)
    predicted = truth.copy()
    predicted[9, :11] = (1, 2, 3)   # 10 pixels: no segment, but they are missing from white
    published = best_match(truth, predicted)
    assert published.segments == 2
    assert published.predicted == 2
    assert published.iou == pytest.approx((1 + 40 / 50) / 2)
    corrected = best_match(truth, predicted, 'corrected')
    assert corrected.segments == 1
    assert corrected.predicted == 2
    assert corrected.iou == 1
    assert corrected.predicted_iou == pytest.approx(0.5)


def test_one_prediction_serves_many_only_in_the_published_protocol():
    truth = np.zeros((8, 16), np.uint16)
    truth[:, :8], truth[:, 8:] = 1, 2
    predicted = np.ones((8, 16), np.uint16)
    assert best_match(truth, predicted).iou == pytest.approx(0.5)
    assert best_match(truth, predicted, 'corrected').iou == pytest.approx(0.25)


def test_labels_and_colours_give_the_same_scores():
    rng = np.random.default_rng(3)
    for _ in range(20):
        pair = [_picture(rng, segments=6) for _ in range(2)]
        labels = []
        for picture in pair:
            ids, colours = colour_segments(picture)
            numbers = np.where(colours == 0xFFFFFF, 0, 1 + np.arange(len(colours)))
            labels.append(numbers[ids].astype(np.uint16))
        # With labels, 0 is "nothing" and still a segment of the published protocol.
        for protocol in ('published', 'corrected'):
            assert _equal(best_match(*labels, protocol), best_match(*pair, protocol))


def _equal(a, b):
    return all(
        np.isclose(x, y, rtol=0, atol=1e-12, equal_nan=True)
        for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


def test_more_colours_than_the_first_table_holds():
    picture = np.arange(3 * 60 * 80, dtype=np.int64).reshape(60, 80, 3)
    picture = (picture * 7919 % 251).astype(np.uint8)
    ids, colours = colour_segments(picture)
    packed = (picture.astype(np.int64) * (65536, 256, 1)).sum(2)
    np.testing.assert_array_equal(colours[ids], packed)
    assert len(set(colours.tolist())) == len(colours) == len(np.unique(packed))


def test_what_does_not_fit_is_one_sentence():
    labels = np.zeros((4, 5), np.uint8)
    with pytest.raises(ValueError, match='protocol must be one of published, corrected'):
        best_match(labels, labels, 'fixed')
    with pytest.raises(ValueError, match=r'one shape \[H, W\], but got \(4, 5\) and \(5, 4\)'):
        best_match(labels, labels.T)
    with pytest.raises(ValueError, match='labels must be integers, but got float64'):
        best_match(labels.astype(float), labels)
    with pytest.raises(ValueError, match='labels must be 0 to 1048576, but got -1'):
        best_match(labels.astype(np.int32) - 1, labels)
    with pytest.raises(ValueError, match=r'uint8 \[H, W, 3\], but got uint8 \[4, 5\]'):
        colour_segments(labels)
