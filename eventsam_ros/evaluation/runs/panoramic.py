# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Panoramas in a run: what tells their classes, and the scores that only they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Sample
from eventsam_ros.evaluation.datasets.class_tables import class_translation
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.metrics import Labels, semantic_scores
from eventsam_ros.evaluation.metrics.panoramic import (
    BAND_EDGES,
    INSIDE,
    SEAM,
    band_confusions,
    neighbour_counts,
)
from eventsam_ros.inference.panoramic import PanoramicSegmenter

from .prediction import Prediction

Parts = Mapping[str, NDArray[np.int64]]
"""Counts of a frame that add up: `bands` and `neighbours`, see metrics.panoramic."""


class PanoramicPredictor:
    """Tells the class of every pixel of each sample's panorama."""

    def __init__(self, segmenter: PanoramicSegmenter, classes: ClassTable | None) -> None:
        """Take a segmenter of a bundle of task 'panoramic'.

        Args:
            segmenter: What tells classes.
            classes: Those of the dataset, which may join or lack some of the bundle's.

        Raises:
            DatasetError: The dataset has classes that the bundle's are not joined to.
        """
        self._segmenter = segmenter
        self._table: NDArray[np.uint8] | None = None
        if classes is not None:
            self._table = class_translation(segmenter.bundle.manifest.classes, classes)

    def begin(self, sequence: str) -> None:
        """Do nothing: panoramas are told one by one."""

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:  # noqa: ARG002
        """Return the class of every pixel.

        Raises:
            DatasetError: The sample has no panorama.
        """
        if sample.image is None:
            raise DatasetError(
                f'frame {sample.name} has no picture, and the bundle segments nothing else')
        found = self._segmenter.segment(sample.image)
        labels = found if self._table is None else self._table[found]
        return Prediction(labels, stages_ms=dict(self._segmenter.timings))


def panorama_parts(
    truth: Labels, labels: Labels, classes: ClassTable, pixel_height: float,
) -> Parts:
    """Return the counts of one panorama; see metrics.panoramic for the arguments."""
    return {
        'bands': band_confusions(truth, labels, len(classes), classes.ignore, pixel_height),
        'neighbours': neighbour_counts(truth, labels, classes.ignore)}


def panorama_scores(parts: Sequence[Parts]) -> dict[str, tuple[float, str]]:
    """Return scores over panoramas and what each means.

    Args:
        parts: Of each frame, from panorama_parts; at least one.
    """
    neighbours = np.sum([each['neighbours'] for each in parts], 0)
    bands = np.sum([each['bands'] for each in parts], 0)
    found = {
        'seam_agreement': (
            _share(neighbours[SEAM]), 'share of rows whose first and last pixel have one class, '
            'where they have in the truth'),
        'inner_agreement': (
            _share(neighbours[INSIDE]), 'the same for all other neighbours in a row: what '
            'seam_agreement is without a seam')}
    for k, table in enumerate(bands):
        low, high = BAND_EDGES[k:k + 2]
        name = f'{min(abs(low), abs(high))}_{max(abs(low), abs(high))}'
        where = 'above' if low >= 0 else 'below'
        scores, said = semantic_scores(table), f'{low} to {high} degrees from the horizon'
        found[f'pixel_accuracy_{where}_{name}'] = (
            scores.pixel_accuracy, f'share of pixels with the right class, {said}')
        found[f'miou_{where}_{name}'] = (
            scores.miou, f'mean IoU over the classes that occur, {said}')
    return found


def _share(pair: NDArray[np.int64]) -> float:
    agreeing, total = pair.tolist()
    return agreeing / total if total else math.nan
