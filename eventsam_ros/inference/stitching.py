# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of calibrated cameras, or of one fisheye, to an equirectangular panorama.

Directions alone count: what is so close that the cameras' distances matter shows twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32, UInt8

from .sphere import panorama_ways
from .stitching_rig import Camera, Float64, Rig

_FINER = 1.25
"""How many times finer than the panorama the pictures stay before they are looked up."""


@dataclass(frozen=True)
class _Part:
    """What one camera gives to the panorama, in the rows and columns from `top` and `left` on."""

    camera: Camera
    scale: float
    top: int
    left: int
    columns: Float32
    rows: Float32
    weight: Float32


class Stitcher:
    """Makes panoramas of the pictures of a rig, by tables that are computed once.

    Attributes:
        rig: The cameras.
        seen: Where a camera looks, bool [height, width].
    """

    def __init__(self, rig: Rig) -> None:
        """Compute the tables."""
        self.rig = rig
        ways = panorama_ways(rig.width, rig.height)
        placed = [_placed(camera, ways, rig) for camera in rig.cameras]
        total = np.sum([weight for _, weight in placed], 0)
        self.seen: Bool = np.asarray(total > 0, np.bool_)
        share = np.where(self.seen, 1 / np.maximum(total, 1e-12), 0)
        self._parts = tuple(
            part for camera, (places, weight) in zip(rig.cameras, placed, strict=True)
            for part in _parts(camera, places, weight * share, rig))

    def stitch(self, pictures: Mapping[str, UInt8]) -> UInt8:
        """Return the panorama, uint8 [height, width, 3]; 0 where no camera looks.

        Args:
            pictures: By the names of the cameras, uint8 [h, w, 3] of their sizes.

        Raises:
            ValueError: One is missing, or is not as the rig says; one sentence names it.
        """
        small = {camera.name: pictures.get(camera.name) for camera in self.rig.cameras}
        for camera in self.rig.cameras:
            picture = small[camera.name]
            if picture is None:
                raise ValueError(f'there is no picture of the camera {camera.name}')
            if picture.shape != (camera.height, camera.width, 3) or picture.dtype != np.uint8:
                raise ValueError(
                    f'a picture of the camera {camera.name} must be [{camera.height}, '
                    f'{camera.width}, 3] of uint8, but got {list(picture.shape)} of '
                    f'{picture.dtype}')
        total = np.zeros((self.rig.height, self.rig.width, 3), np.float32)
        resized: dict[str, UInt8] = {}
        for part in self._parts:
            name = part.camera.name
            if name not in resized:
                resized[name] = _resized(pictures[name], part.scale)
            piece = cv2.remap(resized[name], part.columns, part.rows, cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REPLICATE)
            height, width = part.weight.shape
            place = total[part.top:part.top + height, part.left:part.left + width]
            place += part.weight[..., None] * piece
        return np.asarray(total + 0.5, np.uint8)


def _placed(camera: Camera, ways: Float64, rig: Rig) -> tuple[Float64, Float64]:
    """Return where the panorama's pixels lie in a picture, and how much it has to say there."""
    places, shown = camera.project(ways)
    x, y = places[..., 0], places[..., 1]
    edge = np.minimum(np.minimum(x + 0.5, camera.width - 0.5 - x),
                      np.minimum(y + 0.5, camera.height - 0.5 - y))
    fade = rig.feather * min(camera.width, camera.height)
    weight = np.clip(edge / fade, 0, 1)
    if camera.reach < 180:
        axis = camera.rotation[:, 2]
        inside = np.radians(camera.reach) - np.arccos(np.clip(ways @ axis, -1, 1))
        weight = np.minimum(weight, np.clip(inside * camera.k[0] / fade, 0, 1))
    return places, np.where(shown & (edge > 0), np.maximum(weight, 1e-6), 0)


def _parts(camera: Camera, places: Float64, weight: Float64, rig: Rig) -> list[_Part]:
    """Return the parts of the panorama that a camera looks at: one, or one at either edge."""
    if not weight.any():
        return []
    finest = min(camera.k[:2]) * 2 * np.pi / rig.width
    scale = min(1.0, _FINER / finest)
    size = _scaled(camera.width, camera.height, scale)
    ratio = size[0] / camera.width, size[1] / camera.height
    rows = np.flatnonzero(weight.any(1))
    columns = np.flatnonzero(weight.any(0))
    gaps = np.diff(columns)
    cut = [int(gaps.argmax()) + 1] if len(gaps) and gaps.max() > rig.width // 8 else []
    found = []
    for span in np.split(columns, cut):
        place = np.s_[rows[0]:rows[-1] + 1, span[0]:span[-1] + 1]
        # middles of pixels have whole numbers
        x = (places[..., 0][place] + 0.5) * ratio[0] - 0.5
        y = (places[..., 1][place] + 0.5) * ratio[1] - 0.5
        part = weight[place]
        found.append(_Part(
            camera, scale, int(rows[0]), int(span[0]),
            np.where(part > 0, x, 0).astype(np.float32),
            np.where(part > 0, y, 0).astype(np.float32), part.astype(np.float32)))
    return found


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(picture: UInt8, scale: float) -> UInt8:
    if scale >= 1:
        return picture
    size = _scaled(picture.shape[1], picture.shape[0], scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
