# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Moments of DSEC sequences: events, frame and labels in one view."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eventsam_ros.events.types import UInt8, Window

from .classes import ClassTable
from .dataset import Sample
from .dsec_events import HEIGHT, WIDTH, DsecEvents
from .pictures import check_shape, read_colour, read_labels
from .rectification import (
    Matrix,
    Rectification,
    infinite_homography,
    read_rectify_map,
    rectified_frame,
)
from .sequences import SourceSequence
from .stored_events import WindowRule

LABEL_ROWS = 440
"""Rows of the rectified view that are labelled; the car's bonnet is below."""
EVENTS = Path('events/left/events.h5')
CALIBRATION = Path('calibration/cam_to_cam.yaml')


@dataclass(frozen=True)
class Moment:
    """A time with its frame and its labels, as far as there are any.

    Attributes:
        name: Of the frame or the labels.
        stamp_ns: Time in the dataset's clock.
        frame: The picture.
        labels: The label picture.
    """

    name: str
    stamp_ns: int
    frame: Path | None
    labels: Path | None


@dataclass(frozen=True)
class Reading:
    """How the moments of a sequence are read.

    Attributes:
        folder: Of the sequence.
        rule: Which events make a window.
        view: 'rectified' or 'distorted'.
        rows: Of the view.
        warped: Whether frames are in the rectified view already.
        classes: What labels may say; None where there are none.
    """

    folder: Path
    rule: WindowRule
    view: str
    rows: int
    warped: bool
    classes: ClassTable | None


class Source:
    """The open events of a sequence, and its geometry as far as it is needed.

    Attributes:
        geometry: Map of the event camera.
        homography: From the frame camera to it.
        events: The events, distorted.
    """

    def __init__(self, reading: Reading, frames: bool) -> None:
        """Open what the moments need, with `frames` also what frames need."""
        folder = reading.folder
        self.geometry: Rectification | None = None
        self.homography: Matrix | None = None
        if frames and not reading.warped:
            self.homography = infinite_homography(folder / CALIBRATION)
        if reading.view == 'rectified' or reading.classes or self.homography is not None:
            table = read_rectify_map(folder / EVENTS.parent / 'rectify_map.h5', WIDTH, HEIGHT)
            self.geometry = Rectification(table, reading.rows)
        self.events = DsecEvents(folder / EVENTS)

    def __enter__(self) -> Source:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the events."""
        self.events.close()


def _read(reading: Reading, source: Source, moment: Moment) -> Sample:
    window = reading.rule.window(source.events, moment.stamp_ns)
    labels = frame = None
    if moment.labels is not None and reading.classes is not None:
        labels = read_labels(moment.labels, reading.classes, (LABEL_ROWS, WIDTH))
    if moment.frame is not None:
        frame = _frame(reading, source, moment.frame)
    if reading.view == 'rectified':
        assert source.geometry is not None
        window = Window(source.geometry.events(window.events), window.t_start, window.t_end,
                        WIDTH, reading.rows)
    elif labels is not None:
        assert source.geometry is not None
        assert reading.classes is not None
        labels = source.geometry.distorted_labels(labels, reading.classes.ignore)
    return Sample(moment.name, moment.stamp_ns, window, frame, labels=labels)


def _frame(reading: Reading, source: Source, path: Path) -> UInt8:
    picture = read_colour(path)
    if reading.warped:
        if picture.shape[0] not in (LABEL_ROWS, HEIGHT):
            check_shape(path, picture, (HEIGHT, WIDTH))
        return picture[:reading.rows]
    assert source.homography is not None
    if reading.view == 'rectified':
        return rectified_frame(picture, source.homography, WIDTH, reading.rows)
    assert source.geometry is not None
    return source.geometry.distorted_frame(picture, source.homography)


def sequence(
    name: str, moments: tuple[Moment, ...], reading: Reading, left_out: Counter[str],
) -> SourceSequence[Source, Moment]:
    """Return the sequence of some moments."""
    with_frames = any(moment.frame is not None for moment in moments)
    return SourceSequence(name, moments, partial(Source, reading, with_frames),
                          partial(_read, reading), left_out=+left_out)
