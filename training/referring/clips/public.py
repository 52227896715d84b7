# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clips of public sets: Ref-YouTube-VOS, Ref-DAVIS17, and single pictures of RefCOCO, + and g."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Dataset, Expression
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.datasets.sequences import FileSequence

from ...data.pair import resized_frame, resized_ids
from ...errors import RecipeError
from .clip import Clip, Sentence

REACH = 3
"""RefSAM's clips are a frame and one up to so many frames before and after it."""


class PublicClips:
    """Random access to short clips of videos with sentences; a clip around every frame.

    A clip has the frames up to `reach` before and after its own, as far as the video goes; a
    single picture is a clip of one frame. Its sentences are all those of the video whose object
    shows in one of its frames.
    """

    def __init__(self, dataset: Dataset, reach: int = REACH, longest: int = 0) -> None:
        """Take a dataset of kind referring.

        Args:
            dataset: With masks.
            reach: Frames before and after, at least 0.
            longest: Longer side that pictures are brought to where they are larger, pixels; 0
                keeps them as they are.

        Raises:
            RecipeError: Another kind of dataset, or one whose masks are withheld.
        """
        if dataset.kind != 'referring':
            raise RecipeError(f'{dataset.format} has no sentences')
        self._reach, self._longest = reach, longest
        self._items: list[tuple[FileSequence[Any], tuple[Expression, ...], int]] = []
        for sequence in dataset.sequences:
            told = tuple(e for e in sequence.expressions if e.object_id is not None)
            if isinstance(sequence, FileSequence) and told:
                self._items += [(sequence, told, k) for k in range(len(sequence))]
        if not self._items:
            raise RecipeError(
                f'{dataset.format} has no masks in its split {dataset.split}: train on another')

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self._items)

    def sentences(self, index: int) -> tuple[Sentence, ...]:
        """Return all sentences of a clip's video, without reading its pictures."""
        return tuple(Sentence(e.text, _object(e)) for e in self._items[index][1])

    def __getitem__(self, index: int) -> Clip:
        """Return a clip.

        Raises:
            RecipeError: A file is missing or broken, or masks have too large numbers.
        """
        sequence, told, middle = self._items[index]
        frames, ids = [], []
        try:
            for entry in sequence.entries[max(middle - self._reach, 0):middle + self._reach + 1]:
                sample = sequence.read(entry)
                assert sample.image is not None
                assert sample.labels is not None
                if sample.labels.max() > 255:
                    raise DatasetError(f'{sequence.name} has an object of number '
                                       f'{sample.labels.max()}, but 255 is the largest')
                size = self._size(sample.image.shape[1], sample.image.shape[0])
                frames.append(resized_frame(sample.image, size))
                labels = np.asarray(sample.labels, np.uint8)
                ids.append(labels if labels.shape[::-1] == size else resized_ids(labels, size))
        except DatasetError as error:
            raise RecipeError(str(error)) from error
        stack = np.stack(ids)
        shown = set(np.unique(stack).tolist())
        kept = [e for e in told if _object(e) in shown] or list(told)
        return Clip(np.stack(frames), None, stack,
                    tuple(Sentence(e.text, _object(e)) for e in kept),
                    f'{sequence.name}/{middle}')

    def _size(self, width: int, height: int) -> tuple[int, int]:
        share = min(self._longest / max(width, height), 1) if self._longest else 1
        return max(round(width * share), 1), max(round(height * share), 1)


def _object(expression: Expression) -> int:
    assert expression.object_id is not None
    return expression.object_id


def open_public(
    path: Path, name: str, split: str, *, reach: int = REACH, longest: int = 0, **options: Any,
) -> PublicClips:
    """Open a public set for training.

    Args:
        path: Its folder.
        name: 'ref-youtube-vos', 'ref-davis17' or 'refcoco'.
        split: A split with masks.
        reach: See PublicClips.
        longest: See PublicClips.
        options: Of the format, like which='refcoco,refcoco+,refcocog'.

    Raises:
        RecipeError: It cannot be opened, or has no masks.
    """
    try:
        dataset = open_dataset(path, name, split=split, **options)
    except DatasetError as error:
        raise RecipeError(str(error)) from error
    return PublicClips(dataset, reach, longest)
