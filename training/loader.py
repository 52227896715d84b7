# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Batches of augmented pictures and prompts, made ahead in a thread."""

from __future__ import annotations

from dataclasses import dataclass
import queue
import threading
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Bool, Float32, UInt8

from .data.augment import augment
from .data.prompts import Prompts, draw
from .errors import RecipeError
from .recipe import Phase

_PATIENCE = 10
"""How often each picture may come up without an object before it is said that there is none."""


@dataclass(frozen=True)
class Batch:
    """B pictures with N prompts; see PromptDecoder for the prompt arrays.

    Attributes:
        pictures: uint8 [B, h, w, 3].
        ids: uint8 [B, h / 4, w / 4].
        coords: float32 [N, P, 2].
        labels: float32 [N, P].
        masks: float32 [N, 1, h / 4, w / 4].
        has_mask: float32 [N].
        target: float32 [N, h / 4, w / 4], share of each cell that is object.
        is_object: bool [N].
        picture_of: int64 [N].
    """

    pictures: Tensor
    ids: Tensor
    coords: Tensor
    labels: Tensor
    masks: Tensor
    has_mask: Tensor
    target: Tensor
    is_object: Tensor
    picture_of: Tensor


def low_res_target(target: Bool) -> Float32:
    """Return the share of each 4x4 cell that is object, float32 [N, h / 4, w / 4]."""
    n, height, width = target.shape
    cells = target.reshape(n, height // 4, 4, width // 4, 4)
    return np.asarray(cells.mean((2, 4), dtype=np.float32), np.float32)


class Pictures(Protocol):
    """Random access to pictures and their instance ids."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, index: int) -> tuple[UInt8, UInt8]:
        """Return picture uint8 [h, w, 3] and ids uint8 [h, w]."""

    def refresh(self) -> None:
        """Take up what has appeared since."""


class Change(Protocol):
    """A random change of picture and ids that brings them to a size."""

    def __call__(
        self, picture: UInt8, ids: UInt8, width: int, height: int, rng: np.random.Generator,
        least_crop: float = ...,
    ) -> tuple[UInt8, UInt8]:
        """Return changed picture and ids (see data.augment.augment)."""


def make_batch(
    store: Pictures, phase: Phase, rng: np.random.Generator, change: Change = augment,
) -> Batch:
    """Draw a batch of phase.batch pictures with phase.prompts prompts each.

    Raises:
        RecipeError: So many pictures in a row show no object that there can hardly be one.
    """
    pictures: list[UInt8] = []
    ids: list[UInt8] = []
    parts: list[Prompts] = []
    empty = 0
    while len(pictures) < phase.batch:
        picture, picture_ids = change(
            *store[int(rng.integers(len(store)))], phase.width, phase.height, rng,
            phase.least_crop)
        if not picture_ids.any():
            empty += 1
            if empty > _PATIENCE * len(store):
                raise RecipeError(f'{empty} pictures in a row show no labelled object: train on '
                                  'pairs with labels')
            continue
        empty = 0
        pictures.append(picture)
        small = cv2.resize(
            picture_ids, (phase.width // 4, phase.height // 4),
            interpolation=cv2.INTER_NEAREST_EXACT)
        ids.append(np.asarray(small, np.uint8))
        parts.append(draw(picture_ids, phase.prompts, rng))
    joined, picture_of = Prompts.join(parts)
    return Batch(
        torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack(ids)),
        torch.from_numpy(joined.coords), torch.from_numpy(joined.labels),
        torch.from_numpy(joined.masks), torch.from_numpy(joined.has_mask),
        torch.from_numpy(low_res_target(joined.target)),
        torch.from_numpy(joined.is_object), torch.from_numpy(picture_of))


class Loader:
    """Batches of a phase from a step onwards; step k gives the same batch in every run."""

    def __init__(
        self, store: Pictures, phase: Phase, seed: int, first_step: int, change: Change = augment,
    ) -> None:
        """Start making batches; close() ends the thread."""
        self._queue: queue.Queue[Batch | Exception] = queue.Queue(maxsize=4)
        self._stop = threading.Event()
        self._arguments = (store, phase, seed, first_step, change)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        store, phase, seed, step, change = self._arguments
        while not self._stop.is_set():
            try:
                item: Batch | Exception = make_batch(
                    store, phase, np.random.default_rng([seed, step]), change)
            except Exception as error:  # raised again by next()
                item = error
            while not self._stop.is_set():
                try:
                    self._queue.put(item, timeout=0.2)
                    break
                except queue.Full:
                    continue
            step += 1

    def next(self) -> Batch:
        """Return the next batch; what went wrong in the thread is raised here."""
        item = self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()
