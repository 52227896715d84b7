# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Batches of pairs, a matter of seed, step and place alone, so that runs resume to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Bool, UInt8

from ..distill.order import Order
from .pictures import PairPictures
from .recipe import Augmentation, RgbtRecipe

IGNORE = 255


@dataclass(frozen=True)
class Batch:
    """Pairs of the input's size.

    Attributes:
        rgb: uint8 [B, H, W, 3].
        thermal: uint8 [B, H, W].
        labels: int64 [B, H, W]; 255 does not count.
        inside: What is no padding, bool [B, H, W].
        present: Which pictures the network may use, float32 [B, 2], colour first.
    """

    rgb: Tensor
    thermal: Tensor
    labels: Tensor
    inside: Tensor
    present: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(*(v.to(device, non_blocking=True) for v in (
            self.rgb, self.thermal, self.labels, self.inside, self.present)))


def normalised(
    picture: Tensor, inside: Tensor, mean: Tensor, std: Tensor,
) -> Tensor:
    """Return uint8 pictures [B, H, W, 3] or [B, H, W] as float32 [B, 3, H, W], 0 in padding."""
    values = picture.float()
    if values.ndim == 3:
        values = values[..., None].expand(-1, -1, -1, 3)
    scaled = (values - mean) / std
    return (scaled * inside[..., None]).permute(0, 3, 1, 2).contiguous()


def _jittered(rgb: UInt8, rng: np.random.Generator) -> UInt8:
    """Change brightness, contrast and saturation by factors of 0.5 to 1.5."""
    bright, contrast, saturation = rng.uniform(0.5, 1.5, 3).astype(np.float32)
    values = rgb.astype(np.float32) * bright
    values = (values - values.mean()) * contrast + values.mean()
    grey = values.mean(2, keepdims=True)
    values = grey + (values - grey) * saturation
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


def _placed(picture: UInt8, at: tuple[int, int], size: tuple[int, int], fill: int) -> UInt8:
    """Cut rows x columns from `at` on; what lies beyond the picture is `fill`."""
    rows, columns = size
    cut = picture[at[0]:at[0] + rows, at[1]:at[1] + columns]
    missing = ((0, rows - cut.shape[0]), (0, columns - cut.shape[1]))
    padding = (*missing, *((0, 0) for _ in range(picture.ndim - 2)))
    return np.pad(cut, padding, constant_values=fill)


Parts = tuple[UInt8, UInt8, UInt8]
"""rgb, thermal and labels of a pair."""
Placed = tuple[UInt8, UInt8, UInt8, Bool]
"""The same at the input's size, and what of it is no padding, bool [H, W]."""


def augmented(
    parts: Parts, choice: Augmentation, width: int, height: int, rng: np.random.Generator,
) -> Placed:
    """Return a changed pair: colour first (the colour picture alone), then scale, crop, mirror.

    Args:
        parts: A pair.
        choice: What may happen.
        width: Columns of the result.
        height: Rows of the result.
        rng: Source of chance.
    """
    rgb, thermal, labels = parts
    if rng.random() < choice.jitter:
        rgb = _jittered(rgb, rng)
    if rng.random() < choice.blur:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (3, 3), 0), np.uint8)
    fit = max(width / rgb.shape[1], height / rgb.shape[0])
    scale = fit * rng.uniform(*choice.scale)
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    top, left = (int(rng.integers(0, max(side - room, 0) + 1))
                 for side, room in ((size[1], height), (size[0], width)))
    rgb, thermal, labels, inside = sized(
        (rgb, thermal, labels), size, (height, width), (top, left))
    if rng.random() < choice.flip:
        return rgb[:, ::-1], thermal[:, ::-1], labels[:, ::-1], inside[:, ::-1]
    return rgb, thermal, labels, inside


def sized(
    parts: Parts, size: tuple[int, int], room: tuple[int, int], at: tuple[int, int] = (0, 0),
) -> Placed:
    """Return a pair scaled to `size` (columns, rows), cut or padded to `room` (rows, columns).

    Args:
        parts: A pair.
        size: Of the whole picture.
        room: Of the result; padding has label 255.
        at: First row and column of the result.
    """
    method = cv2.INTER_AREA if size[0] < parts[0].shape[1] else cv2.INTER_LINEAR
    scaled = [np.asarray(cv2.resize(p, size, interpolation=method), np.uint8) for p in parts[:2]]
    labels = cv2.resize(parts[2], size, interpolation=cv2.INTER_NEAREST_EXACT)
    rgb, thermal = (_placed(p, at, room, 0) for p in scaled)
    inside = np.zeros(room, np.bool_)
    inside[:max(size[1] - at[0], 0), :max(size[0] - at[1], 0)] = True
    return rgb, thermal, _placed(np.asarray(labels, np.uint8), at, room, IGNORE), inside


def stacked(rows: Sequence[Placed], present: Sequence[tuple[int, int]]) -> Batch:
    """Return pairs of one size as a batch."""
    rgb, thermal, labels, inside = (np.stack([row[k] for row in rows]) for k in range(4))
    return Batch(
        torch.from_numpy(rgb), torch.from_numpy(thermal),
        torch.from_numpy(labels.astype(np.int64)), torch.from_numpy(inside),
        torch.tensor(present, dtype=torch.float32))


class BatchMaker:
    """Makes this process's share of each batch."""

    def __init__(
        self, recipe: RgbtRecipe, pairs: PairPictures, rank: int = 0, world: int = 1,
    ) -> None:
        """Take what batches are made of.

        Args:
            recipe: What is needed.
            pairs: To train on.
            rank: This process.
            world: Number of processes, a divisor of the recipe's batch.
        """
        self._recipe, self._pairs = recipe, pairs
        share = recipe.batch // world
        self._places = range(rank * share, (rank + 1) * share)
        self._order = Order(recipe.seed, len(pairs), recipe.batch)

    def make(self, step: int) -> Batch:
        """Return this process's share of the batch of a step, counted from 0."""
        recipe, rows, present = self._recipe, [], []
        for place in self._places:
            k = self._order.index(step, place)
            rng = np.random.default_rng([recipe.seed, step, place, 1])
            rows.append(augmented(
                (self._pairs.rgb[k], self._pairs.thermal[k], self._pairs.labels[k]),
                recipe.augmentation, recipe.width, recipe.height, rng))
            # 0 leaves the colour picture alone, 1 the thermal one, 2 both
            kept = int(rng.integers(2)) if rng.random() < recipe.missing else 2
            present.append((int(kept != 1), int(kept != 0)))
        return stacked(rows, present)
