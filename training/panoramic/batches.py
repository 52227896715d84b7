# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Batches of pinhole pictures, of windows and of whole panoramas; step k is the same in any run.

A panorama has no first column: it may be turned by any amount, and mirrored, together with what
is told of it. Windows are not: masks are kept for those that were cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.circle import wrapped

from ..distill.order import Order
from ..semantic.batches import ClassBatch, frame_augment
from ..semantic.classes import IGNORE
from ..semantic.recipe import Schedule
from ..teachers.frames import augment_frame
from .pictures import Panoramas, SourcePictures
from .predict import tensor
from .recipe import PanoramicRecipe
from .stitching import counted
from .targets import Targets
from .windows import Overlap, cut


class SourceMaker:
    """Makes batches of pinhole pictures with their classes."""

    def __init__(
        self, pictures: SourcePictures, chosen: Sequence[int], recipe: PanoramicRecipe,
        plan: Schedule, places: range,
    ) -> None:
        """Prepare.

        Args:
            pictures: The set.
            chosen: Which of them.
            recipe: For normalisation and seed.
            plan: For batch and augmentation.
            places: Of the batch that this process makes.
        """
        self._pictures, self._chosen = pictures, list(chosen)
        self._recipe, self._plan, self._places = recipe, plan, places
        self._order = Order(recipe.seed, len(self._chosen), plan.batch)

    def make(self, step: int) -> ClassBatch:
        """Return the batch of a step, counted from 0."""
        recipe, images, labels = self._recipe, [], []
        for place in self._places:
            rng = np.random.default_rng([recipe.seed, step, place, 2])
            picture, classes = self._pictures[self._chosen[self._order.index(step, place)]]
            if self._plan.augment:
                rows, columns = classes.shape
                picture, classes = augment_frame(
                    picture, classes, columns, rows, rng, self._plan.least_crop)
            images.append(tensor(picture, recipe.mean, recipe.std))
            labels.append(torch.from_numpy(classes.astype(np.int64)))
        return ClassBatch(torch.stack(images), torch.stack(labels))


@dataclass
class WindowBatch:
    """Pairs of windows, and what fusion told of each.

    Attributes:
        first: Windows float32 [B, 3, h, w].
        second: Those that they are paired with, float32 [B, 3, h', w'].
        ensemble: E of both, int64 [B, h, w] and [B, h', w'].
        sure: E_H of both.
        common: For each pair the rows and columns of what they share, in both.
    """

    first: Tensor
    second: Tensor
    ensemble: tuple[Tensor, Tensor]
    sure: tuple[Tensor, Tensor]
    common: list[tuple[tuple[slice, slice], tuple[slice, slice]]]

    def to(self, device: torch.device) -> WindowBatch:
        """Return the batch on a device."""
        return WindowBatch(
            self.first.to(device), self.second.to(device),
            (self.ensemble[0].to(device), self.ensemble[1].to(device)),
            (self.sure[0].to(device), self.sure[1].to(device)), self.common)


class WindowMaker:
    """Makes batches of overlapping windows for the assistant."""

    def __init__(
        self, panoramas: Panoramas, targets: Targets, recipe: PanoramicRecipe, places: range,
    ) -> None:
        """Prepare; pairs of one batch are of the same sizes."""
        self._panoramas, self._targets, self._recipe = panoramas, targets, recipe
        self._places, self._windows = places, targets.windows
        views = self._windows.views
        groups: dict[tuple[int, ...], list[Overlap]] = {}
        for overlap in self._windows.overlaps:
            pair = views[overlap.first], views[overlap.second]
            groups.setdefault(tuple(s for v in pair for s in v[2:]), []).append(overlap)
        self._groups = list(groups.values())
        self._share = np.asarray([len(g) for g in self._groups]) / len(self._windows.overlaps)
        self._order = Order(recipe.seed, len(panoramas), recipe.assistant.adapt.batch)

    def make(self, step: int) -> WindowBatch:
        """Return the batch of a step, counted from 0."""
        recipe, windows = self._recipe, self._windows
        rng = np.random.default_rng([recipe.seed, step, 3])
        group = self._groups[int(rng.choice(len(self._groups), p=self._share))]
        images: tuple[list[Tensor], list[Tensor]] = ([], [])
        ensemble: tuple[list[Tensor], list[Tensor]] = ([], [])
        sure: tuple[list[Tensor], list[Tensor]] = ([], [])
        common = []
        for place in self._places:
            own = np.random.default_rng([recipe.seed, step, place, 4])
            overlap = group[int(own.integers(len(group)))]
            index = self._order.index(step, place)
            picture = self._panoramas[index].picture
            if recipe.assistant.adapt.augment:
                picture = frame_augment(picture, own)
            told = self._targets.read(self._panoramas.names[index])
            for side, number in enumerate((overlap.first, overlap.second)):
                view = windows.views[number]
                images[side].append(tensor(cut(picture, view), recipe.mean, recipe.std))
                for into, given in ((ensemble, told.ensemble), (sure, told.sure)):
                    into[side].append(torch.from_numpy(given[number].astype(np.int64)))
            around = windows.width
            common.append((overlap.view.within(windows.views[overlap.first], around),
                           overlap.view.within(windows.views[overlap.second], around)))
        return WindowBatch(
            torch.stack(images[0]), torch.stack(images[1]),
            (torch.stack(ensemble[0]), torch.stack(ensemble[1])),
            (torch.stack(sure[0]), torch.stack(sure[1])), common)


@dataclass
class PanoramaBatch:
    """Whole panoramas, and what is told of them.

    Attributes:
        pictures: With the other edge beyond each edge, float32 [B, 3, H, W + 2 P].
        stitched: What the stitched assistant says: probabilities, or 1 for its class,
            [B, C, H, W].
        ensemble: Windows whose E says each class, [B, C, H, W].
        sure: Windows whose E_H says it.
        hits: Overlaps whose B_ref has an edge, grown, [B, H, W].
        seen: Overlaps that cover a pixel, [B, H, W].
    """

    pictures: Tensor
    stitched: Tensor
    ensemble: Tensor
    sure: Tensor
    hits: Tensor
    seen: Tensor

    def to(self, device: torch.device) -> PanoramaBatch:
        """Return the batch on a device."""
        return PanoramaBatch(*(getattr(self, f.name).to(device) for f in fields(self)))


def turned(maps: NDArray[Any], columns: int, mirrored: bool, axis: int = -1) -> NDArray[Any]:
    """Return panoramas turned to the right by so many columns, and mirrored if so."""
    moved = np.roll(maps, columns, axis)
    return np.flip(moved, axis) if mirrored else moved


class PanoramaMaker:
    """Makes batches of whole panoramas for the student."""

    def __init__(
        self, panoramas: Panoramas, targets: Targets, recipe: PanoramicRecipe, classes: int,
        places: range,
    ) -> None:
        """Prepare."""
        self._panoramas, self._targets, self._recipe = panoramas, targets, recipe
        self._classes, self._places = classes, places
        self._order = Order(recipe.seed, len(panoramas), recipe.student.plan.batch)

    def make(self, step: int) -> PanoramaBatch:
        """Return the batch of a step, counted from 0."""
        samples = [self._sample(self._order.index(step, place), np.random.default_rng(
            [self._recipe.seed, step, place, 5])) for place in self._places]
        return PanoramaBatch(*(torch.stack(parts) for parts in zip(*samples, strict=True)))

    def _sample(self, index: int, rng: np.random.Generator) -> tuple[Tensor, ...]:
        recipe, windows = self._recipe, self._targets.windows
        picture = self._panoramas[index].picture
        told = self._targets.read(self._panoramas.names[index])
        columns = int(rng.integers(windows.width)) if recipe.wrap else 0
        mirrored = bool(rng.random() < 0.5) and recipe.student.plan.augment
        if recipe.student.plan.augment:
            picture = frame_augment(picture, rng)
        picture = wrapped(turned(picture, columns, mirrored, 1), recipe.wrap_padding, 1)
        stitched = (told.shares / np.float32(255) if recipe.student.losses.soft
                    else self._one_hot(told.labels))
        maps = (stitched, counted(told.ensemble, windows, self._classes),
                counted(told.sure, windows, self._classes), told.hits, told.seen)
        return (tensor(picture, recipe.mean, recipe.std),
                *(torch.from_numpy(np.ascontiguousarray(turned(one, columns, mirrored)))
                  for one in maps))

    def _one_hot(self, labels: UInt8) -> UInt8:
        told = labels[None] == np.arange(self._classes, dtype=np.uint8)[:, None, None]
        return np.where(labels == IGNORE, 0, told).astype(np.uint8)
