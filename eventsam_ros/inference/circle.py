# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Equirectangular panoramas as a network sees them: the left edge goes on at the right one.

One definition for training and serving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8

from .class_bundle import STRIDE
from .class_maps import best_classes
from .class_votes import NO_CLASS
from .letterbox import Letterbox
from .rgbt_input import fitted

_Scalar = TypeVar('_Scalar', bound=np.generic)


def wrapped(values: NDArray[_Scalar], columns: int, axis: int = -1) -> NDArray[_Scalar]:
    """Return a panorama with columns from beyond either edge: what a full turn brings back.

    Args:
        values: Any array whose `axis` goes around the whole circle, W places.
        columns: How many more on either side, 0 to W; as `torch.nn.functional.pad` does with
            mode 'circular'.
        axis: Which axis.

    Raises:
        ValueError: More columns than there are.
    """
    if not 0 <= columns <= values.shape[axis]:
        raise ValueError(f'columns must be 0 to {values.shape[axis]}, but got {columns}')
    width = [(0, 0)] * values.ndim
    width[axis] = (columns, columns)
    return np.pad(values, width, mode='wrap')


def enlarged(picture: NDArray[_Scalar], width: int) -> tuple[NDArray[_Scalar], int, int]:
    """Return a panorama with so many more columns that they become whole ones at another width.

    Args:
        picture: [h, w, ...].
        width: That it will be brought to.

    Returns:
        The wrapped panorama; columns on either side of the result that are to be cut off; and
        columns of the result before that.
    """
    columns = picture.shape[1]
    more = columns // gcd(columns, width)
    extra = more * width // columns
    return wrapped(picture, more, 1), extra, width + 2 * extra


@dataclass(frozen=True)
class Circle:
    """Where a panorama lies in the input of a network; the middle rows of both are the horizon.

    The columns of both go around once. A panorama of a smaller share of the sphere from top to
    bottom lies between rows of zeros. Of one of a larger share the network sees the middle.

    Attributes:
        width: Panorama columns.
        height: Panorama rows.
        in_width: Columns of the network's input without what is wrapped around.
        in_height: Its rows.
        wrap: Columns that are wrapped around on either side.
    """

    width: int
    height: int
    in_width: int
    in_height: int
    wrap: int = 0

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises:
            ValueError: A side is below 1, or the input no multiple of STRIDE.
        """
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f'a panorama must be at least 1x1, but got {self.width}x{self.height}')
        sides = (self.in_width, self.in_height, self.wrap)
        if min(sides[:2]) < STRIDE or self.wrap < 0 or any(side % STRIDE for side in sides):
            raise ValueError(f'input size and wrap must be multiples of {STRIDE}, but got '
                             f'{self.in_width}x{self.in_height} and {self.wrap}')

    @property
    def seen(self) -> tuple[int, int]:
        """Return the first row of the panorama that the network sees, and how many rows."""
        most = self.in_height * self.width / self.in_width
        if self._natural <= self.in_height:
            return 0, self.height
        rows = min(self.height, max(1, round(most)))
        return (self.height - rows) // 2, rows

    @property
    def filled(self) -> tuple[int, int]:
        """Return the first row of the input that the panorama fills, and how many rows."""
        rows = min(self._natural, self.in_height)
        return (self.in_height - rows) // 2 // STRIDE * STRIDE, rows

    @property
    def _natural(self) -> int:
        """Return the rows that all of the panorama would fill, a multiple of STRIDE."""
        rows = self.height * self.in_width / self.width
        return max(1, round(rows / STRIDE)) * STRIDE

    def tensor(self, picture: UInt8, mean: Sequence[float], std: Sequence[float]) -> Float32:
        """Return the input of the network.

        Args:
            picture: uint8 [height, width, 3].
            mean: Grey level to subtract, one a channel.
            std: Grey levels to divide the rest by, one a channel.

        Returns:
            float32 [1, 3, in_height, in_width + 2 wrap].

        Raises:
            ValueError: The picture has another shape.
        """
        if picture.shape != (self.height, self.width, 3) or picture.dtype != np.uint8:
            raise ValueError(f'a panorama must be [{self.height}, {self.width}, 3] of uint8, but '
                             f'got {list(picture.shape)} of {picture.dtype}')
        (first, count), (top, rows) = self.seen, self.filled
        content = self._fitted(picture[first:first + count], rows)
        plain = Letterbox(self.in_width, rows, self.in_width, rows, STRIDE)
        out = np.zeros((1, 3, self.in_height, self.in_width), np.float32)
        out[:, :, top:top + rows] = plain.tensor(content, mean, std)
        return wrapped(out, self.wrap)

    def _fitted(self, picture: UInt8, rows: int) -> UInt8:
        if self.in_width <= self.width:   # areas of pixels end at the edges
            return fitted(picture, self.in_width, rows)
        more, extra, wide = enlarged(picture, self.in_width)
        large = cv2.resize(more, (wide, rows), interpolation=cv2.INTER_LINEAR)
        return np.asarray(large[:, extra:extra + self.in_width], np.uint8)

    def classes(self, logits: Float32) -> UInt8:
        """Return the class of every pixel, uint8 [height, width].

        Args:
            logits: float32 [1, C, h, w] at stride 4 of the input; interpolated linearly, around
                the circle, before the comparison.

        Returns:
            Values of the classes; NO_CLASS in rows that the network does not see.
        """
        (first, count), (top, rows) = self.seen, self.filled
        side = self.wrap // STRIDE
        cells = logits[0, :, top // STRIDE:(top + rows) // STRIDE,
                       side:side + self.in_width // STRIDE]
        more, extra, wide = enlarged(np.moveaxis(cells, 0, -1), self.width)
        found = best_classes(np.moveaxis(more, -1, 0), wide, count)
        out = np.full((self.height, self.width), NO_CLASS, np.uint8)
        out[first:first + count] = found[:, extra:extra + self.width]
        return out
