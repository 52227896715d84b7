# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every dataset reader offers: sequences of samples with their ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8, Window

from .classes import ClassTable

Kind = Literal['instances', 'semantic', 'video', 'referring', 'unlabelled']
"""What the labels say: objects without names; classes; objects that keep their id through a
video; objects that a sentence names; nothing, since there are none."""

Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Sample:
    """One moment of a sequence; what a dataset does not have is None.

    Attributes:
        name: Name of the frame in its sequence, as the dataset spells it.
        stamp_ns: Its time in the dataset's clock, ns; the frame's number where it has no clock.
        window: Events that lead up to it.
        image: Colour picture, uint8 [H, W, 3] RGB.
        thermal: Thermal picture, uint8 or uint16 [H, W].
        labels: Ids of objects or classes, [H, W]; 0 is background for objects, and the class
            table's `ignore` is "do not count" for classes. None where this moment has no truth.
        image_to_events: Whether `image` is aligned with the events pixel by pixel.
        planes: Event planes that the dataset ships in place of events, float32 [H, W, C].
        pixel_height: Of panoramas, angle from row to row over the angle from column to column;
            None where `image` does not go all around.
    """

    name: str
    stamp_ns: int
    window: Window | None = None
    image: UInt8 | None = None
    thermal: NDArray[np.uint8] | NDArray[np.uint16] | None = None
    labels: Labels | None = None
    image_to_events: bool = True
    planes: Float32 | None = None
    pixel_height: float | None = None


@dataclass(frozen=True)
class Expression:
    """A sentence and the object it names.

    Attributes:
        id: As in the dataset.
        text: The sentence.
        object_id: Value of the object in the labels; None where the truth is withheld.
    """

    id: str
    text: str
    object_id: int | None


class Sequence(Protocol):
    """A recording of a dataset; nothing but the sample at hand is in memory.

    It holds no open file, so it can be pickled and sent to another process.

    Attributes:
        name: Unique in its dataset.
        expressions: Sentences (kind 'referring'); empty for the others.
        left_out: What is on disk and not among the samples: reason -> how many. What reading
            leaves out is added while samples() runs.
    """

    name: str
    expressions: tuple[Expression, ...]
    left_out: Counter[str]

    def __len__(self) -> int:
        """Return the number of samples, those that reading will leave out among them."""

    def samples(self) -> Iterator[Sample]:
        """Read the samples in the order of time.

        Raises:
            DatasetError: A file is missing or broken; one sentence names it and what was
                expected.
        """


@dataclass(frozen=True)
class Dataset:
    """A dataset on disk.

    Attributes:
        format: Name of its format.
        kind: What its labels say.
        sequences: In the order of their names.
        classes: Names, colours and the value to ignore; None where labels are objects.
        split: Name of the split, or ''.
        one_object: Whether all that is not 0 is one object, in labels and predictions alike.
        void: Value in labels of objects that does not count; None where each is an object.
    """

    format: str
    kind: Kind
    sequences: tuple[Sequence, ...]
    classes: ClassTable | None = None
    split: str = ''
    one_object: bool = False
    void: int | None = None

    @property
    def left_out(self) -> Counter[str]:
        """What is on disk and not among the samples so far: reason -> how many."""
        return sum((sequence.left_out for sequence in self.sequences), Counter[str]())


@dataclass(frozen=True)
class DatasetFormat:
    """A layout on disk that can be read.

    Attributes:
        name: Short, lower case, like 'dsec-semantic'.
        summary: What it is, one line.
        layout: What the folder must look like, several lines.
        source: Where the layout is described.
        recognise: Whether a folder looks like it; cheap, and never raises.
        open: Open it; options are named in `options`.
        options: Name -> what it does and its values, one line each ('split' among them).
    """

    name: str
    summary: str
    layout: str
    source: str
    recognise: Callable[[Path], bool]
    open: Callable[..., Dataset]
    options: Mapping[str, str] = field(default_factory=dict)
