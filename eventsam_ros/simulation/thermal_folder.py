# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated streets as a folder in MFNet's layout, which every reader of MFNet takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from eventsam_ros.errors import DatasetError
from eventsam_ros.events.types import UInt8, UInt16

from .thermal import CONDITIONS, RgbtPicture, street_picture

_SPLITS = ('train', 'val', 'test')
_ENDS = {'day': 'D', 'night': 'N', 'glare': 'D'}


@dataclass(frozen=True)
class StreetFolder:
    """What to write.

    Attributes:
        train: Pairs to train on.
        val: Pairs to validate on.
        test: Pairs to test on.
        width: Columns, 32 to 2048.
        height: Rows, 32 to 2048.
        seed: Of all scenes, at least 0; splits never share a scene.
    """

    train: int = 600
    val: int = 90
    test: int = 150
    width: int = 320
    height: int = 240
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        for name, value, low, high in (
            ('train', self.train, 1, 100_000), ('val', self.val, 1, 100_000),
            ('test', self.test, 1, 100_000), ('width', self.width, 32, 2048),
            ('height', self.height, 32, 2048), ('seed', self.seed, 0, 2 ** 31),
        ):
            if not low <= value <= high:
                raise ValueError(f'{name} must be {low} to {high}, but got {value}')


def write_picture(path: Path, picture: UInt8 | UInt16) -> None:
    """Write a picture, in OpenCV's order of colours, whole or not at all.

    Raises:
        DatasetError: It cannot be written.
    """
    part = path.with_name(f'.{path.name}')
    if not cv2.imwrite(str(part), picture):
        raise DatasetError(f'{path} cannot be written')
    part.replace(path)


def four_channels(picture: RgbtPicture) -> UInt8:
    """Return both pictures as MFNet stores them, in OpenCV's order: B, G, R, thermal."""
    return np.dstack([picture.rgb[..., ::-1], picture.thermal])


def write_streets(
    folder: Path, wanted: StreetFolder, progress: Callable[[int], None] | None = None,
) -> int:
    """Write the set; what is there already stays, so that a rerun goes on.

    Beside MFNet's lists (train, val, test, test_day, test_night) stands test_glare.

    Args:
        folder: Created where missing.
        wanted: What to write.
        progress: Called with the number of pairs done.

    Returns:
        Pairs of the set.

    Raises:
        DatasetError: A picture cannot be written.
    """
    for name in ('images', 'labels'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    done = 0
    lists: dict[str, list[str]] = {}
    for k, split in enumerate(_SPLITS):
        for number in range(getattr(wanted, split)):
            condition = CONDITIONS[number % len(CONDITIONS)]
            name = f'{k + 1}{number:05d}{_ENDS[condition]}'
            lists.setdefault(split, []).append(name)
            if split == 'test':
                lists.setdefault(f'test_{condition}', []).append(name)
            image, label = folder / 'images' / f'{name}.png', folder / 'labels' / f'{name}.png'
            if not (image.exists() and label.exists()):
                _, picture = street_picture(
                    3 * wanted.seed + k, number, wanted.width, wanted.height)
                write_picture(label, picture.labels)
                write_picture(image, four_channels(picture))
            done += 1
            if progress is not None:
                progress(done)
    for name, names in lists.items():
        (folder / f'{name}.txt').write_text('\n'.join(names) + '\n')
    return done
