# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pairs on disk, and all that a training run needs of them."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.events.types import UInt8

from .pair import UNLABELLED, Pair, Settings, make_pair
from .shards import PairsError, complete, prepare, read_settings, write_pairs
from .views import event_augment, views

__all__ = [
    'UNLABELLED', 'Pair', 'PairStore', 'PairsError', 'Settings', 'complete', 'event_augment',
    'make_pair', 'prepare', 'read_settings', 'views', 'write_pairs',
]


@dataclass(frozen=True)
class _Shard:
    path: Path
    names: list[str]
    contents: list[tuple[int, int]]


class PairStore:
    """Random access to all pairs of a folder, mapped from disk as they are asked for.

    Attributes:
        settings: What the pairs share.
        names: Name of each pair; the same in every run, whatever is added to the folder later.
    """

    settings: Settings
    names: list[str]

    def __init__(self, folder: Path) -> None:
        """Open a folder.

        Raises:
            PairsError: No folder of pairs.
        """
        self.folder = folder
        self.settings, _ = read_settings(folder)
        self._shards: list[_Shard] = []
        self._known: set[str] = set()
        self._places: list[tuple[int, int]] = []
        self._open: dict[int, UInt8] = {}
        self.names = []
        self.refresh()

    def refresh(self) -> None:
        """Take up shards that have appeared since; the pairs known keep their index."""
        for path in sorted(self.folder.glob('*.npy')):
            if path.name in self._known:
                continue
            self._known.add(path.name)
            beside = json.loads(path.with_suffix('.json').read_text())
            if not beside['names']:
                continue
            shard = _Shard(path, beside['names'],
                           [(c[0], c[1]) for c in beside['contents']])
            self._places += [(len(self._shards), row) for row in range(len(shard.names))]
            self._shards.append(shard)
            self.names += shard.names

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the open files: another process opens its own."""
        return {**self.__dict__, '_open': {}}

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._places)

    def __getitem__(self, index: int) -> Pair:
        """Return a pair, copied from the disk."""
        which, row = self._places[index]
        shard = self._shards[which]
        if which not in self._open:
            self._open[which] = np.load(shard.path, mmap_mode='r')
        data = self._open[which][row]
        return Pair(
            np.ascontiguousarray(data[..., :3]), np.ascontiguousarray(data[..., 3:6]),
            np.ascontiguousarray(data[..., 6]), shard.contents[row], shard.names[row])
