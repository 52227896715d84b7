# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pixel accuracy and IoU of class maps, from one confusion matrix over a whole set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .overlap import Float64

Absent = Literal['skip', 'zero']
"""What a class that is neither in the truth nor predicted does to the mean: nothing ('skip'), or
it counts as 0 ('zero', as ESS and SARTM do)."""


@dataclass(frozen=True)
class SemanticScores:
    """Scores of a set of class maps, all 0 to 1.

    Attributes:
        pixel_accuracy: Share of the counted pixels with the right class; NaN without pixels.
        class_iou: IoU of each class, float64 [C]; NaN where it is absent or left out.
        class_accuracy: Recall of each class, float64 [C]; NaN where the truth has none.
        miou: Mean IoU over the classes that count; NaN where none does.
        pixels: Pixels counted.
    """

    pixel_accuracy: float
    class_iou: Float64
    class_accuracy: Float64
    miou: float
    pixels: int


def confusion_matrix(
    truth: NDArray[np.integer], predicted: NDArray[np.integer], classes: int, ignore: int = 255,
) -> NDArray[np.int64]:
    """Count pixels by true and predicted class; matrices of several pictures add up.

    Args:
        truth: Class of every pixel, integers of any shape; `ignore` is left out.
        predicted: The same shape. A value that is no class is a miss: it counts for the true
            class and for no predicted one, in the last column.
        classes: Number of classes C.
        ignore: True value that does not count.

    Returns:
        int64 [C, C + 1]: row true, column predicted; the last column is "no class".

    Raises:
        ValueError: The shapes differ, or the truth has a value that is no class.
    """
    if truth.shape != predicted.shape:
        raise ValueError(
            f'class maps must have one shape, but got {truth.shape} and {predicted.shape}')
    counted = truth != ignore
    true, found = truth[counted].astype(np.int64), predicted[counted].astype(np.int64)
    if len(true) and (int(true.min()) < 0 or int(true.max()) >= classes):
        wrong = int(true.max()) if int(true.max()) >= classes else int(true.min())
        raise ValueError(f'classes must be 0 to {classes - 1} or {ignore}, but got {wrong}')
    found = np.where((found < 0) | (found >= classes), classes, found)
    joint = np.bincount(true * (classes + 1) + found, minlength=classes * (classes + 1))
    return joint.reshape(classes, classes + 1)


def semantic_scores(
    confusion: NDArray[np.int64], absent: Absent = 'skip', exclude: Collection[int] = (),
) -> SemanticScores:
    """Return the scores of a confusion matrix.

    Args:
        confusion: From `confusion_matrix`.
        absent: Rule for classes that do not occur.
        exclude: Classes whose IoU does not enter the mean although their pixels count, as the
            background in FMB's 14-class convention. To leave their pixels out as well, ignore
            them in the truth.
    """
    right = np.diag(confusion).astype(np.float64)
    true = confusion.sum(1).astype(np.float64)
    found = confusion[:, :-1].sum(0).astype(np.float64)
    union = true + found - right
    with np.errstate(invalid='ignore', divide='ignore'):
        class_iou = np.where(union > 0, right / union, np.nan)
        class_accuracy = np.where(true > 0, right / true, np.nan)
    total = float(true.sum())
    counted = np.ones(len(right), np.bool_)
    counted[list(exclude)] = False
    values = np.nan_to_num(class_iou, nan=0.0) if absent == 'zero' else class_iou
    values = values[counted & ~np.isnan(values)]
    class_iou = np.where(counted, class_iou, np.nan)
    return SemanticScores(
        float(right.sum() / total) if total else float('nan'), class_iou, class_accuracy,
        float(values.mean()) if len(values) else float('nan'), int(total))
