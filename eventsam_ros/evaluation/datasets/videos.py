# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Frames and palette masks of video sets, shared by DAVIS and the referring sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import UInt8, UInt16

from .dataset import Expression, Sample
from .files import counterpart, pictures
from .pictures import check_shape, read_colour, read_indices
from .sequences import FileSequence

VOID = 255
"""Value of DAVIS 2017 for what does not count."""


@dataclass(frozen=True)
class Frame:
    """A frame of a video.

    Attributes:
        name: Stem of its file.
        number: Its number, which stands for a time.
        image: The picture.
        mask: Object numbers; None where they are withheld.
    """

    name: str
    number: int
    image: Path
    mask: Path | None


def video(
    name: str, frames: Path, masks: Path | None, *, names: Sequence[str] | None = None,
    single: bool = False, expressions: tuple[Expression, ...] = (),
) -> FileSequence[Frame]:
    """Return a video as a sequence.

    Args:
        name: Of the video.
        frames: Folder of its pictures.
        masks: Folder of its masks; None where they are withheld.
        names: Which frames; all if None.
        single: Whether masks are of one object, 0 and anything else.
        expressions: Sentences about its objects.

    Raises:
        DatasetError: A folder or a file is missing.
    """
    images = pictures(frames)
    if not images:
        raise DatasetError(f'{frames} has no frames')
    found = {} if masks is None else pictures(masks, endings=('.png',))
    entries = []
    for k, stem in enumerate(images if names is None else names):
        image = counterpart(images, stem, frames, Path(name))
        mask = None if masks is None else counterpart(found, stem, masks, image)
        entries.append(Frame(stem, int(stem) if stem.isdecimal() else k, image, mask))
    return FileSequence(name, tuple(entries), partial(_read, single), expressions)


def _read(single: bool, frame: Frame) -> Sample:
    image = read_colour(frame.image)
    labels: UInt8 | UInt16 | None = None
    if frame.mask is not None:
        labels = read_indices(frame.mask)
        check_shape(frame.mask, labels, image.shape[:2])
        if single:
            labels = (labels > 0).view(np.uint8)
    return Sample(frame.name, frame.number, image=image, labels=labels)
