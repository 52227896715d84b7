# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks on disk: what gives them is frozen and windows are fixed, so each is made once."""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.events.types import Bool

from ..distill.progress import Progress
from ..errors import RecipeError
from ..kept import put
from .masks import MaskSource
from .pictures import Panoramas
from .windows import View

_SETTINGS = 'settings.json'


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise RecipeError(f'{file} cannot be read: {error}') from error


class MaskCache:
    """A folder with a file for each panorama; rows of bits of every mask of its views.

    Attributes:
        folder: Where.
        views: Windows, and overlaps where they are sent as well.
    """

    def __init__(self, folder: Path, views: Sequence[View]) -> None:
        """Name the folder and the views that it holds."""
        self.folder, self.views = folder, tuple(views)

    def path(self, name: str) -> Path:
        """Return the file of a panorama."""
        return self.folder / f'{name}.npz'

    def fill(
        self, source: MaskSource, panoramas: Panoramas, said: dict[str, Any],
    ) -> None:
        """Make the masks that are missing.

        Args:
            source: Gives masks.
            panoramas: Of what.
            said: What the masks depend on beside the source.

        Raises:
            RecipeError: The folder holds masks of another source or of other windows.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = {**said, 'source': source.fingerprint, 'views': [list(v) for v in self.views]}
        file = self.folder / _SETTINGS
        # what an older file does not say is taken to be so
        if file.exists() and {**wanted, **_read(file)} != wanted:
            raise RecipeError(f'{self.folder} holds masks made otherwise: remove it, or choose '
                              'another --run')
        put(file, json.dumps(wanted))
        with Progress(len(panoramas), 'masks', 'panoramas') as progress:
            for k, name in enumerate(panoramas.names):
                progress.advance()
                if self.path(name).exists():
                    continue
                panorama = panoramas[k]
                self._write(name, [source.masks(panorama, view) for view in self.views])

    def _write(self, name: str, masks: Sequence[Bool]) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix('.part.npz')
        packed: dict[str, Any] = {
            f'view_{k}': np.packbits(one, -1) for k, one in enumerate(masks)}
        np.savez_compressed(part, **packed)
        part.replace(path)

    def read(self, name: str) -> list[Bool]:
        """Return the masks of every view, bool [N, h, w] each.

        Raises:
            RecipeError: They have not been made, or are damaged.
        """
        try:
            with np.load(self.path(name)) as file:
                return [np.unpackbits(file[f'view_{k}'], -1, view.width).astype(np.bool_)
                        for k, view in enumerate(self.views)]
        except (OSError, ValueError, KeyError) as error:
            raise RecipeError(f'{self.path(name)} holds no masks of these windows: run the stage '
                              f'masks first ({error})') from error
