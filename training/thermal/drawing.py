# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Contact sheets: both pictures, the truth, and the class maps with both and with one."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.events.types import UInt8

from .network import RgbtNetwork
from .objective import Objective
from .pictures import PairPictures
from .score import class_maps, sights

_UNKNOWN = (90, 90, 90)


def coloured(labels: UInt8, classes: ClassTable) -> UInt8:
    """Return a class map in the colours of its table, uint8 [H, W, 3] RGB; the rest is grey."""
    table = np.full((256, 3), _UNKNOWN, np.uint8)
    table[:len(classes)] = classes.colours
    return table[labels]


def contact_sheet(network: RgbtNetwork, objective: Objective, pairs: PairPictures) -> UInt8:
    """Return one row a pair: colour, thermal, truth, then a class map for each of `sights`.

    Args:
        network: In evaluation mode.
        objective: For normalisation and size.
        pairs: To draw.
    """
    columns = [[pairs.rgb[k], cv2.cvtColor(np.ascontiguousarray(pairs.thermal[k]),
                                           cv2.COLOR_GRAY2RGB),
                coloured(pairs.labels[k], pairs.classes)] for k in range(len(pairs))]
    for shown in sights(network):
        for k, found in class_maps(network, objective, pairs, shown):
            columns[k].append(coloured(found, pairs.classes))
    return np.vstack([np.hstack(row) for row in columns])
