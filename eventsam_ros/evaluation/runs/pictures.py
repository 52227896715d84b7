# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a run looked like: a film of every sequence, and its best and worst frames."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from eventsam_ros.evaluation.datasets import Dataset, Sample
from eventsam_ros.evaluation.film import Film
from eventsam_ros.evaluation.metrics import Labels
from eventsam_ros.evaluation.overlay import draw_events, draw_overlay
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.masks import Masks

from .prediction import Prediction
from .scoring import FrameScore
from .store import file_stem

if TYPE_CHECKING:
    from typing_extensions import Self

KEPT = 3
"""Best and worst frames that are kept of each sequence."""
FOLDER = 'pictures'
_MOST = 254
"""Objects that are drawn at most."""


def quality(score: FrameScore) -> float:
    """Return what frames are ranked by, higher is better; NaN where nothing can be said."""
    if score.confusion is not None:
        total = int(score.confusion.sum())
        return float(np.trace(score.confusion[:, :-1])) / total if total else math.nan
    if score.contours:
        return float(np.mean(list(score.contours.values())))
    return score.scores.get('corrected_miou', math.nan)


def as_masks(labels: Labels) -> Masks:
    """Return label images as masks, the largest objects first."""
    values, counts = np.unique(labels, return_counts=True)
    order = [int(i) for i in values[np.argsort(-counts, kind='stable')] if 0 < i < 65535][:_MOST]
    masks = np.array([labels == i for i in order], np.bool_).reshape(-1, *labels.shape)
    return Masks.build(order, masks, np.ones(len(order), np.float32))


def draw(sample: Sample, prediction: Prediction, dataset: Dataset) -> UInt8:
    """Return prediction and truth beside each other, BGR.

    Args:
        sample: With labels.
        prediction: For it.
        dataset: Its class table gives classes their colours.
    """
    assert sample.labels is not None
    sides = []
    for labels in (prediction.labels, sample.labels):
        background = _background(sample, labels)
        if dataset.classes is None:
            sides.append(draw_overlay(background, as_masks(labels)))
        else:
            table = np.zeros((256, 3), np.uint8)
            table[:len(dataset.classes)] = np.array(dataset.classes.colours, np.uint8)[:, ::-1]
            colours = table[np.minimum(labels, 255)]
            sides.append(np.asarray(cv2.addWeighted(background, 0.4, colours, 0.6, 0), np.uint8))
    height = min(side.shape[0] for side in sides)
    same = [side if side.shape[0] == height else np.asarray(cv2.resize(
        side, (round(side.shape[1] * height / side.shape[0]), height))) for side in sides]
    return np.concatenate([same[0], np.full((height, 4, 3), 255, np.uint8), same[1]], 1)


def _background(sample: Sample, labels: Labels) -> UInt8:
    shape = labels.shape
    window, image = sample.window, sample.image
    if window is not None and (window.height, window.width) == shape:
        return draw_events(window)
    if image is not None and image.shape[:2] == shape:
        return np.ascontiguousarray(image[:, :, ::-1])
    return np.full((*shape, 3), 64, np.uint8)


class Gallery:
    """Pictures of one sequence; a context manager.

    The film is overlay.mp4 where the dataset has one sequence, overlays/NAME.mp4 otherwise;
    frames are pictures/NAME.json with JPEG files beside it.
    """

    def __init__(self, output: Path, dataset: Dataset, sequence: str, alone: bool) -> None:
        """Make the folders.

        Args:
            output: Folder of the run.
            dataset: Of the sequence.
            sequence: Its name.
            alone: Whether the dataset has no other.
        """
        # OpenCV takes a film with % in its name for numbered pictures.
        self._name = file_stem(sequence).replace('%', '_')
        self._sequence = sequence
        self._dataset = dataset
        self._folder = output / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        film = output / 'overlay.mp4' if alone else output / 'overlays' / f'{self._name}.mp4'
        film.parent.mkdir(exist_ok=True)
        self._film = Film(film)
        self._frames: list[tuple[float, str, UInt8]] = []
        self._before_ns: int | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def show(self, sample: Sample, prediction: Prediction, score: FrameScore) -> None:
        """Take a scored frame."""
        picture = draw(sample, prediction, self._dataset)
        # Datasets without a clock number their frames.
        by_clock = sample.window is not None or sample.stamp_ns > 1_000_000
        self._film.add(sample.stamp_ns if by_clock else sample.stamp_ns * 100_000_000, picture)
        value = quality(score)
        if math.isnan(value):
            return
        self._frames.append((value, sample.name, picture))
        self._frames.sort(key=lambda frame: frame[0])
        if len(self._frames) > 2 * KEPT:
            del self._frames[KEPT]

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the film and write the frames."""
        self._film.close()
        if kind is not None:
            return
        listed = []
        for k, (score, frame, picture) in enumerate(self._frames):
            file = f'{self._name}.{k}.jpg'
            cv2.imwrite(str(self._folder / file), picture, (cv2.IMWRITE_JPEG_QUALITY, 85))
            listed.append({'sequence': self._sequence, 'frame': frame, 'score': score,
                           'file': file})
        (self._folder / f'{self._name}.json').write_text(json.dumps(listed), 'utf-8')


def gallery_frames(output: Path) -> list[dict[str, object]]:
    """Return the kept frames of all sequences, worst first, each with the path of its file."""
    frames: list[dict[str, object]] = []
    for path in sorted((output / FOLDER).glob('*.json')):
        frames += [{**frame, 'file': str(path.parent / frame['file'])}
                   for frame in json.loads(path.read_text('utf-8'))]
    return sorted(frames, key=lambda frame: float(str(frame['score'])))
