# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One sequence through a predictor, frame by frame; nothing but the frame at hand is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Dataset, Sample, Sequence

from .prediction import Prediction, Predictor
from .scoring import FrameScore, score_frame
from .summary import SequenceResult

STRANGE = 'predicted objects that the truth never has'
"""Reason in `left_out`: of videos, whose objects are those of the truth (DAVIS)."""
Watcher = Callable[[Sample, Prediction, FrameScore], None]
"""Is shown every scored frame, for films and pictures."""


def run_sequence(
    dataset: Dataset, sequence: Sequence, predictor: Predictor,
    watch: Watcher | None = None, progress: Callable[[float], None] | None = None,
) -> SequenceResult:
    """Predict and score all samples of a sequence.

    Args:
        dataset: For kind and classes.
        sequence: Of that dataset.
        predictor: What answers.
        watch: Is shown every scored frame.
        progress: Is told the share that is done, 0 to 1.

    Raises:
        DatasetError: A sample cannot be read, or its truth does not fit the class table.
    """
    predictor.begin(sequence.name)
    frames: list[FrameScore] = []
    known: set[int] = set()
    unlabelled = unpredicted = 0
    for done, sample in enumerate(sequence.samples(), 1):
        prediction = predictor.predict(sample, sequence.name)
        if sample.labels is None:
            unlabelled += 1
        elif prediction is None:
            unpredicted += 1
        else:
            try:
                score = score_frame(sample, prediction, dataset.kind, dataset.classes,
                                    dataset.one_object, dataset.void)
            except ValueError as error:
                raise DatasetError(
                    f'frame {sample.name} of {sequence.name} cannot be scored: {error}'
                ) from error
            frames.append(score)
            if prediction.named:
                known.update(score.contours)
            elif score.contours:
                known.update({*np.unique(sample.labels).tolist()} - {dataset.void})
            if watch is not None:
                watch(sample, prediction, score)
        if progress is not None:
            progress(done / max(len(sequence), 1))
    left_out = dict(sequence.left_out)
    strange = {i for frame in frames for i in frame.contours} - known
    if strange:
        # "Right where it is in neither picture" would otherwise make them objects, nearly all
        # right. What they cover of the true ones has cost those.
        left_out[STRANGE] = len(strange)
        frames = [replace(frame, contours={
            i: pair for i, pair in frame.contours.items() if i in known}) for frame in frames]
    return SequenceResult(sequence.name, frames, unlabelled, unpredicted, left_out)
