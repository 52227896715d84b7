# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sequences whose samples are read one by one, from files of their own or from an open one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .dataset import Expression, Sample

Entry = TypeVar('Entry')
Source = TypeVar('Source')


@dataclass
class FileSequence(Generic[Entry]):
    """Samples from files of their own; see dataset.Sequence.

    Attributes:
        name: Unique in its dataset.
        entries: What `read` needs for each sample.
        read: Makes a sample. A function of a module or a partial of one, so that it can be
            pickled.
        expressions: Sentences.
        left_out: What is not among the entries.
    """

    name: str
    entries: tuple[Entry, ...]
    read: Callable[[Entry], Sample]
    expressions: tuple[Expression, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.entries)

    def samples(self) -> Iterator[Sample]:
        """Read the samples in the order of time."""
        return map(self.read, self.entries)


@dataclass
class SourceSequence(Generic[Source, Entry]):
    """Samples that also need a source which stays open; see dataset.Sequence.

    Attributes:
        name: Unique in its dataset.
        entries: What `read` needs for each sample.
        open: Opens the source.
        read: Makes a sample of the source and an entry. Like `open` a function of a module or a
            partial of one.
        expressions: Sentences.
        left_out: What is not among the entries.
    """

    name: str
    entries: tuple[Entry, ...]
    open: Callable[[], AbstractContextManager[Source]]
    read: Callable[[Source, Entry], Sample]
    expressions: tuple[Expression, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.entries)

    def samples(self) -> Iterator[Sample]:
        """Read the samples in the order of time."""
        with self.open() as source:
            for entry in self.entries:
                yield self.read(source, entry)
