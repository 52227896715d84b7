# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Photographed objects and backgrounds as layers for the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.simulation.scene import Layer, random_layer
from eventsam_ros.simulation.shapes import distance_map
from eventsam_ros.simulation.textures import SIZE

_LEAST_AREA = 0.02
"""Smallest share of a photo that an object must cover."""


def _reflectance(photo: UInt8) -> Float32:
    """Return a grey photo [h, w] as a texture; gamma 2.2 undone."""
    square = cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.maximum((square / 255.0) ** 2.2, 0.02), np.float32)


@dataclass(frozen=True)
class Cutouts:
    """Pairs of photo and mask files (grey or colour; objects are the nonzero pixels).

    Attributes:
        pairs: (photo, mask) paths.
    """

    pairs: tuple[tuple[Path, Path], ...]

    @classmethod
    def find(cls, folders: dict[str, str]) -> Cutouts:
        """Pair files of equal stem under photo folder -> mask folder, searched recursively.

        Raises:
            FileNotFoundError: A pair of folders holds no pair of files.
        """
        pairs: list[tuple[Path, Path]] = []
        for photos, masks in folders.items():
            root = Path(masks)
            by_name = {p.relative_to(root).with_suffix(''): p for p in root.rglob('*.png')}
            found = [
                (p, by_name[p.relative_to(photos).with_suffix('')])
                for p in sorted(Path(photos).rglob('*.jpg'))
                if p.relative_to(photos).with_suffix('') in by_name]
            if not found:
                raise FileNotFoundError(f'no photo in {photos} has a mask in {masks}')
            pairs += found
        return cls(tuple(pairs))

    def background(self, rng: np.random.Generator) -> Float32:
        """Return a photo, mirrored into a seamless tile, as a texture."""
        photo = self._photo(rng)
        mirrored = np.concatenate([photo, photo[:, ::-1]], 1)
        return _reflectance(np.concatenate([mirrored, mirrored[::-1]], 0))

    def layer(self, rng: np.random.Generator, aspect: float) -> Layer:
        """Return an object cut from a photo under random motion; may be cut off at its edges."""
        while True:
            photo_path, mask_path = self.pairs[int(rng.integers(len(self.pairs)))]
            photo = cv2.imread(str(photo_path), cv2.IMREAD_GRAYSCALE)
            mask = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE)
            if photo is None or mask is None or photo.shape != mask.shape:
                continue
            solid = cv2.morphologyEx(
                np.asarray(mask > 0, np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
            _, parts, boxes, _ = cv2.connectedComponentsWithStats(solid)
            largest = 1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA])) if len(boxes) > 1 else 0
            if largest == 0 or boxes[largest, cv2.CC_STAT_AREA] < _LEAST_AREA * mask.size:
                continue
            x, y, w, h, _ = boxes[largest]
            square = np.zeros((max(w, h),) * 2, np.uint8)
            crop = np.full((max(w, h),) * 2, 128, np.uint8)
            top, left = (max(w, h) - h) // 2, (max(w, h) - w) // 2
            square[top:top + h, left:left + w] = parts[y:y + h, x:x + w] == largest
            crop[top:top + h, left:left + w] = photo[y:y + h, x:x + w]
            margin = max(w, h) // 8
            square = cv2.copyMakeBorder(square, *(margin,) * 4, cv2.BORDER_CONSTANT, value=0)
            crop = cv2.copyMakeBorder(crop, *(margin,) * 4, cv2.BORDER_REPLICATE)
            if rng.random() < 0.5:
                square, crop = square[:, ::-1].copy(), crop[:, ::-1].copy()
            # (u, v) in [-1, 1] spans the texture once: half a tile per half side, shifted
            # by half a tile, because the renderer puts the tile's corner at (0, 0).
            texture = np.roll(_reflectance(crop), (-SIZE // 2, -SIZE // 2), (0, 1))
            return random_layer(rng, aspect, distance_map(square), texture, 0.5)

    def _photo(self, rng: np.random.Generator) -> UInt8:
        while True:
            path = self.pairs[int(rng.integers(len(self.pairs)))][0]
            photo = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if photo is not None:
                return np.asarray(photo, np.uint8)
