# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Labelled pairs in memory, as the readers of eventsam_ros.evaluation give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets import Dataset
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.rgbt_input import thermal_levels

from ..data.shards import write_whole
from ..distill.split import evenly, held_out
from ..distill.students import as_plain
from ..errors import RecipeError
from .recipe import PictureChoice

_PARTS = ('rgb', 'thermal', 'labels')


@dataclass(frozen=True)
class PairPictures:
    """Pairs of one size.

    Attributes:
        names: Of the pairs.
        rgb: uint8 [N, H, W, 3].
        thermal: uint8 [N, H, W].
        labels: Classes, uint8 [N, H, W].
        classes: What they mean.
    """

    names: tuple[str, ...]
    rgb: UInt8
    thermal: UInt8
    labels: UInt8
    classes: ClassTable

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.names)

    def chosen(self, which: Sequence[int]) -> PairPictures:
        """Return some of the pairs."""
        rows = np.asarray(which, np.int64)
        return replace(self, names=tuple(self.names[k] for k in rows), rgb=self.rgb[rows],
                       thermal=self.thermal[rows], labels=self.labels[rows])

    def spread(self, count: int) -> PairPictures:
        """Return at most `count` of the pairs, evenly over all."""
        return self.chosen([int(k) for k in evenly(len(self), count)])


def _open(choice: PictureChoice, split: str) -> Dataset:
    try:
        return open_dataset(choice.path, choice.format, split=split, **choice.options)
    except DatasetError as error:
        raise RecipeError(str(error)) from error


def _samples(dataset: Dataset, path: Path) -> Iterator[tuple[str, tuple[UInt8, UInt8, UInt8]]]:
    shape = None
    try:
        for sequence in dataset.sequences:
            for sample in sequence.samples():
                if sample.image is None or sample.thermal is None or sample.labels is None:
                    raise RecipeError(f'{path}: {sample.name} lacks a picture or its labels')
                shape = shape or sample.labels.shape
                if sample.labels.shape != shape:
                    raise RecipeError(
                        f'{path}: {sample.name} is {list(sample.labels.shape)}, but the first '
                        f'pair is {list(shape)}')
                yield sample.name, (sample.image, thermal_levels(sample.thermal),
                                    np.asarray(sample.labels, np.uint8))
    except DatasetError as error:
        raise RecipeError(str(error)) from error


def read_split(choice: PictureChoice, split: str, cache: Path | None = None) -> PairPictures:
    """Read all pairs of a split.

    Args:
        choice: Where they are.
        split: Name of the split.
        cache: Folder for decoded pictures, which are then read from there by memory maps.

    Raises:
        RecipeError: The set is not laid out as it should be, or its pictures differ in size.
    """
    dataset = _open(choice, split)
    assert dataset.classes is not None
    if cache is None:
        names, columns = [], []
        for name, parts in _samples(dataset, choice.path):
            names.append(name)
            columns.append(parts)
        rgb, thermal, labels = (np.stack([row[k] for row in columns]) for k in range(len(_PARTS)))
        return PairPictures(tuple(names), rgb, thermal, labels, dataset.classes)
    folder = cache / _key(choice, split)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / '.lock').open('w') as lock:
        # all processes of a run come here at once; one that still writes what another reads
        # already would show it zeros
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / 'names.json').exists():
            _fill(folder, dataset, choice.path)
    names = json.loads((folder / 'names.json').read_text())
    rgb, thermal, labels = (np.load(folder / f'{part}.npy', mmap_mode='r') for part in _PARTS)
    return PairPictures(tuple(names), rgb, thermal, labels, dataset.classes)


def _key(choice: PictureChoice, split: str) -> str:
    parts: Any = [str(choice.path.resolve()), choice.format, as_plain(asdict(choice)['options'])]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f'{split}_{digest[:12]}'


def _fill(folder: Path, dataset: Dataset, path: Path) -> None:
    count = sum(len(sequence) for sequence in dataset.sequences)
    names: list[str] = []
    maps: list[UInt8] = []
    for name, parts in _samples(dataset, path):
        if not maps:
            maps = [np.lib.format.open_memmap(
                folder / f'{kind}.npy', 'w+', np.uint8, (count, *part.shape))
                for kind, part in zip(_PARTS, parts, strict=True)]
        for stored, part in zip(maps, parts, strict=True):
            stored[len(names)] = part
        names.append(name)
    text = json.dumps(names)
    write_whole(folder / 'names.json', lambda file: file.write(text.encode()))


def read_training(
    choice: PictureChoice, cache: Path | None = None,
) -> tuple[PairPictures, PairPictures]:
    """Return what a run trains on and what it validates on; never the test splits.

    Raises:
        RecipeError: A split cannot be read, is empty, or is trained and tested on.
    """
    for split in (choice.train, choice.validation):
        if split in choice.test:
            raise RecipeError(f'split {split} is a test split: name another one')
    training = read_split(choice, choice.train, cache)
    if choice.validation:
        return training, read_split(choice, choice.validation, cache)
    held = [held_out(name, choice.share) for name in training.names]
    parts = [[k for k, out in enumerate(held) if out == wanted] for wanted in (False, True)]
    if not all(parts):
        raise RecipeError(f'{choice.path}: a share of {choice.share} leaves nothing to train or '
                          'to validate on')
    return training.chosen(parts[0]), training.chosen(parts[1])
