# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where predictions come from: a bundle that segments, or pictures that someone else made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Sample
from eventsam_ros.evaluation.datasets.pictures import has_palette, read_indices
from eventsam_ros.evaluation.metrics import Labels, colour_segments
from eventsam_ros.events.types import Bool
from eventsam_ros.inference import Box, Masks, Point, Prompt, Segmenter
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.semantic import SemanticSegmenter

from .objects import box_of, inmost_point

_WHITE = 0xFFFFFF
_MOST_COLOURS = 65535
"""Objects that 16 bits tell apart."""


@dataclass(frozen=True)
class Named:
    """What a sentence was answered with.

    Attributes:
        object_id: Value of the object in the labels; None where the truth is withheld.
        mask: bool [H, W].
    """

    object_id: int | None
    mask: Bool


@dataclass(frozen=True)
class Prediction:
    """What was found in one sample.

    Attributes:
        labels: Ids of objects or classes, [H, W].
        masks: The masks of the objects where they are known apart, or None.
        answers: Masks that answered prompts on the objects of the truth: 'click' and 'box' to
            bool [N, H, W], in the order of the ids.
        stages_ms: Milliseconds by stage; empty where nothing ran.
        named: Answers to sentences, in their order; each is scored by itself.
    """

    labels: Labels
    masks: Masks | None = None
    answers: Mapping[str, Bool] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    named: tuple[Named, ...] = ()


class Predictor(Protocol):
    """Answers the samples of one sequence after the other."""

    def begin(self, sequence: str) -> None:
        """Forget the sequence before."""

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:
        """Return what is found in a sample; None where there is no prediction for it."""


class BundlePredictor:
    """Segments the events of each sample with a bundle."""

    def __init__(self, segmenter: Segmenter, prompts: bool = True) -> None:
        """Take a segmenter.

        Args:
            segmenter: Of a bundle of task 'events'.
            prompts: Whether to ask by click and box for each object of the truth, too.
        """
        self._segmenter = segmenter
        self._prompts = prompts

    def begin(self, sequence: str) -> None:  # noqa: ARG002
        """Forget the objects of the sequence before."""
        self._segmenter.reset()

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:  # noqa: ARG002
        """Segment the sample's events automatically, and by prompts on the objects of the truth.

        Raises:
            DatasetError: The sample has no events.
        """
        window = sample.window
        if window is None:
            raise DatasetError(
                f'frame {sample.name} has no events, and the bundle segments nothing else')
        masks = self._segmenter.segment(window)
        stages = dict(self._segmenter.timings)
        answers: dict[str, Bool] = {}
        if self._prompts and sample.labels is not None:
            answers = self._ask(sample, sample.labels)
        return Prediction(masks.label_image(), masks, answers, stages)

    def _ask(self, sample: Sample, labels: Labels) -> dict[str, Bool]:
        assert sample.window is not None
        objects = [labels == i for i in np.unique(labels) if i]
        if not objects:
            return {}
        if labels.shape != (sample.window.height, sample.window.width):
            raise DatasetError(
                f'truth of frame {sample.name} is {labels.shape[1]}x{labels.shape[0]}, but its '
                f'events are {sample.window.width}x{sample.window.height}')
        clicks = [Prompt(points=(Point(*inmost_point(mask)),)) for mask in objects]
        boxes = [Prompt(box=Box(*box_of(mask))) for mask in objects]
        found = self._segmenter.segment(sample.window, [*clicks, *boxes]).masks
        return {'click': found[:len(objects)], 'box': found[len(objects):]}


class ClassPredictor:
    """Tells the classes of each sample's events with a bundle."""

    def __init__(self, segmenter: SemanticSegmenter) -> None:
        """Take a segmenter of classes."""
        self._segmenter = segmenter

    def begin(self, sequence: str) -> None:
        """Do nothing: windows are told one by one."""

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:  # noqa: ARG002
        """Return the class of every pixel.

        Raises:
            DatasetError: The sample has no events.
        """
        if sample.window is None:
            raise DatasetError(
                f'frame {sample.name} has no events, and the bundle segments nothing else')
        labels = self._segmenter.segment(sample.window)
        return Prediction(labels, stages_ms=dict(self._segmenter.timings))


class RgbtPredictor:
    """Tells the class of every pixel of each sample's colour and thermal pictures."""

    def __init__(self, segmenter: RgbtSegmenter) -> None:
        """Take a segmenter of a bundle of task 'rgbt_semantic'."""
        self._segmenter = segmenter

    def begin(self, sequence: str) -> None:
        """Do nothing: class maps remember nothing."""

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:  # noqa: ARG002
        """Return the class of every pixel.

        Raises:
            DatasetError: The sample has neither a colour nor a thermal picture.
        """
        try:
            classes = self._segmenter.segment(sample.image, sample.thermal)
        except ValueError as error:
            raise DatasetError(f'frame {sample.name}: {error}') from error
        return Prediction(classes, stages_ms=dict(self._segmenter.timings))


class FolderPredictor:
    """Reads predictions that lie as pictures in a folder for each sequence.

    A picture is FOLDER/SEQUENCE/FRAME.png: one channel of 8 or 16 bits, or the numbers of a
    palette, hold ids or classes; three channels hold a colour for each object on white, as
    EventSAM writes them.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder.

        Raises:
            DatasetError: It does not exist.
        """
        if not folder.is_dir():
            raise DatasetError(f'folder of predictions {folder} does not exist')
        self._folder = folder

    def begin(self, sequence: str) -> None:
        """Do nothing: pictures remember nothing."""

    def predict(self, sample: Sample, sequence: str) -> Prediction | None:
        """Read the picture of a sample; None where there is none.

        Raises:
            DatasetError: It cannot be read.
        """
        path = self._folder / sequence / f'{sample.name}.png'
        if not path.exists():
            return None
        return Prediction(read_labels(path))


def read_labels(path: Path) -> Labels:
    """Read a picture of ids or classes, or of one colour for each object on white.

    Returns:
        uint8 or uint16 [H, W]; of a palette, its numbers; of colours, numbers from 1 on in the
        order of their first pixel.

    Raises:
        DatasetError: It cannot be read, or is no such picture.
    """
    if has_palette(path):
        return read_indices(path)
    picture: NDArray[np.generic] | None = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise DatasetError(f'{path} cannot be read as a picture')
    if picture.ndim == 2 and picture.dtype in (np.uint8, np.uint16):
        return np.asarray(picture)
    if picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8:
        ids, colours = colour_segments(np.asarray(picture))
        if len(colours) > _MOST_COLOURS:
            raise DatasetError(
                f'{path} must have a colour for each object, {_MOST_COLOURS} at most, but has '
                f'{len(colours)} colours')
        numbers = np.cumsum(colours != _WHITE) * (colours != _WHITE)
        return np.asarray(numbers.astype(np.uint16)[ids])
    raise DatasetError(
        f'{path} must be a picture of 8 or 16 bits with one channel, or of 8 bits with three, but '
        f'has {picture.dtype} {list(picture.shape)}')
