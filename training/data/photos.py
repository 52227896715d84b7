# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Photographs with object masks on disk, and which of them training may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
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
        return held_out(self.group)

    def read(self) -> tuple[UInt8, UInt8]:
        """Return the picture, uint8 [h, w, 3] RGB, and the ids of its objects, uint8 [h, w].

        Objects are the connected parts of the mask.

        Raises:
            FileNotFoundError: One of the files cannot be read, or they differ in size.
        """
        picture = read_picture(self.path)
        return picture, read_parts(self.mask, picture)


def held_out(group: str) -> bool:
    """Return whether a group is kept for evaluation: a matter of its name alone."""
    return zlib.crc32(group.encode()) % _HELD_OUT == 0


def read_picture(path: Path) -> UInt8:
    """Return a picture, uint8 [h, w, 3] RGB.

    Raises:
        FileNotFoundError: It cannot be read.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f'{path} is no picture that can be read')
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def read_parts(path: Path, picture: UInt8) -> UInt8:
    """Return the ids of a mask's connected parts, uint8 [h, w], the largest part first.

    Args:
        path: Mask file; what is not zero is object.
        picture: What it belongs to.

    Raises:
        FileNotFoundError: It cannot be read, or is of another size than the picture.
    """
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if mask is None or mask.shape[:2] != picture.shape[:2]:
        raise FileNotFoundError(f'{path} is no mask of the size of its picture')
    if mask.ndim == 3:
        mask = mask[..., :3].max(2)
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
    return of_split(photos, split, root)


class Grouped(Protocol):
    """What belongs to a group that goes into one split as a whole."""

    @property
    def group(self) -> str:
        """Return the group's name."""


Member = TypeVar('Member', bound=Grouped)


def of_split(members: list[Member], split: str, root: Path) -> tuple[Member, ...]:
    """Return the members of a split.

    Raises:
        ValueError: An unknown split.
        FileNotFoundError: An empty one.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, but got {split!r}')
    wanted = split == 'held-out'
    kept = tuple(m for m in members if split == 'all' or held_out(m.group) == wanted)
    if not kept:
        raise FileNotFoundError(f'none of the {len(members)} in {root} is {split}')
    return kept


def list_of(photos: tuple[Photo, ...]) -> dict[str, Any]:
    """Return number and checksum of a list of photos, to tell whether two lists are the same."""
    names = '\n'.join(photo.name for photo in photos)
    return {'photos': len(photos), 'list_crc32': zlib.crc32(names.encode())}


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures (*.jpg, *.png) of a folder in the order of their names."""
    return sorted([*folder.glob('*.jpg'), *folder.glob('*.png')])


def _in_folder(root: Path, folder: Path, masks: Path) -> list[Photo]:
    film = folder.parent.relative_to(root).as_posix() if folder.name == 'frames' else ''
    photos = []
    for path in pictures_in(folder):
        mask = masks / f'{path.stem}.png'
        if mask.exists():
            name = path.relative_to(root).as_posix()
            photos.append(Photo(path, mask, name, film or name))
    return photos
