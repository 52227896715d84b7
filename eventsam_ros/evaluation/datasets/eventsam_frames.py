# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Frames of the EventSAM sets: event file, picture and colour-coded ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
import logging
from pathlib import Path

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import Window

from .dataset import Expression, Sample
from .eventsam_events import read_event_file
from .pictures import check_shape, ids_of_colours, read_colour

_DAMAGED = 'frames with damaged events'
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """Files of a frame.

    Attributes:
        name: Of the files.
        number: At the end of the name.
        events: Event file.
        image: Picture; None where the set has none.
        truth: Ground truth.
    """

    name: str
    number: int
    events: Path
    image: Path | None
    truth: Path


@dataclass
class EventsamSequence:
    """Frames with events and ground truth; see dataset.Sequence.

    Attributes:
        name: Folder of the sequence.
        frames: Those that are in both trees.
        size: Sensor columns and rows.
        time_unit: What times in the event files count in.
        damaged: 'refuse' or 'skip' event files that cannot be read.
        left_out: What the trees do not have in common, and what was skipped.
        expressions: None.
    """

    name: str
    frames: tuple[Frame, ...]
    size: tuple[int, int]
    time_unit: str
    damaged: str
    left_out: Counter[str]
    expressions: tuple[Expression, ...] = ()

    def __len__(self) -> int:
        """Return the number of frames, damaged ones among them."""
        return len(self.frames)

    def samples(self) -> Iterator[Sample]:
        """Read the frames in order.

        Raises:
            DatasetError: A file is missing or broken.
        """
        width, height = self.size
        del self.left_out[_DAMAGED]
        for frame in self.frames:
            try:
                events = read_event_file(frame.events, self.time_unit, width, height)
            except DatasetError as error:
                if self.damaged == 'refuse':
                    raise
                self.left_out[_DAMAGED] += 1
                _LOG.warning('left out: %s', error)
                continue
            start, end = (int(events.t[0]), int(events.t[-1]) + 1) if len(events) else (0, 0)
            truth = read_colour(frame.truth)
            check_shape(frame.truth, truth, (height, width))
            image = None
            if frame.image is not None:
                image = read_colour(frame.image)
                check_shape(frame.image, image, (height, width))
            yield Sample(frame.name, frame.number, Window(events, start, end, width, height),
                         image, labels=ids_of_colours(truth))
