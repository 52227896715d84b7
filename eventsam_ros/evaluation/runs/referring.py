# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Predictions of bundles that follow what sentences name, every sentence by itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Sample
from eventsam_ros.evaluation.datasets.dataset import Expression
from eventsam_ros.events.types import UInt16
from eventsam_ros.inference.referring import Found, ReferringSegmenter

from .prediction import Named, Prediction


class ReferringPredictor:
    """Follows all sentences about a sequence at once, each with a track of its own."""

    def __init__(
        self, segmenter: ReferringSegmenter, expressions: Mapping[str, tuple[Expression, ...]],
    ) -> None:
        """Take a segmenter.

        Args:
            segmenter: Of a bundle of task 'referring'.
            expressions: Sentences of each sequence, by its name.

        Raises:
            DatasetError: No sequence has any.
        """
        if not any(expressions.values()):
            raise DatasetError(
                'the dataset has no sentences, and the bundle finds only what one names')
        self._segmenter, self._expressions = segmenter, expressions
        self._now: dict[str, Expression] = {}

    def begin(self, sequence: str) -> None:
        """Forget the sequence before, and read the sentences of this one.

        Raises:
            DatasetError: A sentence names nothing.
        """
        self._segmenter.clear()
        self._segmenter.reset()
        self._now = {e.id: e for e in self._expressions[sequence]}
        try:
            for expression in self._now.values():
                self._segmenter.add(expression.id, expression.text)
        except ValueError as error:
            raise DatasetError(f'sequence {sequence}: {error}') from error

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:
        """Return the mask of every sentence, and all of them as one picture of ids.

        Raises:
            DatasetError: The sample lacks what the bundle looks at.
        """
        try:
            found = self._segmenter.segment(sample.image, sample.window, sample.stamp_ns)
        except ValueError as error:
            raise DatasetError(f'frame {sample.name} of {sequence}: {error}') from error
        if not found:
            return None
        named = tuple(Named(self._now[f.name].object_id, f.mask) for f in found)
        stages = {k: v for k, v in self._segmenter.timings.items() if k != 'text'}
        return Prediction(self._ids(found), named=named, stages_ms=stages)

    def _ids(self, found: tuple[Found, ...]) -> UInt16:
        """Return object numbers, uint16 [H, W]: the surer sentence wins where two meet."""
        labels = np.zeros(found[0].mask.shape, np.uint16)
        for one in sorted(found, key=lambda f: f.score):
            number = self._now[one.name].object_id
            labels[one.mask] = one.id if number is None else number
        return labels
