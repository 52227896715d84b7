# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Ground truth of a recording: one of its topics, or a folder of pictures named by their time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.messages import ImageRecord, PacketRecord
from eventsam_ros.evaluation.recordings import Recording
from eventsam_ros.events.types import UInt8, UInt16

from .files import pictures
from .pictures import read_indices, repeated, rgb

WORDS = ('ground_truth', 'groundtruth', 'mask', 'label', 'semantic', 'instance')
"""What names of topics with ground truth contain; the first that any contains decides."""
_GREY = ('mono8', '8UC1', 'mono16', '16UC1', '16SC1', '32SC1')
_SWAPPED = ('bgr8', '8UC3', 'bgra8')


@dataclass(frozen=True)
class Topics:
    """Where things are in a recording.

    Attributes:
        events: Topic of the events.
        truth: Topic or folder of the ground truth.
        image: Topic of the pictures; '' if there are none.
    """

    events: str
    truth: str | Path
    image: str


@dataclass(frozen=True)
class Truth:
    """Ground truth of a moment: a message, or a file that is read when it is needed.

    Attributes:
        stamp_ns: Host time.
        content: What it says.
    """

    stamp_ns: int
    content: ImageRecord | Path

    def labels(self, where: str) -> UInt8 | UInt16:
        """Return the ids [H, W].

        Args:
            where: Recording and topic, for errors.

        Raises:
            DatasetError: Missing, or no picture of ids.
        """
        if isinstance(self.content, Path):
            return read_indices(self.content)
        array = self.content.array
        if self.content.encoding not in _GREY or (
                array.size and not 0 <= array.min() <= array.max() <= 65535):
            raise DatasetError(
                f'ground truth {where} must be ids in mono8 or mono16, but is '
                f'{self.content.encoding}')
        return array.astype(np.uint8 if array.dtype == np.uint8 else np.uint16, copy=False)


def find_topics(
    recording: Recording, events: str, truth: str, image: str,
) -> Topics:
    """Return the topics that were named, or those that their names give away.

    Args:
        recording: An open recording.
        events: Topic of the events; '' takes the first.
        truth: Topic or folder; '' looks for WORDS in the names of topics.
        image: Topic of pictures; '' takes the first that is no ground truth, 'none' takes none.

    Raises:
        DatasetError: No such topic, no events or no ground truth.
    """
    topics, images = recording.topics, recording.image_topics
    folder = bool(truth) and Path(truth).is_dir()
    for name in (events, '' if folder else truth, '' if image == 'none' else image):
        if name and name not in topics:
            raise DatasetError(
                f'recording {recording.path} has no topic {name}, only {", ".join(topics)}')
    if not recording.event_topics:
        raise DatasetError(f'recording {recording.path} has no topic of events')
    if not truth:
        found = [t for word in WORDS for t in images if word in t]
        if not found:
            raise DatasetError(
                f'recording {recording.path} has no topic of ground truth, only '
                f'{", ".join(topics)}; name one, or a folder, with the option ground_truth')
        truth = found[0]
    if not image:
        others = [t for t in images if t != truth and not any(word in t for word in WORDS)]
        image = others[0] if others else ''
    return Topics(events or recording.main_events, Path(truth) if folder else truth,
                  '' if image == 'none' else image)


def stamped_files(folder: Path) -> list[Truth]:
    """Return the pictures of a folder by their time: <host time in ns>.png.

    Raises:
        DatasetError: A name that is no time, or no pictures.
    """
    found = []
    for name, path in pictures(folder, endings=('.png',)).items():
        if not name.isdecimal():
            raise DatasetError(
                f'ground truth {path} must be named by its time, <nanoseconds>.png')
        found.append(Truth(int(name), path))
    if not found:
        raise DatasetError(f'folder {folder} has no ground truth <nanoseconds>.png')
    return sorted(found, key=lambda truth: truth.stamp_ns)


def messages(
    recording: Recording, topics: Topics,
) -> Iterator[PacketRecord | Truth | ImageRecord]:
    """Return events, ground truth and pictures in the order of recording.

    Raises:
        DatasetError: See stamped_files().
        RecordingError: Damaged content.
    """
    waiting = stamped_files(topics.truth) if isinstance(topics.truth, Path) else []
    wanted = [topics.events, topics.image, '' if waiting else str(topics.truth)]
    for message in recording.messages([topic for topic in wanted if topic]):
        content = message.message
        if isinstance(content, PacketRecord):
            yield content
            while waiting and waiting[0].stamp_ns <= content.stamp_ns:
                yield waiting.pop(0)
        elif isinstance(content, ImageRecord):
            is_truth = message.topic == topics.truth
            yield Truth(content.stamp_ns, content) if is_truth else content
    yield from waiting


def count_truths(recording: Recording, topics: Topics) -> int:
    """Return how many ground truths there are; pictures are not decoded."""
    if isinstance(topics.truth, Path):
        return len(stamped_files(topics.truth))
    return sum(1 for _ in recording.messages([topics.truth], parsed=False))


def colours(image: ImageRecord) -> UInt8 | None:
    """Return a message's picture, uint8 [H, W, 3] RGB; None where it is of no such kind."""
    array = image.array
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    if array.dtype != np.uint8:
        return None
    if array.ndim == 2:
        return repeated(array)
    return rgb(array[..., :3]) if image.encoding in _SWAPPED else array[..., :3]
