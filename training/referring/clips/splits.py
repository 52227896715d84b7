# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Which colours go with which shapes in which split.

Colours and shapes are numbered in the order of their tables. With r = (colour + 3 shape) mod 8,
pairs with r of 0 or 3 are for the test, 5 or 6 for validation, and all others for training: no
pair is in two splits, and every colour and every shape is in each of them.
"""

from __future__ import annotations

from eventsam_ros.simulation.coloured import COLOURS, SHAPES

SPLITS = ('train', 'val', 'test')
_RESIDUES = {'train': (1, 2, 4, 7), 'val': (5, 6), 'test': (0, 3)}


def pairs_of(split: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of colour and shape that objects of a split's clips have.

    Raises:
        ValueError: No such split.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, but got {split!r}')
    return tuple(
        (colour, shape) for c, colour in enumerate(COLOURS) for s, shape in enumerate(SHAPES)
        if (c + 3 * s) % len(COLOURS) in _RESIDUES[split])
