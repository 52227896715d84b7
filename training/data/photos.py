# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Photographs with object masks on disk, and which of them training may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
import zlib

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

SPLITS = ('train', 'held-out', 'all')
_HELD_OUT = 7
"""One of so many groups of photos is held out."""
_LEAST_AREA = 0.004
"""Smallest share of a photo that is an object."""
_MOST_OBJECTS = 60


@dataclass(frozen=True)
class Photo:
    """A photo, its mask file, and the group that it must not be parted from.

    Attributes:
        path: Colour picture.
        mask: Picture whose nonzero pixels are objects.
        name: Path below the root.
        group: The folder of a film (frames of one film resemble each other), else the name.
    """

    path: Path
    mask: Path
    name: str
    group: str

    @property
    def held_out(self) -> bool:
        """Whether it is kept for evaluation: by the sum of its group's name alone."""
        return zlib.crc32(self.group.encode()) % _HELD_OUT == 0

    def read(self) -> tuple[UInt8, UInt8]:
        """Return the picture, uint8 [h, w, 3] RGB, and the ids of its objects, uint8 [h, w].

        Objects are the connected parts of the mask.

        Raises:
            FileNotFoundError: One of the files cannot be read, or they differ in size.
        """
        bgr = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        mask = cv2.imread(str(self.mask), cv2.IMREAD_UNCHANGED)
        if bgr is None or mask is None or bgr.shape[:2] != mask.shape[:2]:
            raise FileNotFoundError(
                f'{self.path} and {self.mask} must be pictures of one size')
        if mask.ndim == 3:
            mask = mask[..., :3].max(2)
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), _parts(mask)


def _parts(mask: UInt8) -> UInt8:
    """Number the connected parts that are large enough, the largest first."""
    solid = cv2.morphologyEx(
        np.asarray(mask > 0, np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, parts, boxes, _ = cv2.connectedComponentsWithStats(solid)
    areas = boxes[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    ids = np.zeros(len(areas), np.uint8)
    order = np.argsort(-areas, kind='stable')[:_MOST_OBJECTS]
    kept = order[areas[order] >= _LEAST_AREA * mask.size]
    ids[kept] = np.arange(1, len(kept) + 1)
    return ids[parts]


def find_photos(root: Path, patterns: list[str], split: str) -> tuple[Photo, ...]:
    """Return the photos of a split, in the order of their names.

    Args:
        root: Where the patterns begin.
        patterns: Like 'images/ccp/photos:labels' or 'video/davis/*/frames:masks': folders of
            photos (*.jpg, *.png), and the folder beside them with masks (*.png) of the same stem.
            A folder named `frames` is a film and goes into one split as a whole.
        split: 'train', 'held-out' or 'all'.

    Raises:
        ValueError: An unknown split, or a pattern without a colon.
        FileNotFoundError: A pattern that finds no photo with a mask, or an empty split.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, but got {split!r}')
    photos: list[Photo] = []
    for pattern in patterns:
        folders, _, masks = pattern.partition(':')
        if not masks:
            raise ValueError(f'photos must be like FOLDER:MASKS, but got {pattern!r}')
        found = [photo for folder in sorted(root.glob(folders))
                 for photo in _in_folder(root, folder, folder.parent / masks)]
        if not found:
            raise FileNotFoundError(f'no photo of {pattern} in {root} has a mask')
        photos += found
    kept = tuple(p for p in photos if split == 'all' or p.held_out == (split == 'held-out'))
    if not kept:
        raise FileNotFoundError(f'none of the {len(photos)} photos in {root} is {split}')
    return kept


def list_of(photos: tuple[Photo, ...]) -> dict[str, Any]:
    """Return number and checksum of a list of photos, to tell whether two lists are the same."""
    names = '\n'.join(photo.name for photo in photos)
    return {'photos': len(photos), 'list_crc32': zlib.crc32(names.encode())}


def _in_folder(root: Path, folder: Path, masks: Path) -> list[Photo]:
    film = folder.parent.relative_to(root).as_posix() if folder.name == 'frames' else ''
    photos = []
    for path in sorted([*folder.glob('*.jpg'), *folder.glob('*.png')]):
        mask = masks / f'{path.stem}.png'
        if mask.exists():
            name = path.relative_to(root).as_posix()
            photos.append(Photo(path, mask, name, film or name))
    return photos
