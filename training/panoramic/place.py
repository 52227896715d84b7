# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Where the stages of a run lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..distill.checkpoints import LAST
from ..errors import RecipeError
from ..networks.segformer import SegFormer
from ..semantic.run import load_network

SOURCE, STUDENT_SOURCE, STUDENT = 'assistant', 'pinhole', 'student'
"""Folders of the stages in a run; rounds of adaptation and of fusion are numbered."""


def adapted(number: int) -> str:
    """Return the folder of the assistant after so many rounds."""
    return f'assistant_{number}' if number else SOURCE


def told_by(number: int) -> str:
    """Return the folder of what the assistant tells after so many rounds."""
    return f'told_{number}'


@dataclass(frozen=True)
class Place:
    """Where things are.

    Attributes:
        run: Folder of the stages on panoramas.
        shared: Folder of the stages on pinhole pictures, which several runs may share.
        masks: Folder of masks, which belong to the panoramas and not to a seed.
        device: `auto`, `cpu` or `cuda`.
    """

    run: Path
    shared: Path
    masks: Path
    device: str = 'auto'

    @classmethod
    def single(cls, run: Path, device: str = 'auto') -> Place:
        """Return the place of a run that shares nothing."""
        return cls(run, run, run / 'masks', device)

    def stage(self, name: str) -> Path:
        """Return the folder of a stage."""
        return (self.shared if name in (SOURCE, STUDENT_SOURCE) else self.run) / name

    def network(self, stage: str, finished: bool = True) -> SegFormer:
        """Return the trained network of a stage.

        Args:
            stage: Its folder.
            finished: Whether one that was interrupted will not do.

        Raises:
            RecipeError: It has not been trained, or not to its end.
        """
        path = self.stage(stage) / LAST
        if not path.exists():
            raise RecipeError(f'{path} is missing: run the stage before first')
        return load_network(path, finished=finished)
