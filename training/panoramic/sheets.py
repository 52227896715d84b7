# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Contact sheets of the test: panoramas, what each arm says of them, what is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

from ..distill.pictures import write_picture
from ..distill.split import evenly
from ..semantic.batches import coloured
from .pictures import TABLES
from .place import Place
from .recipe import PanoramicRecipe
from .score import samples, spoken

_COLUMNS = 4
_WIDTH = 512
_TEXT = 14


def write_sheet(
    path: Path, shown: Sequence[tuple[str, str, PanoramicRecipe, Place]],
) -> None:
    """Write a column for each of some panoramas, a row for each arm.

    Args:
        path: PNG to write.
        shown: Name, stage, recipe and place of each arm.
    """
    recipe = shown[0][2]
    every = list(samples(recipe))
    chosen = [every[k] for k in evenly(len(every), _COLUMNS).tolist()]
    colours = TABLES[recipe.classes].colours
    rows = [[picture for _, picture, _ in chosen],
            [coloured(truth, colours) for _, _, truth in chosen]]
    names = ['panorama', 'truth']
    for name, stage, own, place in shown:
        say = spoken(own, place, stage)
        rows.append([coloured(say(picture), colours) for _, picture, _ in chosen])
        names.append(name)
    write_picture(path, np.concatenate([
        _titled(np.concatenate([_scaled(one) for one in row], 1), name)
        for row, name in zip(rows, names, strict=True)]))


def _scaled(picture: UInt8) -> UInt8:
    size = (_WIDTH, round(_WIDTH * picture.shape[0] / picture.shape[1]))
    return np.asarray(
        cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def _titled(row: UInt8, name: str) -> UInt8:
    head = np.full((_TEXT, row.shape[1], 3), 255, np.uint8)
    cv2.putText(head, name, (3, _TEXT - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1,
                cv2.LINE_AA)
    return np.concatenate([head, row])
