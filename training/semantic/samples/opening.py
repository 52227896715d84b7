# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Open the sets of a recipe."""

from __future__ import annotations

from ..sets import SetChoice
from .folder import open_folder
from .pictures import open_pictures
from .recorded import open_recorded
from .sample import Samples
from .scenes import Scenes
from .streets import open_streets


def open_samples(choice: SetChoice, packets: int, table: str) -> Samples:
    """Open a set.

    Args:
        choice: Which.
        packets: Packets of events that lead up to each moment.
        table: Of classes (classes.TABLES).

    Raises:
        RecipeError: It cannot be read, or does not go with the classes.
    """
    if choice.kind == 'scenes':
        return Scenes(choice, packets)
    if choice.kind == 'streets':
        return open_streets(choice, packets, table)
    if choice.kind == 'dataset':
        return open_recorded(choice, packets, table)
    if choice.kind == 'folder':
        return open_folder(choice, packets, table)
    return open_pictures(choice, packets, table)
