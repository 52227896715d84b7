# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Batches of pictures with classes; step k gives the same batch in every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Float32, UInt8

from ..data.pair import resized_ids
from ..data.pairs import Pair, event_augment
from ..distill.order import Order
from ..distill.pictures import write_picture
from .recipe import CmessRecipe, Schedule

Shown = Literal['events', 'images']
"""What of a pair a network sees: its event picture, or its frame in grey."""


@dataclass(frozen=True)
class Look:
    """How pictures become network input; the same in training, validation and export.

    Attributes:
        mean: Subtracted from event pictures.
        std: Divides the rest.
        frame_mean: The same for grey frames.
        frame_std: The same.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    frame_mean: float
    frame_std: float

    @classmethod
    def of(cls, recipe: CmessRecipe) -> Look:
        """Return that of a recipe."""
        return cls(recipe.mean, recipe.std, recipe.frame_mean, recipe.frame_std)

    def tensor(self, pair: Pair, shown: Shown) -> Float32:
        """Return network input float32 [3, H, W]."""
        if shown == 'events':
            picture = pair.picture.astype(np.float32)
            scaled = (picture - np.asarray(self.mean, np.float32)) / np.asarray(
                self.std, np.float32)
            return np.ascontiguousarray(scaled.transpose(2, 0, 1))
        grey = cv2.cvtColor(pair.frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
        columns, rows = pair.content
        scaled = (grey - np.float32(self.frame_mean)) / np.float32(self.frame_std)
        scaled[rows:], scaled[:, columns:] = 0, 0
        return np.repeat(scaled[None], 3, 0)


def cropped(pair: Pair, least: float, rng: np.random.Generator) -> Pair:
    """Mirror and crop a pair at random; crops keep the content's proportions and size."""
    columns, rows = pair.content
    scale = rng.uniform(least, 1.0)
    w, h = max(round(columns * scale), 1), max(round(rows * scale), 1)
    x, y = int(rng.integers(columns - w + 1)), int(rng.integers(rows - h + 1))
    mirrored = rng.random() < 0.5

    def cut(array: UInt8) -> UInt8:
        part = array[y:y + h, x:x + w]
        return np.ascontiguousarray(part[:, ::-1] if mirrored else part)

    made = Pair(pair.picture.copy(), pair.frame.copy(), pair.ids.copy(), pair.content, pair.name)
    for array, into in ((pair.picture, made.picture), (pair.frame, made.frame)):
        into[:rows, :columns] = cv2.resize(
            cut(array), pair.content, interpolation=cv2.INTER_LINEAR)
    made.ids[:rows, :columns] = resized_ids(cut(pair.ids), pair.content)
    return made


def frame_augment(frame: UInt8, rng: np.random.Generator) -> UInt8:
    """Change brightness, contrast and sharpness of a frame at random, as reconstructions do."""
    values = frame.astype(np.float32) / 255
    if rng.random() < 0.5:
        values = values ** np.float32(np.exp(rng.uniform(-0.7, 0.7)))
    if rng.random() < 0.5:
        middle = values.mean()
        values = middle + (values - middle) * np.float32(rng.uniform(0.5, 1.5))
    if rng.random() < 0.3:
        values = cv2.GaussianBlur(values, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        values = values + rng.normal(0, rng.uniform(0.01, 0.06), values.shape[:2])[..., None]
    return np.asarray(np.clip(255 * values, 0, 255), np.float32).astype(np.uint8)


def varied(pair: Pair, plan: Schedule, shown: Shown, rng: np.random.Generator) -> Pair:
    """Return a pair as it is trained on."""
    pair = cropped(pair, plan.least_crop, rng)
    if not plan.augment:
        return pair
    if shown == 'events':
        return replace(pair, picture=event_augment(pair.picture, rng))
    return replace(pair, frame=frame_augment(pair.frame, rng))


class PairList(Protocol):
    """Pairs by index: a PairStore, or part of one."""

    def __len__(self) -> int:
        """Return how many."""

    def __getitem__(self, index: int) -> Pair:
        """Return one as stored."""


@dataclass
class ClassBatch:
    """Pictures float32 [B, 3, H, W] and their classes int64 [B, H, W]."""

    pictures: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> ClassBatch:
        """Return the batch on a device."""
        return ClassBatch(self.pictures.to(device), self.labels.to(device))


Labels = Callable[[int], UInt8]
"""Gives the classes of a pair by its index, uint8 [H, W]."""


class ClassMaker:
    """Makes batches of one set.

    Attributes:
        pairs: The set.
        look: How they become input.
        shown: What is seen of them.
    """

    def __init__(
        self, pairs: PairList, look: Look, plan: Schedule, shown: Shown, seed: int,
        places: range, labels: Labels | None = None,
    ) -> None:
        """Prepare.

        Args:
            pairs: The set.
            look: How they become input.
            plan: For batch and augmentation.
            shown: What is seen of them.
            seed: Of order and augmentation.
            places: Of the batch that this process makes.
            labels: In place of those in the pairs.
        """
        self.pairs, self.look, self.shown = pairs, look, shown
        self._plan, self._seed, self._places, self._labels = plan, seed, places, labels
        self._order = Order(seed, len(pairs), plan.batch)

    def classes_of(self, index: int) -> UInt8:
        """Return the classes of a pair as stored, uint8 [H, W]."""
        return self.pairs[index].ids if self._labels is None else self._labels(index)

    def make(self, step: int) -> ClassBatch:
        """Return the batch of a step, counted from 0."""
        return self.take([self._order.index(step, place) for place in self._places], step)

    def take(self, indices: list[int], step: int) -> ClassBatch:
        """Return a batch of chosen pairs, varied as for the places of a step."""
        pictures, labels = [], []
        for place, index in zip(self._places, indices, strict=True):
            rng = np.random.default_rng([self._seed, step, place, 1])
            pair = replace(self.pairs[index], ids=self.classes_of(index))
            pair = varied(pair, self._plan, self.shown, rng)
            pictures.append(self.look.tensor(pair, self.shown))
            labels.append(pair.ids.astype(np.int64))
        return ClassBatch(
            torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack(labels)))


def coloured(labels: UInt8, colours: tuple[tuple[int, int, int], ...]) -> UInt8:
    """Return classes as a picture, uint8 [H, W, 3] RGB; what does not count is white."""
    table = np.full((256, 3), 255, np.uint8)
    table[:len(colours)] = colours
    return table[labels]


def write_sheet(path: Path, rows: list[list[UInt8]]) -> None:
    """Write pictures uint8 [H, W, 3] RGB of one size side by side, row by row."""
    write_picture(path, np.concatenate([np.concatenate(row, 1) for row in rows]))
