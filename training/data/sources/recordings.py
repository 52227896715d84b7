# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs of real recordings with events and frames: RGBE-SEG, DSEC, MVSEC.

A pair is a frame with the events before it. Where the reader cuts windows by time, the events
after a frame make another pair: run backwards, with polarities exchanged, they end at the frame
too. That is the time reversal which leaves frame and masks true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.datasets.sequences import FileSequence, SourceSequence
from eventsam_ros.events.types import Events, Window

from ..pair import Pair, Settings, make_pair
from .rgbe import open_rgbe
from .source import SHARD

FORMATS = ('rgbe-seg', 'dsec', 'mvsec')
_LEAST_EVENTS = 0.01
"""Events per pixel under which a window shows nothing and is left out."""

Entries = FileSequence[Any] | SourceSequence[Any, Any]


@dataclass(frozen=True)
class Part:
    """A stretch of a sequence that makes one shard.

    Attributes:
        sequence: Its frames alone.
        backwards: Whether the events after the frames are wanted, run backwards.
    """

    sequence: Entries
    backwards: bool


@dataclass(frozen=True)
class Recordings:
    """Frames of recordings with the events that lead up to them.

    Attributes:
        name: Unique in a folder of pairs.
        options: What the pairs depend on.
        parts: One a shard.
        window_ns: Length of a window that runs backwards.
    """

    name: str
    options: dict[str, Any]
    parts: tuple[Part, ...]
    window_ns: int

    @property
    def shards(self) -> int:
        """Return how many shards there are."""
        return len(self.parts)

    def size(self, shard: int) -> int:
        """Return how many pairs a shard has at most; frames without events are left out."""
        return len(self.parts[shard].sequence)

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on."""
        return self.options

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Read the pairs of a shard.

        Raises:
            DatasetError: A file is missing or broken.
        """
        part = self.parts[shard]
        sequence = part.sequence
        if part.backwards:
            sequence = replace(sequence, entries=tuple(
                replace(e, stamp_ns=e.stamp_ns + self.window_ns) for e in sequence.entries))
        for sample in sequence.samples():
            window = sample.window
            if window is None or sample.image is None:
                continue
            if len(window.events) < _LEAST_EVENTS * window.width * window.height:
                continue
            name = f'{self.name}/{sequence.name}/{sample.name}'
            if part.backwards:
                window, name = run_backwards(window), f'{name} backwards'
            yield make_pair(window, sample.image, None, settings, name)


def run_backwards(window: Window) -> Window:
    """Return the window of the film run backwards: times mirrored, polarities exchanged."""
    e = window.events
    return replace(window, events=Events(
        e.x[::-1], e.y[::-1], (1 - e.p[::-1]).astype(np.uint8),
        window.t_start + window.t_end - 1 - e.t[::-1]))


def open_recordings(
    kind: str, path: Path, split: str = '', *, window_ms: float = 50.0, every: int = 1,
    backwards: bool = False, view: str = 'distorted', time_unit: str = 'us',
) -> Recordings:
    """Open recordings on disk.

    Args:
        kind: One of FORMATS.
        path: Folder of the dataset (mvsec: also one file).
        split: Folder above the sequences; all if empty. Not for mvsec.
        window_ms: Length of the windows; not for rgbe-seg, whose files hold a window each.
        every: Keeps every so many of the frames.
        backwards: Whether the events after each frame make a pair, too; not for rgbe-seg.
        view: 'distorted' (events as the sensor gives them, frames brought to them) or 'rectified'
            (dsec).
        time_unit: What times in event files count in (rgbe-seg).

    Raises:
        DatasetError: Not laid out as the format says, or without frames.
        ValueError: An option outside of its values.
    """
    if kind not in FORMATS:
        raise ValueError(f'recordings must be one of {", ".join(FORMATS)}, but got {kind!r}')
    if every < 1:
        raise ValueError(f'every must be at least 1, but got {every}')
    if kind == 'rgbe-seg':
        if backwards:
            raise ValueError('event files of rgbe-seg hold the events before their frame only: '
                             'leave out backwards')
        found: list[Entries] = [*open_rgbe(path, split, time_unit)]
        options: dict[str, Any] = {'time_unit': time_unit}
    else:
        options = {'window_ms': window_ms}
        if kind == 'dsec':
            options |= {'view': view, 'split': split}
        sequences = open_dataset(path, kind, **options).sequences
        found = [s for s in sequences if isinstance(s, (FileSequence, SourceSequence))]
    parts = tuple(
        Part(replace(s, entries=kept[k:k + SHARD]), back)
        for s in found
        for kept in [s.entries[::every]]
        for back in ((False, True) if backwards else (False,))
        for k in range(0, len(kept), SHARD))
    if not parts:
        raise DatasetError(f'{path} has no frame')
    options |= {'every': every, 'backwards': backwards,
                'sequences': {s.name: len(s) for s in found}}
    name = '-'.join([kind, *Path(split).parts])
    return Recordings(name, options, parts, round(window_ms * 1e6))
