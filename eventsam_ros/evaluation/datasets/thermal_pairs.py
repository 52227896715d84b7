# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What the sets of colour and thermal pairs share: folders of a split, or flat ones with lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import UInt8, UInt16

from .classes import ClassTable
from .dataset import Sample
from .files import counterpart, pictures, read_lines
from .pictures import (
    check_shape,
    check_values,
    read_colour,
    read_grey,
    read_indices,
    read_stored,
    rgb,
)
from .sequences import FileSequence


@dataclass(frozen=True)
class Pair:
    """Files of a sample.

    Attributes:
        name: Of the sample.
        number: Its place in the split.
        colour: Colour picture; of four channels where `thermal` is None.
        thermal: Thermal picture.
        labels: Label picture.
        mirrored: Whether left and right are swapped on reading.
    """

    name: str
    number: int
    colour: Path
    thermal: Path | None
    labels: Path
    mirrored: bool = False


@dataclass(frozen=True)
class Folders:
    """Names of the folders of a set, and ends of the stems in them.

    Attributes:
        colour: Folder and suffixes of the colour pictures.
        thermal: Those of the thermal pictures.
        labels: Folder of the labels.
    """

    colour: tuple[str, tuple[str, ...]]
    thermal: tuple[str, tuple[str, ...]]
    labels: str

    def at(self, root: Path) -> bool:
        """Return whether a folder has them all."""
        return all((root / name).is_dir()
                   for name in (self.colour[0], self.thermal[0], self.labels))


def pairs(path: Path, split: str, folders: Folders) -> tuple[Pair, ...]:
    """Return the samples of a split: those in the folder of its name, or those its list names.

    Args:
        path: Folder with the splits, or flat with <split>.txt (one name a line).
        split: Name of the split.
        folders: What is where.

    Raises:
        DatasetError: Neither is there, or a file of a sample is missing.
    """
    flat = folders.at(path)
    root = path if flat else path / split
    if not folders.at(root):
        raise DatasetError(
            f'{path} has neither {split}/ nor itself the folders {folders.colour[0]}, '
            f'{folders.thermal[0]} and {folders.labels}')
    colour = _found(root, *folders.colour)
    thermal = _found(root, *folders.thermal)
    labels = pictures(root / folders.labels, endings=('.png',))
    names = listed(path, split) if flat else sorted(labels)
    if not flat and colour.keys() - labels.keys():
        missing = min(colour.keys() - labels.keys())
        counterpart(labels, missing, root / folders.labels, colour[missing])
    return tuple(
        Pair(name, k, counterpart(colour, name, root / folders.colour[0], Path(name)),
             counterpart(thermal, name, root / folders.thermal[0], colour[name]),
             counterpart(labels, name, root / folders.labels, colour[name]))
        for k, name in enumerate(names))


def listed(path: Path, split: str) -> list[str]:
    """Return the names in <split>.txt, endings left out.

    Raises:
        DatasetError: No such list, or it is empty.
    """
    return [Path(line.split()[0]).stem for line in read_lines(path / f'{split}.txt')]


def sequence(
    split: str, found: Iterable[Pair], classes: ClassTable, remap: Sequence[int] = (),
) -> FileSequence[Pair]:
    """Return the one sequence of a split.

    Args:
        split: Its name.
        found: The samples.
        classes: What labels mean.
        remap: Class of each value in the files; as they are if empty.

    Raises:
        DatasetError: No samples.
    """
    entries = tuple(found)
    if not entries:
        raise DatasetError(f'split {split} has no labels')
    return FileSequence(split, entries, partial(read_pair, classes, tuple(remap)))


def read_pair(classes: ClassTable, remap: tuple[int, ...], pair: Pair) -> Sample:
    """Read a sample; a four-channel picture is split into colour and thermal.

    Raises:
        DatasetError: A file is missing or broken, or sizes differ.
    """
    thermal: UInt8 | UInt16
    if pair.thermal is None:
        colour, thermal = read_four_channels(pair.colour)
    else:
        colour, thermal = read_colour(pair.colour), read_grey(pair.thermal)
        check_shape(pair.thermal, thermal, colour.shape[:2])
    labels = read_indices(pair.labels)
    check_shape(pair.labels, labels, colour.shape[:2])
    if remap:
        labels = _remapped(pair.labels, labels, remap)
    checked = check_values(pair.labels, labels, classes)
    if pair.mirrored:
        colour, checked = np.fliplr(colour).copy(), np.fliplr(checked).copy()
        thermal = np.fliplr(thermal).copy()
    return Sample(pair.name, pair.number, image=colour, thermal=thermal, labels=checked)


def read_four_channels(path: Path) -> tuple[UInt8, UInt8]:
    """Return colour [H, W, 3] RGB and thermal [H, W] of a four-channel picture.

    Raises:
        DatasetError: Missing, or not of four channels of 8 bits.
    """
    stored = read_stored(path)
    if stored.ndim != 3 or stored.shape[2] != 4 or stored.dtype != np.uint8:
        raise DatasetError(
            f'{path} must have four channels of 8 bits, colour and thermal, but is '
            f'{list(stored.shape)} of {stored.dtype}')
    return rgb(stored[..., :3]), np.ascontiguousarray(stored[..., 3])


def _remapped(path: Path, labels: UInt8 | UInt16, remap: tuple[int, ...]) -> UInt8:
    top = int(labels.max(initial=0))
    table = np.full(max(top + 1, len(remap), 256), 255, np.uint8)
    table[:len(remap)] = remap
    unknown = labels[(labels >= len(remap)) & (labels != 255)]
    if len(unknown):
        raise DatasetError(
            f'labels {path} hold the value {unknown[0]}, but must be 0 to {len(remap) - 1} or 255')
    return table[labels]


def _found(root: Path, folder: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Return the pictures of a folder by the first of the suffixes that any of them has."""
    for suffix in suffixes:
        found = pictures(root / folder, suffix)
        if found:
            return found
    raise DatasetError(f'{root / folder} has no pictures')
