# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated streets for a study, and masks of their panoramas that are right, without classes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.events.types import UInt16
from eventsam_ros.simulation.panorama import StreetPicture
from eventsam_ros.simulation.thermal_folder import write_picture

from ..distill.progress import Progress
from ..errors import RecipeError
from ..fields import build
from .segmenter import regions
from .worlds.folder import Worlds, unlabelled, write_worlds

MASKS = 'masks'
"""Folder of the masks beside the panoramas and the pinhole pictures."""
_LEAST = 12
"""Pixels that a region must have to be worth a mask."""


def right_masks(picture: StreetPicture) -> UInt16:
    """Return the regions of one class and one object each, uint16 [H, W], 0 is none.

    What meets over the left and right edges has two ids: masks are looked at in windows.
    """
    return regions(picture.labels.astype(np.int64) * 65536 + picture.ids, _LEAST)


def write_simulated(values: dict[str, Any]) -> None:
    """Write what a study needs, as far as it is not there.

    Args:
        values: `path`, the folder; `masks`, whether right masks are wanted; and the fields of
            worlds.folder.Worlds.

    Raises:
        RecipeError: A value is unknown or out of its range.
    """
    given = dict(values)
    folder, masks = given.pop('path', None), given.pop('masks', False)
    if not isinstance(folder, str | Path) or not isinstance(masks, bool):
        raise RecipeError('study: worlds needs path, a folder; masks is true or false')
    unknown = sorted(given.keys() - {f.name for f in fields(Worlds)})
    if unknown:
        raise RecipeError(f'study: worlds has an unknown key {unknown[0]!r}')
    try:
        wanted = build(Worlds, given, 'study: worlds')
    except ValueError as error:
        raise RecipeError(f'study: worlds: {error}') from error
    with Progress(wanted.total, 'streets', 'pictures') as progress:
        write_worlds(Path(folder), wanted, lambda *_: progress.advance())
    with Progress(wanted.train, 'right masks', 'panoramas') as progress:
        for name, draw in unlabelled(wanted) if masks else ():
            path = Path(folder) / MASKS / f'{name}.png'
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_picture(path, right_masks(draw()))
            progress.advance()
