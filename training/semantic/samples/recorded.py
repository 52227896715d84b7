# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Moments of recordings: what evaluation reads, such as DDD17 and DSEC-Semantic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.dataset import Sample
from eventsam_ros.evaluation.datasets.registry import (
    find_format,
    open_dataset,
    option_defaults,
    recognised,
)
from eventsam_ros.evaluation.datasets.sequences import FileSequence, SourceSequence
from eventsam_ros.events.types import UInt8

from ...errors import RecipeError
from ..classes import TABLES
from ..sets import SetChoice
from .sample import EventSample, packets_of

Entries = FileSequence[Any] | SourceSequence[Any, Any]


@dataclass(frozen=True)
class Recorded:
    """Samples of a dataset.

    Attributes:
        choice: What was opened.
        packets: Packets of each.
        sequences: Its sequences, thinned out.
    """

    choice: SetChoice
    packets: int
    sequences: tuple[Entries, ...]

    def __len__(self) -> int:
        """Return the number of samples."""
        return sum(len(s) for s in self.sequences)

    def description(self) -> dict[str, Any]:
        """Return the sequences and their lengths."""
        return {'sequences': {s.name: len(s) for s in self.sequences}}

    def take(self, first: int, last: int) -> Iterator[EventSample]:
        """Read samples.

        Raises:
            DatasetError: A file is missing or broken, or a sample has no events.
        """
        begin = 0
        for sequence in self.sequences:
            low, high = max(first - begin, 0), min(last - begin, len(sequence))
            begin += len(sequence)
            if low >= high:
                continue
            part: Entries = replace(sequence, entries=sequence.entries[low:high])
            for sample in part.samples():
                yield self._sample(sequence.name, sample)

    def _sample(self, sequence: str, sample: Sample) -> EventSample:
        if sample.window is None:
            raise DatasetError(f'{sequence}/{sample.name} has no events')
        labels: UInt8 | None = None
        if sample.labels is not None:
            labels = sample.labels.astype('uint8')
        return EventSample(
            f'{sequence}/{sample.name}',
            packets_of(sample.window, self.packets, self.choice.packet_events > 0),
            sample.image if sample.image_to_events else None, labels)


def open_recorded(choice: SetChoice, packets: int, table: str) -> Recorded:
    """Open a dataset with windows as long as all packets.

    Raises:
        RecipeError: It cannot be read, has no events, or has other classes.
    """
    assert choice.path is not None
    try:
        known = find_format(choice.format) if choice.format else next(
            iter(recognised(choice.path)), None)
        name = known.name if known is not None else None
        options: dict[str, Any] = dict(choice.options)
        if known is not None and 'split' in option_defaults(known):
            options.setdefault('split', choice.split)
        options['window_ms'] = choice.packet_ms * packets
        options['window_events'] = choice.packet_events * packets
        found = open_dataset(choice.path, name, **options)
    except DatasetError as error:
        raise RecipeError(str(error)) from error
    wanted = TABLES[table]
    if found.classes is not None and found.classes.names != wanted.names:
        raise RecipeError(f'{choice.path} has the classes {", ".join(found.classes.names)}, but '
                          f'the recipe wants {table}: {", ".join(wanted.names)}')
    sequences = tuple(
        _thinned(s, choice) for s in found.sequences
        if isinstance(s, (FileSequence, SourceSequence))
        and (not choice.names or s.name.startswith(choice.names)))
    made = Recorded(choice, packets, tuple(s for s in sequences if len(s)))
    if not len(made):
        raise RecipeError(f'{choice.path} has no sample that the recipe takes')
    return made


def _thinned(sequence: Entries, choice: SetChoice) -> Entries:
    first, last = (round(share * len(sequence)) for share in choice.part)
    thinned: Entries = replace(sequence, entries=sequence.entries[first:last:choice.every])
    return thinned
