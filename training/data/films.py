# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Films on disk: folders of frames, some with masks, or video files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

from .photos import of_split, pictures_in, read_parts, read_picture

_VIDEOS = ('.mp4', '.avi', '.mov', '.mkv')


@dataclass(frozen=True)
class Film:
    """Frames in the order of time.

    Attributes:
        group: Its folder or file below the root; the group of its frames where they are photos.
        path: Video file, or folder of frames.
        count: Number of frames.
        masks: Folder of masks; None where there are none.
    """

    group: str
    path: Path
    count: int
    masks: Path | None

    def read(self, number: int) -> tuple[UInt8, UInt8, UInt8 | None]:
        """Return a frame, the next one, and the ids of the next where it has a mask.

        Args:
            number: Of the first of the two, 0 to count - 2.

        Returns:
            Two pictures, uint8 [h, w, 3] RGB, and ids uint8 [h, w] or None.

        Raises:
            FileNotFoundError: They cannot be read.
        """
        if not self.path.is_dir():
            return *self._decoded(number), None
        first, second = pictures_in(self.path)[number:number + 2]
        picture, mask = read_picture(second), None
        if self.masks is not None and (self.masks / f'{second.stem}.png').exists():
            mask = read_parts(self.masks / f'{second.stem}.png', picture)
        return read_picture(first), picture, mask

    def _decoded(self, number: int) -> tuple[UInt8, UInt8]:
        capture = cv2.VideoCapture(str(self.path))
        try:
            capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            found = [capture.read() for _ in range(2)]
        finally:
            capture.release()
        if not all(there for there, _ in found):
            raise FileNotFoundError(f'{self.path} has no frames {number} and {number + 1}')
        first, second = (
            np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8) for _, bgr in found)
        return first, second


def find_films(root: Path, patterns: list[str], split: str) -> tuple[Film, ...]:
    """Return the films of a split.

    Args:
        root: Where the patterns begin.
        patterns: Like 'video/davis/*/frames:masks' (folders of frames, and the folder of masks
            beside each), 'video/*/frames' (no masks) or 'video/*.mp4'.
        split: 'train', 'held-out' or 'all', by the same rule as for photos.

    Raises:
        ValueError: An unknown split.
        FileNotFoundError: A pattern that finds no film of two frames, or an empty split.
    """
    films: list[Film] = []
    for pattern in patterns:
        paths, _, masks = pattern.partition(':')
        found = [_film(root, path, masks) for path in sorted(root.glob(paths))]
        kept = [film for film in found if film.count > 1]
        if not kept:
            raise FileNotFoundError(f'no film of {pattern} in {root} has two frames')
        films += kept
    return of_split(films, split, root)


def _film(root: Path, path: Path, masks: str) -> Film:
    if path.is_dir():
        whole = path.parent if path.name == 'frames' else path
        return Film(whole.relative_to(root).as_posix(), path, len(pictures_in(path)),
                    path.parent / masks if masks else None)
    count = 0
    if path.suffix.lower() in _VIDEOS:
        capture = cv2.VideoCapture(str(path))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()
    return Film(path.relative_to(root).as_posix(), path, count, None)
