# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which candidates become masks."""

from dataclasses import replace

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.inference.automatic import count_cells, select_masks, stability_scores
from eventsam_ros.inference.options import AutomaticOptions

SHAPE = (40, 50)
PLAIN = AutomaticOptions(
    pred_iou=0.5, stability=0.5, stability_offset=1.0, nms_iou=0.5, containment=1.0, min_area=0,
    max_area=1.0, min_region=0, min_events=0, min_density=0.0)


def _disc(column, row, radius, slope=4.0):
    y, x = np.mgrid[:SHAPE[0], :SHAPE[1]]
    return (slope * (radius - np.hypot(x - column, y - row))).astype(np.float32)


def _select(logits, scores, events=None, cell_area=1.0, **changes):
    events = np.ones(SHAPE, np.float32) if events is None else events
    return select_masks(np.stack(logits), np.asarray(scores, np.float32), events, cell_area,
                        replace(PLAIN, **changes))


@given(st.integers(0, 1000), st.floats(0, 3))
def test_stability_equals_sams_definition(seed, offset):
    logits = np.random.default_rng(seed).normal(size=(3, 6, 7)).astype(np.float32) * 2
    cells = count_cells(logits, offset)
    assert cells[1].tolist() == [int((mask > 0).sum()) for mask in logits]
    for mask, score in zip(logits, stability_scores(cells), strict=True):
        values = mask.ravel().tolist()
        inside = sum(v > offset for v in values)
        outside = sum(v > -offset for v in values)
        assert score == pytest.approx(inside / outside if outside else 0)


def test_best_first():
    masks, scores = _select([_disc(10, 10, 5), _disc(35, 10, 5), _disc(20, 30, 5)], [.6, .9, .7])
    assert scores.tolist() == pytest.approx([0.9, 0.7, 0.6])
    assert masks[0, 10, 35] > 0
    assert masks[2, 10, 10] > 0


def test_unsure_masks_go():
    assert len(_select([_disc(10, 10, 5)], [0.49])[1]) == 0
    assert len(_select([_disc(10, 10, 5)], [0.5])[1]) == 1


def test_unstable_masks_go():
    blurred = _disc(10, 10, 5, slope=0.3)
    assert len(_select([blurred], [0.9])[1]) == 0
    assert len(_select([blurred], [0.9], stability=0.0)[1]) == 1


@pytest.mark.parametrize(('cell_area', 'min_area', 'kept'), [
    (1.0, 89, 1), (1.0, 90, 0), (44.4, 3950, 1), (44.4, 3960, 0)])
def test_small_masks_go_by_their_area_in_sensor_pixels(cell_area, min_area, kept):
    disc = _disc(20, 20, 5.2)
    assert np.count_nonzero(disc > 0) == 89
    assert len(_select([disc], [0.9], cell_area=cell_area, min_area=min_area)[1]) == kept


def test_masks_of_nearly_the_whole_picture_go():
    whole = np.full(SHAPE, 5, np.float32)
    assert len(_select([whole], [0.9], max_area=0.9)[1]) == 0
    assert len(_select([whole], [0.9])[1]) == 1


def test_masks_without_events_of_their_own_go():
    events = np.zeros(SHAPE, np.float32)
    events[:, :25] = 2
    seen, unseen = _disc(10, 20, 5), _disc(40, 20, 5)
    masks, _ = _select([unseen, seen], [0.9, 0.8], events, min_events=100)
    assert len(masks) == 1
    assert masks[0, 20, 10] > 0


def test_evidence_is_exact():
    disc = _disc(20, 20, 5.2)
    events = np.where(disc > 0, 3, 7).astype(np.float32)
    assert len(_select([disc], [0.9], events, min_events=3 * 89)[1]) == 1
    assert len(_select([disc], [0.9], events, min_events=3 * 89 + 1)[1]) == 0


def test_a_large_blob_in_thin_noise_goes_by_its_density():
    events = np.full(SHAPE, 0.4, np.float32)
    blob = _disc(25, 20, 18)
    changes = {'cell_area': 44.4, 'min_events': 60}
    assert len(_select([blob], [0.9], events, **changes)[1]) == 1
    assert len(_select([blob], [0.9], events, min_density=0.02, **changes)[1]) == 0


def test_of_masks_alike_the_best_stays():
    masks, scores = _select([_disc(20, 20, 8), _disc(21, 20, 8), _disc(20, 21, 8)], [.7, .9, .8])
    assert scores.tolist() == pytest.approx([0.9])
    assert masks[0, 20, 28] > 0


def test_parts_stay_only_when_wanted():
    part, whole = _disc(18, 20, 3), _disc(20, 20, 12)
    assert len(_select([part, whole], [0.8, 0.9])[1]) == 2
    _, scores = _select([part, whole], [0.8, 0.9], containment=0.9)
    assert scores.tolist() == pytest.approx([0.9])


def test_islands_are_cleaned_before_they_are_judged():
    logits = np.maximum(_disc(12, 20, 8), _disc(40, 20, 1.5))
    events = np.where(_disc(40, 20, 1.5) > 0, 50, 0).astype(np.float32)
    assert len(_select([logits], [0.9], events, min_events=60)[1]) == 1
    assert len(_select([logits], [0.9], events, min_events=60, min_region=20)[1]) == 0
    masks, _ = _select([logits], [0.9], min_region=20)
    assert masks[0, 20, 40] < 0
    assert cv2.connectedComponents((masks[0] > 0).view(np.uint8))[0] == 2


def test_masks_are_limited_to_the_best():
    logits = [_disc(8 + 11 * k, 20, 4) for k in range(4)]
    _, scores = _select(logits, [0.6, 0.9, 0.7, 0.8], max_masks=2)
    assert scores.tolist() == pytest.approx([0.9, 0.8])


def test_no_candidates():
    masks, scores = select_masks(
        np.zeros((0, *SHAPE), np.float32), np.zeros(0, np.float32), np.zeros(SHAPE, np.float32),
        1.0, AutomaticOptions())
    assert masks.shape == (0, *SHAPE)
    assert scores.shape == (0,)
