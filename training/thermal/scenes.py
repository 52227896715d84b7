# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Folders of simulated streets: one size and one seed each."""

from __future__ import annotations

from pathlib import Path

from eventsam_ros.simulation.thermal_folder import StreetFolder

from ..kept import agree


def alike(folder: Path, wanted: StreetFolder) -> None:
    """Check that what a folder holds already is what is wanted, but for its number.

    Raises:
        RecipeError: It is of another size or seed.
    """
    agree(folder / 'scenes.json',
          {'width': wanted.width, 'height': wanted.height, 'seed': wanted.seed},
          (folder / 'images').exists())
