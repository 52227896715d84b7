# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Training pairs on disk: shards of raw arrays that several processes write and one reads."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from eventsam_ros.events.types import UInt8

from .cutouts import Cutouts
from .windows import training_windows

SHARD = 192
"""Pairs in a shard."""


def write_shards(
    folder: Path, first_seed: int, shards: range, in_width: int, in_height: int,
    cutouts: Cutouts | None, representation: str, boards: float = 0.0,
) -> None:
    """Write the given shards; those already there are left alone, so a rerun resumes.

    Shard k takes its scenes from seeds first_seed + 1000 k onwards; `boards` is the share of
    scenes with a printed board.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for k in shards:
        path = folder / f'shard_{k:04d}.npy'
        if path.exists():
            continue
        data = np.empty((SHARD, in_height, in_width, 4), np.uint8)
        filled, seed = 0, first_seed + 1000 * k
        while filled < SHARD:
            pairs = training_windows(
                seed, in_width, in_height, cutouts, representation=representation,
                boards=boards)
            for picture, ids in pairs[:SHARD - filled]:
                data[filled, ..., :3], data[filled, ..., 3] = picture, ids
                filled += 1
            seed += 1
        part = path.with_suffix(f'.part{os.getpid()}')
        with part.open('wb') as file:
            np.save(file, data)
        part.replace(path)
        print(f'shard {k}: {seed - first_seed - 1000 * k} scenes', flush=True)


class Store:
    """Random access to all shards present; new ones are noticed on `refresh`."""

    def __init__(self, folder: Path) -> None:
        """Open a folder of shards."""
        self._folder = folder
        self._shards: list[UInt8] = []
        self.refresh()

    def refresh(self) -> None:
        """Take up shards that have appeared since."""
        paths = sorted(self._folder.glob('shard_*.npy'))
        self._shards = [np.load(p, mmap_mode='r') for p in paths]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return sum(len(s) for s in self._shards)

    def __getitem__(self, index: int) -> tuple[UInt8, UInt8]:
        """Return picture uint8 [h, w, 3] and ids uint8 [h, w]."""
        pair = np.asarray(self._shards[index // SHARD][index % SHARD])
        return pair[..., :3], pair[..., 3]
