# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every source of pairs offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from ..pair import Pair, Settings

SHARD = 64
"""Pairs in a shard at most."""


class Source(Protocol):
    """Pairs in shards; a shard is the same whenever and in whichever process it is made.

    It holds no open file, so it can be pickled and sent to another process.
    """

    @property
    def name(self) -> str:
        """Return its name, unique in a folder of pairs; the names of its shards begin with it."""

    @property
    def shards(self) -> int:
        """Return how many shards there are."""

    def size(self, shard: int) -> int:
        """Return how many pairs a shard has at most, SHARD or less."""

    def description(self) -> dict[str, Any]:
        """Return what the pairs depend on, as JSON can hold it; not how many there are."""

    def pairs(self, shard: int, settings: Settings) -> Iterator[Pair]:
        """Make the pairs of a shard, at most its size."""


@dataclass(frozen=True)
class Counted:
    """What sources share that make as many pairs as they are asked for.

    Attributes:
        seed: Pairs of other seeds differ.
        count: Number of pairs.
    """

    seed: int
    count: int

    @property
    def shards(self) -> int:
        """Return how many shards there are."""
        return -(-self.count // SHARD)

    def size(self, shard: int) -> int:
        """Return how many pairs a shard has."""
        return min(SHARD, self.count - shard * SHARD)
