# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scores of referring sets: four annotators of Ref-DAVIS17, and single pictures.

Objects keep the identity that their sentence gives them. The script that RefSAM ships matches
objects to the truth by their overlap instead (the unsupervised task of DAVIS 2017, see `matched`),
which is more lenient: figures of the two must not stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from eventsam_ros.events.types import Bool

from .video import boundary_f, region_j

ANNOTATORS = 4
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class VideoScore:
    """J, F and J&F of one object, of a video, or of a set.

    Attributes:
        j: Mean region similarity.
        f: Mean contour accuracy.
    """

    j: float
    f: float

    @property
    def j_and_f(self) -> float:
        """Return the mean of J and F."""
        return (self.j + self.f) / 2


def object_score(
    masks: Iterable[Bool], truths: Iterable[Bool], voids: Iterable[Bool] | None = None,
) -> VideoScore:
    """Return J and F of one object, each the mean over all frames of a video.

    Args:
        masks: bool [H, W] each.
        truths: The same.
        voids: Pixels that do not count, the same; none where None.

    Raises:
        ValueError: Shapes or numbers of frames differ, or there are no frames.
    """
    pairs = list(zip(masks, truths, strict=True))
    if voids is not None:
        pairs = [(m & ~v, t & ~v) for (m, t), v in zip(pairs, voids, strict=True)]
    if not pairs:
        raise ValueError('a video must have frames')
    return VideoScore(float(np.mean([region_j(m, t) for m, t in pairs])),
                      float(np.mean([boundary_f(m, t) for m, t in pairs])))


def mean_score(scores: Iterable[VideoScore]) -> VideoScore:
    """Return the mean over objects of all videos alike, as DAVIS 2017 has it.

    Raises:
        ValueError: There are none.
    """
    listed = list(scores)
    if not listed:
        raise ValueError('there are no objects to take the mean over')
    return VideoScore(
        float(np.mean([s.j for s in listed])), float(np.mean([s.f for s in listed])))


def matched(table: Sequence[Sequence[VideoScore]]) -> list[VideoScore]:
    """Return the score of each true object with the prediction that suits all of them best.

    Args:
        table: Score of each true object (rows) with each prediction (columns), as many at least.
    """
    quality = [[score.j_and_f for score in row] for row in table]
    rows, columns = linear_sum_assignment(quality, maximize=True)
    return [table[int(r)][int(c)] for r, c in zip(rows, columns, strict=True)]


def annotators_mean(
    scores: Mapping[tuple[str, int, int], VideoScore],
) -> tuple[VideoScore, tuple[VideoScore, ...]]:
    """Return the score of Ref-DAVIS17: the mean over objects, then over the four annotators.

    Args:
        scores: By video, object and annotator, 0 to 3.

    Returns:
        The score, and that of each annotator.

    Raises:
        ValueError: An annotator lacks objects that another has.
    """
    objects = [{key[:2] for key in scores if key[2] == a} for a in range(ANNOTATORS)]
    if not objects[0] or any(found != objects[0] for found in objects) or (
            len(scores) != ANNOTATORS * len(objects[0])):
        raise ValueError('all four annotators must speak of the same objects, but they speak of '
                         f'{", ".join(str(len(found)) for found in objects)}')
    each = tuple(mean_score(score for key, score in scores.items() if key[2] == a)
                 for a in range(ANNOTATORS))
    return mean_score(each), each


@dataclass
class PictureScores:
    """Scores over pictures with one sentence each, as RefCOCO's are.

    Attributes:
        ious: Of each picture.
        shared: Pixels of all intersections.
        joint: Pixels of all unions.
    """

    ious: list[float] = field(default_factory=list)
    shared: int = 0
    joint: int = 0

    def add(self, mask: Bool, truth: Bool) -> None:
        """Count a picture, bool [H, W] each.

        Raises:
            ValueError: Shapes differ.
        """
        self.ious.append(region_j(mask, truth))
        self.shared += int(np.count_nonzero(mask & truth))
        self.joint += int(np.count_nonzero(mask | truth))

    @property
    def overall_iou(self) -> float:
        """Return all intersections over all unions; large objects count more."""
        return self.shared / self.joint if self.joint else float('nan')

    @property
    def mean_iou(self) -> float:
        """Return the mean over pictures."""
        return float(np.mean(self.ious)) if self.ious else float('nan')

    def precision(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[float, float]:
        """Return the share of pictures whose IoU is above each threshold (P@0.5 and so on)."""
        ious = np.asarray(self.ious)
        return {t: float((ious > t).mean()) if len(ious) else float('nan') for t in thresholds}
