# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Between the sensor's pixels and the network's input: one scale, content at the top left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import Bool, Float32, UInt8
from eventsam_ros.kernels import kernel


@kernel
def _normalise(picture, mean, std, around, out):  # type: ignore[no-untyped-def]
    """Write a picture [h, w, 3] as planes [3, H, W], the grey levels `around` around it."""
    rows, columns, _ = picture.shape
    _, height, width = out.shape
    for channel in range(3):
        factor = np.float32(1.0) / std[channel]
        blank = (around[channel] - mean[channel]) * factor
        for row in range(height):
            for column in range(width):
                out[channel, row, column] = blank
            if row < rows:
                for column in range(columns):
                    level = np.float32(picture[row, column, channel])
                    out[channel, row, column] = (level - mean[channel]) * factor


@kernel
def _neighbours(size, cells):  # type: ignore[no-untyped-def]
    """Return the cells that each of `size` pixels lies between, and the share of the second."""
    low, high = np.empty(size, np.uint32), np.empty(size, np.uint32)
    share = np.empty(size, np.float32)
    for k in range(size):
        place = min(max((k + 0.5) * cells / size - 0.5, 0.0), cells - 1.0)
        low[k] = int(place)
        high[k] = min(int(place) + 1, cells - 1)
        share[k] = place - int(place)
    return low, high, share


@kernel
def _paint(logits, mask):  # type: ignore[no-untyped-def]
    """Set the pixels of a mask of zeros where interpolated logits are above 0.

    Only rows and columns of which a neighbouring cell is above 0 are looked at: masks are small.
    """
    height, width = mask.shape
    top, bottom, down = _neighbours(height, logits.shape[0])
    left, right, across = _neighbours(width, logits.shape[1])
    line = np.empty(logits.shape[1], np.float32)
    for y in range(height):
        above, below, share = logits[top[y]], logits[bottom[y]], down[y]
        first, last = len(line), -1
        for k in range(len(line)):
            line[k] = above[k] + share * (below[k] - above[k])
            if line[k] > 0:
                first, last = min(first, k), k
        if last < 0:
            continue
        wide = width / len(line)
        begin, end = max(int((first - 1) * wide), 0), min(int((last + 2) * wide) + 1, width)
        for x in range(begin, end):
            one, other = line[left[x]], line[right[x]]
            mask[y, x] = one + across[x] * (other - one) > 0


@dataclass(frozen=True)
class Letterbox:
    """Where a sensor's picture lies in the network's input.

    The content's sides are multiples of `cell`, so that the logits that belong to it can be cut
    out of the network's low-resolution masks exactly; this moves a side by half a cell at most.

    Attributes:
        width: Sensor columns.
        height: Sensor rows.
        in_width: Columns of the network's input, a multiple of cell.
        in_height: Rows of the network's input, a multiple of cell.
        cell: Input pixels to one low-resolution mask pixel.
    """

    width: int
    height: int
    in_width: int
    in_height: int
    cell: int = 4

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises:
            ValueError: A side is below 1, or the input no multiple of the cell.
        """
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f'sensor size must be at least 1x1, but got {self.width}x{self.height}')
        fits = self.cell >= 1 and self.in_width >= self.cell and self.in_height >= self.cell
        if not fits or self.in_width % self.cell or self.in_height % self.cell:
            raise ValueError(
                f'input size must be a multiple of {self.cell}, but got '
                f'{self.in_width}x{self.in_height}')

    @property
    def content(self) -> tuple[int, int]:
        """Return the columns and rows of the input that the sensor fills."""
        columns, rows = self.cells
        return columns * self.cell, rows * self.cell

    @property
    def cells(self) -> tuple[int, int]:
        """Return the columns and rows of the low-resolution masks that the sensor fills."""
        scale = min(self.in_width / self.width, self.in_height / self.height)
        return (max(1, round(self.width * scale / self.cell)),
                max(1, round(self.height * scale / self.cell)))

    @property
    def scale(self) -> tuple[float, float]:
        """Return input pixels per sensor pixel, across and down."""
        columns, rows = self.content
        return columns / self.width, rows / self.height

    @property
    def cell_area(self) -> float:
        """Return sensor pixels to one low-resolution mask pixel."""
        columns, rows = self.cells
        return self.width * self.height / (columns * rows)

    def pixels_to_input(self, x: float, y: float) -> tuple[float, float]:
        """Return the input coordinates of a sensor pixel; whole numbers are pixel centres."""
        sx, sy = self.scale
        return (x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5

    def cells_to_pixels(self, points: Float32) -> Float32:
        """Return the sensor pixels under the centres of low-resolution pixels.

        Args:
            points: Columns and rows of low-resolution pixels, float32 [K, 2].

        Returns:
            x and y, float32 [K, 2], inside the sensor.
        """
        columns, rows = self.cells
        ratio = np.array([self.width / columns, self.height / rows], np.float32)
        last = np.array([self.width - 1, self.height - 1], np.float32)
        return np.asarray(np.clip((points + 0.5) * ratio - 0.5, 0, last), np.float32)

    def tensor(
        self, picture: UInt8, mean: Sequence[float], std: Sequence[float],
        padding: str = 'blank',
    ) -> Float32:
        """Return the encoder's input for a picture of the content.

        Args:
            picture: uint8 [rows, columns, 3] of size `content`.
            mean: Grey level to subtract, one a channel.
            std: Grey levels to divide the rest by, one a channel.
            padding: What lies outside the content, one of manifest.PADDINGS: grey level NO_EVENT
                ('blank'), or zeros in the result ('zero').

        Returns:
            float32 [1, 3, in_height, in_width].

        Raises:
            ValueError: The picture has another size.
        """
        columns, rows = self.content
        if picture.shape != (rows, columns, 3):
            raise ValueError(
                f'picture must have shape ({rows}, {columns}, 3), but got {picture.shape}')
        out = np.empty((1, 3, self.in_height, self.in_width), np.float32)
        middle = np.asarray(mean, np.float32)
        around = middle if padding == 'zero' else np.full(3, NO_EVENT, np.float32)
        _normalise(picture, middle, np.asarray(std, np.float32), around, out[0])
        return out

    def cut(self, low_res: Float32) -> Float32:
        """Return the part of low-resolution masks [..., h, w] that the sensor fills, a view."""
        columns, rows = self.cells
        return low_res[..., :rows, :columns]

    def upscale(self, logits: Float32) -> Bool:
        """Return the mask, bool [height, width], of cut logits [rows, columns].

        Logits are interpolated linearly, as SAM does, and are mask where above 0.
        """
        mask = np.zeros((self.height, self.width), np.bool_)
        # One memory layout, so that it is compiled once.
        _paint(np.ascontiguousarray(logits), mask)
        return mask
