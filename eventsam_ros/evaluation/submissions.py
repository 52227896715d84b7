# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Results on Ref-YouTube-VOS and Ref-DAVIS17 in the form that their evaluations take.

Each sentence is followed by itself: the published script of RefSAM lets the annotators of one
object share a track, which this does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
import zipfile

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Bool, Float32, UInt8
from eventsam_ros.inference.referring import ReferringSegmenter

from .datasets import Dataset, Expression, Sequence
from .datasets.dataset import Labels
from .datasets.pictures import read_indices
from .metrics.referring import ANNOTATORS, VideoScore, annotators_mean, matched, object_score
from .palette import write_binary, write_palette

THRESHOLD = 0.01
"""Logit above which a pixel is mask on Ref-YouTube-VOS, as published."""
BACKGROUND = 0.1
"""Logit of the background on Ref-DAVIS17, as published."""
Mask = Bool | Float32
"""A mask, or logits, [H, W] of the frame."""
Follow = Callable[[Sequence, Expression], Iterable[Mask]]
"""Follows one sentence through a video and gives a mask for each frame in turn."""
Progress = Callable[[int, int], None]
"""Is told how many sentences are done, and of how many."""


def follow_with(segmenter: ReferringSegmenter) -> Follow:
    """Return what follows sentences with a bundle, as the node would.

    Where a mask is, its logit is the score, so that the surer of two objects wins.
    """
    def follow(sequence: Sequence, expression: Expression) -> Iterable[Float32]:
        segmenter.clear()
        try:
            segmenter.add('target', expression.text)
        except ValueError as error:
            raise DatasetError(
                f'sentence {expression.id} of {sequence.name}: {error}') from error
        for sample in sequence.samples():
            found, = segmenter.segment(sample.image, sample.window, sample.stamp_ns)
            sure = max(found.score, 2 * BACKGROUND)
            yield np.where(found.mask, np.float32(sure), np.float32(-1))
    return follow


def _logits(mask: Mask) -> Float32:
    if mask.dtype == np.bool_:
        return np.asarray(np.where(mask, 1, -1), np.float32)
    return np.asarray(mask, np.float32)


def merged(objects: Mapping[int, Mask], background: float = BACKGROUND) -> UInt8:
    """Return whose pixel each is, uint8 [H, W]: 0 where no object is above the background.

    Args:
        objects: Masks or logits by the object's number; a pixel is the highest one's.
        background: Logit of the background.

    Raises:
        ValueError: No object, or one of a number outside 1 to 255.
    """
    if not objects or not all(1 <= number <= 255 for number in objects):
        raise ValueError(f'objects must be of numbers 1 to 255, but are {list(objects)}')
    numbers = np.asarray([0, *objects], np.uint8)
    planes = [np.maximum(_logits(mask), 0) for mask in objects.values()]
    stack = np.stack([np.full_like(planes[0], background), *planes])
    return np.asarray(numbers[stack.argmax(0)], np.uint8)


def write_ref_youtube_vos(
    dataset: Dataset, follow: Follow, folder: Path, threshold: float = THRESHOLD,
    progress: Progress | None = None,
) -> Path:
    """Write masks of every sentence and the archive that the server takes.

    Args:
        dataset: Ref-YouTube-VOS, split valid or test.
        follow: What answers.
        folder: Gets Annotations/<video>/<sentence>/<frame>.png, of 0 and 255.
        threshold: Logit above which a pixel is mask.
        progress: Is told how far it is.

    Returns:
        The archive, submission.zip; other pictures in the folder, as of another split, are not
        in it.

    Raises:
        DatasetError: A sample cannot be read, a picture or the archive not be written, or a
            sentence has not as many masks as frames.
    """
    written: list[Path] = []
    jobs = [(s, e) for s in dataset.sequences for e in s.expressions]
    for done, (sequence, expression) in enumerate(jobs, 1):
        names = [sample.name for sample in sequence.samples()]
        masks = _all(sequence, expression, follow)
        for name, mask in zip(names, masks, strict=True):
            place = folder / 'Annotations' / sequence.name / expression.id / f'{name}.png'
            write_binary(place, (_logits(mask) > threshold).astype(np.uint8))
            written.append(place)
        if progress is not None:
            progress(done, len(jobs))
    archive = folder / 'submission.zip'
    try:
        with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as file:
            for place in written:
                file.write(place, place.relative_to(folder))
    except OSError as error:
        raise DatasetError(
            f'{archive} cannot be written: {error.strerror or error}') from error
    return archive


def write_ref_davis17(
    dataset: Dataset, follow: Follow, folder: Path, background: float = BACKGROUND,
    progress: Progress | None = None,
) -> None:
    """Write the objects of every video as each of the four annotators names them.

    Args:
        dataset: Ref-DAVIS17 with the sentences of all annotators.
        follow: What answers.
        folder: Gets <annotator>/<video>/<frame>.png for annotators 0 to 3, palette pictures.
        background: Logit of the background.
        progress: Is told how far it is.

    Raises:
        DatasetError: A sample cannot be read, a picture not be written, or a sentence has not as
            many masks as frames, or no object.
    """
    total, done = sum(len(s.expressions) for s in dataset.sequences), 0
    for sequence in dataset.sequences:
        for annotator, expressions in sorted(_by_annotator(sequence).items()):
            masks = {_object(sequence, e): _all(sequence, e, follow) for e in expressions}
            for k in range(len(sequence)):
                write_palette(folder / str(annotator) / sequence.name / f'{k:05d}.png', merged(
                    {number: stack[k] for number, stack in masks.items()}, background))
            done += len(expressions)
            if progress is not None:
                progress(done, total)


def score_ref_davis17(
    dataset: Dataset, folder: Path, by_overlap: bool = False,
) -> tuple[VideoScore, tuple[VideoScore, ...]]:
    """Return the score of what write_ref_davis17 wrote, and of each annotator.

    Args:
        dataset: As written for, with masks; pixels of value 255 do not count.
        folder: With the four folders of annotators.
        by_overlap: Whether each object of the truth is given the prediction that overlaps it best,
            as RefSAM's script does; otherwise objects keep their numbers (see metrics.referring).

    Raises:
        DatasetError: A picture is missing or of another size.
    """
    scores: dict[tuple[str, int, int], VideoScore] = {}
    for sequence in dataset.sequences:
        truths = [sample.labels for sample in sequence.samples() if sample.labels is not None]
        for annotator, expressions in _by_annotator(sequence).items():
            found = [read_indices(folder / str(annotator) / sequence.name / f'{k:05d}.png')
                     for k in range(len(sequence))]
            numbers = sorted({_object(sequence, e) for e in expressions})
            if by_overlap:
                each = matched([[_scored(sequence, (one, other), found, truths)
                                 for other in numbers] for one in numbers])
            else:
                each = [_scored(sequence, (one, one), found, truths) for one in numbers]
            for number, score in zip(numbers, each, strict=True):
                scores[sequence.name, number, annotator] = score
    return annotators_mean(scores)


def _scored(
    sequence: Sequence, numbers: tuple[int, int], found: list[Labels], truths: list[Labels],
) -> VideoScore:
    """Return the score of a true object (first number) with a predicted one (second)."""
    try:
        return object_score([np.asarray(f == numbers[1]) for f in found],
                            [np.asarray(t == numbers[0]) for t in truths],
                            [np.asarray(t == 255) for t in truths])
    except ValueError as error:
        raise DatasetError(
            f'results of {sequence.name} do not fit its truth: {error}') from error


def _by_annotator(sequence: Sequence) -> dict[int, list[Expression]]:
    """Return a video's sentences by annotator; those of an object are four in a row."""
    found: dict[int, list[Expression]] = {}
    for expression in sequence.expressions:
        if not expression.id.isdecimal():
            raise DatasetError(
                f'sentences of {sequence.name} must be numbered, but one is {expression.id!r}')
        found.setdefault(int(expression.id) % ANNOTATORS, []).append(expression)
    return found


def _object(sequence: Sequence, expression: Expression) -> int:
    if expression.object_id is None:
        raise DatasetError(f'sentence {expression.id} of {sequence.name} names no object')
    return expression.object_id


def _all(sequence: Sequence, expression: Expression, follow: Follow) -> list[Mask]:
    masks = list(follow(sequence, expression))
    if len(masks) != len(sequence):
        raise DatasetError(f'sentence {expression.id} of {sequence.name} has {len(masks)} masks '
                           f'for {len(sequence)} frames')
    return masks
