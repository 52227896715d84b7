# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Labelled pinhole pictures to begin with, and panoramas without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple
import zlib

import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.class_tables import (
    CITYSCAPES_13,
    CITYSCAPES_19,
    CITYSCAPES_19_TO_13,
    STANFORD_8,
    STANFORD_13,
)
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.datasets.files import counterpart, pictures
from eventsam_ros.evaluation.datasets.pictures import check_shape, read_colour, read_indices
from eventsam_ros.evaluation.datasets.stanford import AREAS, FOLDS
from eventsam_ros.events.types import UInt8

from ..data.pair import resized_frame, resized_ids
from ..errors import RecipeError
from ..fields import ranged
from ..semantic.classes import CITYSCAPES_IDS, IGNORE

TABLES: Mapping[str, ClassTable] = {
    'cityscapes_19': CITYSCAPES_19, 'cityscapes_13': CITYSCAPES_13,
    'stanford_13': STANFORD_13, 'stanford_8': STANFORD_8}
Size = tuple[int, int]
"""Columns and rows."""


class Panorama(NamedTuple):
    """A panorama, uint8 [H, W, 3] RGB, and its name."""

    name: str
    picture: UInt8


@dataclass(frozen=True)
class PanoramaChoice:
    """Panoramas without labels.

    Attributes:
        path: Folder.
        layout: `densepass`: leftImg8bit/SPLIT/<city>/, WildPASS alike; `stanford`:
            area_*/pano/rgb/.
        split: Of densepass: name of the folder.
        fold: Of stanford: the areas that this fold does not evaluate on, 1 to 3.
        every: Keeps every so many of them.
    """

    path: Path
    layout: Literal['densepass', 'stanford'] = 'densepass'
    split: str = 'train'
    fold: Literal[1, 2, 3] = 1
    every: int = ranged(1, default=1)


@dataclass(frozen=True)
class SourceChoice:
    """Labelled pinhole pictures in Cityscapes' layout.

    Attributes:
        path: Folder with leftImg8bit/ and gtFine/.
        split: Name of the split.
        labels: `train_ids` reads *_gtFine_labelTrainIds.png, `ids` reads *_gtFine_labelIds.png.
        width: Columns that pictures are brought to, pixels, at least 32.
        height: Rows, pixels, at least 32.
        every: Keeps every so many of them.
    """

    path: Path
    split: str = 'train'
    labels: Literal['train_ids', 'ids'] = 'train_ids'
    width: int = ranged(32, 16_384, default=1024)
    height: int = ranged(32, 16_384, default=512)
    every: int = ranged(1, default=1)


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise DatasetError(f'folder {root} is missing')
    return sorted(p for p in root.iterdir() if p.is_dir())


class Panoramas:
    """Panoramas at one size.

    Attributes:
        names: <city>/<name>, unique.
        size: What they are brought to.
    """

    def __init__(self, choice: PanoramaChoice, size: Size) -> None:
        """List them.

        Raises:
            RecipeError: Not laid out so, or there are none.
        """
        found: dict[str, Path] = {}
        try:
            if choice.layout == 'stanford':
                places = [(area, choice.path / area / 'pano' / 'rgb') for area in AREAS
                          if area not in FOLDS[choice.fold]]
                found = {f'{area}/{name}': path for area, folder in places
                         for name, path in pictures(folder, '_rgb').items()}
            else:
                root = choice.path / 'leftImg8bit' / choice.split
                found = {f'{city.name}/{name}': path for city in _folders(root)
                         for name, path in pictures(city).items()}
        except DatasetError as error:
            raise RecipeError(str(error)) from error
        self.names = list(found)[::choice.every]
        self._paths = [found[name] for name in self.names]
        self.size = size
        if not self.names:
            raise RecipeError(f'{choice.path} has no panoramas of {choice.split}')

    def __len__(self) -> int:
        """Return the number of panoramas."""
        return len(self.names)

    def description(self) -> dict[str, Any]:
        """Return number and checksum of the names."""
        return _described(self.names)

    def __getitem__(self, index: int) -> Panorama:
        """Return a panorama."""
        picture = resized_frame(read_colour(self._paths[index]), self.size)
        return Panorama(self.names[index], picture)


class SourcePictures:
    """Labelled pinhole pictures at one size."""

    def __init__(self, choice: SourceChoice, table: str) -> None:
        """List them.

        Args:
            choice: Where.
            table: Of TABLES; those of Cityscapes' labels.

        Raises:
            RecipeError: Not laid out so, without labels, or there are none.
        """
        ending = '_gtFine_labelTrainIds' if choice.labels == 'train_ids' else '_gtFine_labelIds'
        found: dict[str, tuple[Path, Path]] = {}
        try:
            for city in _folders(choice.path / 'leftImg8bit' / choice.split):
                truth = choice.path / 'gtFine' / choice.split / city.name
                labels = pictures(truth, ending, ('.png',))
                for name, path in pictures(city, '_leftImg8bit').items():
                    found[f'{city.name}/{name}'] = path, counterpart(labels, name, truth, path)
        except DatasetError as error:
            raise RecipeError(str(error)) from error
        self.names = list(found)[::choice.every]
        if not self.names:
            raise RecipeError(f'{choice.path} has no pictures of {choice.split}')
        self._files = [found[name] for name in self.names]
        self._size = choice.width, choice.height
        self._merge = _merge(choice.labels, table)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.names)

    def description(self) -> dict[str, Any]:
        """Return number and checksum of the names."""
        return _described(self.names)

    def __getitem__(self, index: int) -> tuple[UInt8, UInt8]:
        """Return a picture uint8 [H, W, 3] RGB and its classes uint8 [H, W]."""
        image, labels = self._files[index]
        picture, stored = read_colour(image), read_indices(labels)
        check_shape(labels, stored, picture.shape[:2])
        classes = self._merge[np.minimum(stored, IGNORE)]
        return resized_frame(picture, self._size), resized_ids(classes, self._size)


def _merge(labels: str, table: str) -> UInt8:
    """Return the class of each value in label pictures, uint8 [256].

    Raises:
        RecipeError: The classes are none of Cityscapes.
    """
    if not table.startswith('cityscapes'):
        raise RecipeError(f"labels of Cityscapes' layout have no classes of {table}")
    last = np.arange(19, dtype=np.uint8) if table == 'cityscapes_19' else np.asarray(
        CITYSCAPES_19_TO_13, np.uint8)
    found = np.full(256, IGNORE, np.uint8)
    values = range(19) if labels == 'train_ids' else CITYSCAPES_IDS
    found[list(values)] = last
    return found


def _described(names: Sequence[str]) -> dict[str, Any]:
    return {'pictures': len(names), 'list_crc32': zlib.crc32('\n'.join(names).encode())}
