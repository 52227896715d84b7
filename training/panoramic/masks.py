# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks without classes: from a promptable network of ours, an official SAM, or picture files."""

from __future__ import annotations

from dataclasses import dataclass, replace
import hashlib
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
import torch

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.datasets.pictures import check_shape, read_indices
from eventsam_ros.events.types import Bool
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.options import AutomaticOptions

from ..compare.everything import OPTIONS, everything
from ..data.pair import resized_frame, resized_ids
from ..distill.questions import style_of
from ..errors import RecipeError
from ..fields import ranged
from ..networks.third_party import SamAutomaticMaskGenerator, sam_model_registry
from ..teachers.teacher import Teacher, load_teacher, sam_size
from .pictures import Panorama
from .segmenter import PromptableMasks, separate
from .windows import View, cut


@dataclass(frozen=True)
class Masks:
    """Where masks come from.

    Attributes:
        kind: `teacher`: a network of `python -m training teacher`, or an official checkpoint, a
            grid of clicks and the filters that the node runs; `promptable`: the same of a network
            that a study trained for itself (segmenter.py); `official`: segment-anything's own
            automatic generator; `folder`: id pictures (PNG of 8 or 16 bits, 0 is no mask) of
            whole panoramas, by the names of the panoramas.
        path: Checkpoint or folder.
        size: Side of the input of an official checkpoint under `teacher`, pixels.
        points: Clicks across and down a window, for `teacher` and `promptable`.
        score: Least IoU that the network expects of a mask, for these; SAM's own generator: 0.88.
        stability: Least stability of a mask, for these; SAM's own generator: 0.95.
        least_area: Pixels of the network's input that a mask must have, for these.
        boundary: What B_SAM is taken from: `windows`, the masks of both windows of an overlap; or
            `overlap`: the overlap itself is sent to the network, as the paper draws.
    """

    kind: Literal['teacher', 'promptable', 'official', 'folder'] = 'teacher'
    path: Path = Path('sam_vit_b_01ec64.pth')
    size: int = ranged(64, 2048, default=1024)
    points: int = ranged(1, 64, default=16)
    score: float = ranged(0, 1, default=0.88)
    stability: float = ranged(0, 1, default=0.95)
    least_area: int = ranged(1, default=64)
    boundary: Literal['windows', 'overlap'] = 'windows'

    @property
    def options(self) -> AutomaticOptions:
        """Return the choice of masks: parts of others stay, as fusion paints them over these."""
        return replace(
            OPTIONS, points_per_side=self.points, pred_iou=self.score, stability=self.stability,
            min_area=self.least_area, min_region=self.least_area, containment=1.0)


class MaskSource(Protocol):
    """Gives the masks of a window; what gives them never learns."""

    @property
    def fingerprint(self) -> str:
        """Return what the masks depend on."""

    def masks(self, panorama: Panorama, view: View) -> Bool:
        """Return masks bool [N, h, w] of a window of a panorama.

        Args:
            panorama: With its name.
            view: Its window.

        Raises:
            DatasetError: They cannot be had.
        """


class TeacherMasks:
    """Everything in a window, told by a grid of clicks."""

    def __init__(self, teacher: Teacher, options: AutomaticOptions) -> None:
        """Take a frozen network, and how its masks are chosen."""
        self._teacher, self._options = teacher, options
        self._style = style_of(teacher.network.spec)

    @property
    def fingerprint(self) -> str:
        """Return the checksum of its weights, and the choice of masks."""
        return f'{self._teacher.fingerprint} {self._options}'

    @torch.no_grad()
    def masks(self, panorama: Panorama, view: View) -> Bool:
        """Return the segments of a window."""
        teacher, window = self._teacher, cut(panorama.picture, view)
        size = Letterbox(view.width, view.height, teacher.width, teacher.height).content
        canvas = np.zeros((teacher.height, teacher.width, 3), np.uint8)
        canvas[:size[1], :size[0]] = resized_frame(np.asarray(window, np.uint8), size)
        seen = teacher.valid(torch.tensor([size]))
        found = teacher.look(teacher.normalise(torch.from_numpy(canvas)[None]), seen)
        ids = everything(teacher.decoder, found.embedding, size, self._style, self._options)
        return separate(resized_ids(ids, (view.width, view.height)))


class OfficialMasks:
    """segment-anything's automatic generator, with its own defaults."""

    def __init__(self, network: Any, fingerprint: str) -> None:
        """Take a network of segment-anything, which is frozen, and what its masks depend on."""
        self.network = network.eval().requires_grad_(False)
        self._generator, self._fingerprint = SamAutomaticMaskGenerator(network), fingerprint

    @classmethod
    def load(cls, path: Path) -> OfficialMasks:
        """Read a checkpoint.

        Raises:
            RecipeError: It cannot be read, or is no SAM.
        """
        try:
            state = torch.load(path, map_location='cpu', weights_only=True)
            network = sam_model_registry[sam_size(state)]()
            network.load_state_dict(state)
            return cls(network, hashlib.sha256(path.read_bytes()).hexdigest())
        except Exception as error:  # torch has many for damaged files
            reason = ' '.join(str(error).split())[:200]
            raise RecipeError(f'{path} is no checkpoint of SAM that can be read: {reason}'
                              ) from error

    @property
    def fingerprint(self) -> str:
        """Return the checksum of the checkpoint."""
        return self._fingerprint

    def masks(self, panorama: Panorama, view: View) -> Bool:
        """Return the segments of a window."""
        try:
            found = self._generator.generate(cut(panorama.picture, view))
        except RuntimeError as error:
            raise DatasetError(
                'the automatic generator of segment-anything needs a torchvision with its '
                'operators; kind teacher reads the same checkpoint without them') from error
        if not found:
            return np.zeros((0, view.height, view.width), np.bool_)
        return np.stack([np.asarray(one['segmentation'], np.bool_) for one in found])


class FolderMasks:
    """Id pictures of whole panoramas."""

    def __init__(self, folder: Path) -> None:
        """Name the folder.

        Raises:
            RecipeError: It is not there.
        """
        if not folder.is_dir():
            raise RecipeError(f'folder {folder} of masks is missing')
        self._folder = folder

    @property
    def fingerprint(self) -> str:
        """Return names, sizes and times of the files."""
        said = sorted(f'{p.relative_to(self._folder)} {p.stat().st_size} {p.stat().st_mtime_ns}'
                      for p in self._folder.rglob('*.png'))
        return hashlib.sha256('\n'.join(said).encode()).hexdigest()

    def masks(self, panorama: Panorama, view: View) -> Bool:
        """Return the segments of a window."""
        path = self._folder / f'{panorama.name}.png'
        ids = read_indices(path)
        size = (panorama.picture.shape[1], panorama.picture.shape[0])
        if ids.shape[0] * size[0] != ids.shape[1] * size[1]:
            check_shape(path, ids, panorama.picture.shape[:2])
        resized = cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return separate(cut(resized, view))


def open_masks(given: Masks) -> MaskSource:
    """Open a source of masks.

    Raises:
        RecipeError: It is not there or damaged.
    """
    if given.kind == 'folder':
        return FolderMasks(given.path)
    if given.kind == 'promptable':
        return PromptableMasks(given.path, given.options)
    if given.kind == 'official':
        return OfficialMasks.load(given.path)
    return TeacherMasks(load_teacher(given.path, given.size), given.options)
