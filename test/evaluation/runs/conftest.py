# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Small datasets in memory."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from eventsam_ros.evaluation.datasets import Dataset, Sample
from eventsam_ros.events.types import Events, Window
from eventsam_ros.simulation.samples import held_out_window


@dataclass
class ListedSequence:
    name: str
    listed: list
    expressions: tuple = field(default_factory=tuple)
    left_out: Counter = field(default_factory=Counter)

    def __len__(self):
        return len(self.listed)

    def samples(self):
        return iter(self.listed)


@pytest.fixture
def listed():
    return ListedSequence


@pytest.fixture(scope='session')
def simulated():
    """Return a dataset of two sequences of simulated windows; one frame has no truth."""
    sequences = []
    for name, seeds in (('first', (5, 6, 7)), ('second/part', (8,))):
        samples = []
        for k, seed in enumerate(seeds):
            window, ids = held_out_window(seed)
            samples.append(Sample(f'{k:04d}', k * 50_000_000, window, labels=ids))
        sequences.append(ListedSequence(name, samples))
    window, _ = held_out_window(9)
    sequences[1].listed.append(Sample('0001', 50_000_000, window))
    return Dataset('memory', 'instances', tuple(sequences))


@pytest.fixture(scope='session')
def empty_window():
    return Window(Events.empty(), 0, 50_000_000, 64, 48)


@pytest.fixture
def squares():
    """Return a function that paints squares (id, column, row, side) on 64x48 labels."""
    def paint(*given):
        labels = np.zeros((48, 64), np.uint16)
        for id_, column, row, side in given:
            labels[row:row + side, column:column + side] = id_
        return labels
    return paint
