# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The scores of one frame, by what its labels say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.evaluation.datasets import Kind, Sample
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.metrics import (
    PROTOCOLS,
    Labels,
    average_recall,
    best_match,
    boundary_f,
    confusion_matrix,
    iou,
    pairwise_iou,
    region_j,
)
from eventsam_ros.events.types import Bool

from .panoramic import panorama_parts
from .prediction import Prediction

METRICS: Mapping[Kind, Mapping[str, str]] = {
    'instances': {
        'published_mp': "EventSAM's mP as its script computes it",
        'published_mr': "EventSAM's mR as its script computes it",
        'published_miou': "EventSAM's mIoU as its script computes it",
        'published_aiou': "EventSAM's aIoU as its script computes it",
        'corrected_mp': 'mP with one-to-one matches and no background',
        'corrected_mr': 'mR with one-to-one matches and no background',
        'corrected_miou': 'mIoU with one-to-one matches and no background',
        'corrected_aiou': 'aIoU with one-to-one matches and no background',
        'corrected_predicted_miou': 'mean IoU over what was predicted, 0 for what fits nothing',
        'average_recall': 'mean share of objects found at IoU 0.50 to 0.95',
        'recall_50': 'share of objects found at IoU 0.50',
        'click_iou': 'mean IoU of a mask asked for by one click on each object',
        'box_iou': 'mean IoU of a mask asked for by the box of each object',
    },
    'semantic': {},
    'video': {}, 'referring': {},
}
"""What is computed for each frame, and what it means; all 0 to 1, higher is better. The
frames of class maps and videos have none of their own: their confusion matrices are added up,
and their objects are followed through the sequence."""


@dataclass(frozen=True)
class FrameScore:
    """One frame of a run.

    Attributes:
        frame: Its name.
        stamp_ns: Its time.
        events: Events of its window.
        objects: Objects, or classes, in the truth.
        found: Objects, or classes, in the prediction.
        scores: By the names in METRICS; NaN where there is nothing to score.
        stages_ms: Milliseconds by stage.
        confusion: Of class maps, int64 [C, C + 1]; None for other kinds.
        contours: J and F of each object in truth or prediction, by id, or of each sentence, by
            its number; of videos only.
        parts: Of panoramas, counts that add up (see panoramic.panorama_parts).
    """

    frame: str
    stamp_ns: int
    events: int
    objects: int
    found: int
    scores: Mapping[str, float]
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    confusion: NDArray[np.int64] | None = None
    contours: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    parts: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)


def score_frame(
    sample: Sample, prediction: Prediction, kind: Kind, classes: ClassTable | None,
    one_object: bool = False, void: int | None = None,
) -> FrameScore:
    """Score one frame.

    Args:
        sample: With labels.
        prediction: Labels of another size are brought to the truth's, nearest neighbour.
        kind: What the labels say.
        classes: Class table of a semantic dataset.
        one_object: Whether all that is predicted is one object, as all of the truth is (DAVIS
            2016, whose masks are 0 and 255).
        void: Value of the truth at which nothing counts, of videos; None for none.

    Raises:
        ValueError: The labels do not fit the class table.
    """
    truth = sample.labels
    assert truth is not None
    labels = _resized(prediction.labels, truth)
    if one_object:
        labels = (labels > 0).view(np.uint8)
    counted = np.ones(truth.shape, np.bool_) if void is None else np.asarray(truth != void)
    if void is not None:
        truth, labels = truth * counted, labels * counted
    scores: dict[str, float] = {}
    confusion, contours = None, {}
    parts: Mapping[str, NDArray[np.int64]] = {}
    match kind:
        case 'instances':
            scores = _instances(truth, labels, prediction)
        case 'semantic':
            assert classes is not None
            confusion = confusion_matrix(truth, labels, len(classes), classes.ignore)
            if sample.pixel_height is not None:
                parts = panorama_parts(truth, labels, classes, sample.pixel_height)
        case 'referring' if prediction.named:
            contours = _sentences(truth, prediction, counted)
        case 'video' | 'referring':
            contours = _contours(truth, labels)
    window = sample.window
    return FrameScore(
        sample.name, sample.stamp_ns, 0 if window is None else len(window.events),
        _count(truth, kind, classes), _count(labels, kind, classes), scores,
        prediction.stages_ms, confusion, contours, parts)


def _count(labels: Labels, kind: Kind, classes: ClassTable | None) -> int:
    values = set(np.unique(labels).tolist())
    if kind == 'semantic':
        assert classes is not None
        return len(values - {classes.ignore})
    return len(values - {0})


def _resized(labels: Labels, like: Labels) -> Labels:
    if labels.shape == like.shape:
        return labels
    size = (like.shape[1], like.shape[0])
    return np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT))


def _instances(truth: Labels, labels: Labels, prediction: Prediction) -> dict[str, float]:
    scores: dict[str, float] = {}
    for protocol in PROTOCOLS:
        result = best_match(truth, labels, protocol)
        scores |= {f'{protocol}_mp': result.precision, f'{protocol}_mr': result.recall,
                   f'{protocol}_miou': result.iou, f'{protocol}_aiou': result.area_iou}
    scores['corrected_predicted_miou'] = result.predicted_iou
    recall = average_recall(pairwise_iou(truth, labels)[0])
    scores |= {'average_recall': float(recall.mean()), 'recall_50': float(recall[0])}
    objects = [np.asarray(truth == i) for i in np.unique(truth) if i]
    for name in ('click', 'box'):
        masks = prediction.answers.get(name)
        scores[f'{name}_iou'] = math.nan if masks is None or not objects else float(np.mean(
            [iou(mask, wanted) for mask, wanted in zip(masks, objects, strict=True)]))
    return scores


def _contours(truth: Labels, labels: Labels) -> dict[int, tuple[float, float]]:
    found = {}
    for i in sorted({*np.unique(truth).tolist(), *np.unique(labels).tolist()} - {0}):
        mask, wanted = np.asarray(labels == i), np.asarray(truth == i)
        found[i] = region_j(mask, wanted), boundary_f(mask, wanted)
    return found


def _sentences(
    truth: Labels, prediction: Prediction, counted: Bool,
) -> dict[int, tuple[float, float]]:
    """Return J and F of each sentence whose object is known, by its number from 1."""
    found = {}
    for number, named in enumerate(prediction.named, 1):
        if named.object_id is not None:
            mask = np.asarray(_resized(named.mask.view(np.uint8), truth) > 0) & counted
            wanted = np.asarray(truth == named.object_id)
            found[number] = region_j(mask, wanted), boundary_f(mask, wanted)
    return found
