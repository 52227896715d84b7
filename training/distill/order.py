# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which sample stands where in which batch: a new shuffle each epoch, by the seed alone."""

from __future__ import annotations

import numpy as np

from eventsam_ros.events.types import Int64


class Order:
    """Samples of batches, one after the other; every sample once an epoch."""

    def __init__(self, seed: int, count: int, batch: int) -> None:
        """Take what the order depends on.

        Args:
            seed: Of the run.
            count: Samples.
            batch: Samples a step.
        """
        self._seed, self._count, self._batch = seed, count, batch
        self._orders: dict[int, Int64] = {}

    def index(self, step: int, place: int) -> int:
        """Return the sample at a place of the batch of a step, both from 0."""
        epoch, position = divmod(step * self._batch + place, self._count)
        order = self._orders.get(epoch)
        if order is None:
            rng = np.random.default_rng([self._seed, epoch, 0])
            order = rng.permutation(self._count).astype(np.int64)
            # a batch may lie in two epochs
            self._orders = {**dict(list(self._orders.items())[-2:]), epoch: order}
        return int(order[position])
