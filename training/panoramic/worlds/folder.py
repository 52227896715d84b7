# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated streets as folders in the layouts of DensePASS and of Cityscapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import cv2

from eventsam_ros.simulation.panorama import StreetPicture, panorama_picture, pinhole_picture
from eventsam_ros.simulation.thermal_folder import write_picture

from ...kept import agree

SPLITS = ('train', 'val', 'test')
PANORAMAS, PINHOLE = 'panoramas', 'pinhole'
_TOWN = 100
"""Pictures to a town."""
_STREAMS = 8
"""Seeds that one set takes, so that sets of other seeds share no street."""
_ALIKE = ('width', 'height', 'pinhole_width', 'pinhole_height', 'seed')
"""What all pictures of a folder share; how many there are may change."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Worlds:
    """What to write.

    Attributes:
        train: Panoramas without labels to train on.
        val: Panoramas with labels to validate on.
        test: Panoramas with labels to test on.
        source: Labelled pinhole pictures to train on.
        source_val: Labelled pinhole pictures to validate on.
        width: Panorama columns, 64 to 4096, a multiple of 4.
        height: Panorama rows, 32 to half the width: 360 height / width degrees around the horizon.
        pinhole_width: Columns of pinhole pictures, 64 to 2048.
        pinhole_height: Their rows, 32 to 2048.
        seed: Of all streets, at least 0. No two pictures show the same street.
    """

    train: int = 400
    val: int = 60
    test: int = 120
    source: int = 800
    source_val: int = 60
    width: int = 256
    height: int = 128
    pinhole_width: int = 256
    pinhole_height: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values outside their ranges.

        Raises:
            ValueError: One is.
        """
        limits = {'width': (64, 4096), 'height': (32, self.width // 2),
                  'pinhole_width': (64, 2048), 'pinhole_height': (32, 2048), 'seed': (0, 2 ** 28)}
        for each in fields(self):
            low, high = limits.get(each.name, (1, 100_000))
            if not low <= (value := getattr(self, each.name)) <= high:
                raise ValueError(f'{each.name} must be {low} to {high}, but got {value}')
        if self.width % 4:
            raise ValueError(f'width must be a multiple of 4, but got {self.width}')

    @property
    def total(self) -> int:
        """Return the number of pictures."""
        return self.train + self.val + self.test + self.source + self.source_val


@dataclass(frozen=True)
class _Entry:
    """A picture that is to be there: its files, and what makes it."""

    image: Path
    labels: Path | None
    draw: Callable[[], StreetPicture]


def _panoramas(root: Path, wanted: Worlds) -> Iterator[_Entry]:
    for k, split in enumerate(SPLITS):
        for number in range(getattr(wanted, split)):
            folder = 'cs' if split != 'train' else f'town{number // _TOWN}'
            image = root / 'leftImg8bit' / split / folder / f'{number}.png'
            labels = root / 'gtFine' / split / folder / f'{number}_labelTrainIds.png'

            yield _Entry(
                image, None if split == 'train' else labels,
                partial(panorama_picture, _STREAMS * wanted.seed + k, number, wanted.width,
                        wanted.height))


def unlabelled(wanted: Worlds) -> Iterator[tuple[str, Callable[[], StreetPicture]]]:
    """Return the names, TOWN/NUMBER, of the panoramas to train on, and what draws each anew.

    For what the folder does not hold: masks that are right, to know what masks are worth.
    """
    for entry in _panoramas(Path(), wanted):
        if entry.labels is None:
            yield f'{entry.image.parent.name}/{entry.image.stem}', entry.draw


def _pinholes(root: Path, wanted: Worlds) -> Iterator[_Entry]:
    for k, (split, count) in enumerate((('train', wanted.source), ('val', wanted.source_val))):
        for number in range(count):
            town = f'town{number // _TOWN}'
            name = f'{town}_{number:06d}'
            image = root / 'leftImg8bit' / split / town / f'{name}_leftImg8bit.png'
            labels = root / 'gtFine' / split / town / f'{name}_gtFine_labelTrainIds.png'
            yield _Entry(image, labels, partial(
                pinhole_picture, _STREAMS * wanted.seed + 4 + k, number, wanted.pinhole_width,
                wanted.pinhole_height))


def write_worlds(folder: Path, wanted: Worlds, progress: Progress | None = None) -> int:
    """Write the set; what is there already stays, so that a rerun goes on.

    FOLDER/panoramas is laid out as DensePASS (train without labels; lists train.txt, val.txt and
    test.txt), FOLDER/pinhole as Cityscapes (labelTrainIds).

    Args:
        folder: Created where missing.
        wanted: What to write.
        progress: Called with the number of pictures done, and of all.

    Returns:
        Pictures of the set.

    Raises:
        DatasetError: A picture cannot be written.
        RecipeError: The folder holds pictures of another size or seed.
    """
    done = 0
    root = folder / PANORAMAS
    agree(folder / 'worlds.json', {name: getattr(wanted, name) for name in _ALIKE}, root.exists())
    for entry in (*_panoramas(root, wanted), *_pinholes(folder / PINHOLE, wanted)):
        files = [f for f in (entry.labels, entry.image) if f is not None]
        if not all(file.exists() for file in files):
            for file in files:
                file.parent.mkdir(parents=True, exist_ok=True)
            picture = entry.draw()
            if entry.labels is not None:
                write_picture(entry.labels, picture.labels)
            write_picture(entry.image, cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2BGR))
        done += 1
        if progress is not None:
            progress(done, wanted.total)
    for split in SPLITS:
        listed = [f'{e.image.parent.name}/{e.image.name}' for e in _panoramas(root, wanted)
                  if e.image.parent.parent.name == split]
        (root / f'{split}.txt').write_text('\n'.join(listed) + '\n')
    return done
