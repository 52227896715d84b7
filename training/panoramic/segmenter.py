# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A promptable network of pictures where SAM's weights cannot be had, and the masks it gives.

It learns the regions of labelled pinhole pictures without their classes, and may begin with a
bundle that has learnt outlines elsewhere. Of panoramas it sees nothing before it gives masks.
"""

from __future__ import annotations

from collections.abc import Iterator
import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import torch

from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import Bool, UInt8, UInt16
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.options import AutomaticOptions

from ..compare.everything import everything
from ..data.pair import Pair, Settings, resized_frame, resized_ids
from ..data.shards import prepare, write_pairs
from ..distill.checkpoints import write_checkpoint
from ..distill.questions import OWN
from ..distill.split import held_out
from ..errors import RecipeError
from ..fit import Run, fit
from ..networks.encoder import normalise
from ..networks.promptable import PromptableSegmenter
from ..recipe import Recipe
from .pictures import Panorama, SourcePictures
from .windows import View, cut

KIND = 'eventsam_ros promptable network of pictures'
"""What a file of this module says that it is."""
_MOST = 254
_SHARD = 'regions'


def regions(joint: NDArray[np.integer[Any]], least: int, most: int = 65_535) -> UInt16:
    """Return the connected regions of equal values, uint16 [H, W], the largest first; 0 is none.

    Args:
        joint: Whole numbers, [H, W]; negative ones belong to no region.
        least: Pixels that a region must have.
        most: Regions to return at most.
    """
    parts: list[tuple[int, Bool]] = []
    for value in np.unique(joint[joint >= 0]):
        number, labels = cv2.connectedComponents(
            (joint == value).astype(np.uint8), connectivity=4)
        areas = np.bincount(labels.reshape(-1), minlength=number)
        parts += [(int(areas[k]), labels == k) for k in range(1, number) if areas[k] >= least]
    parts.sort(key=lambda part: -part[0])
    found = np.zeros(joint.shape, np.uint16)
    for k, (_, where) in enumerate(parts[:most], 1):
        found[where] = k
    return found


def write_region_pairs(pictures: SourcePictures, folder: Path, share: float, least: int) -> None:
    """Write labelled pictures as pairs of frame and regions: FOLDER/train and FOLDER/held_out.

    Args:
        pictures: With classes; what does not count is no region.
        folder: Created where missing.
        share: Of the pictures that are held out.
        least: Pixels that a region must have.
    """
    kept = {'held_out': [k for k, n in enumerate(pictures.names) if held_out(n, share)]}
    kept['train'] = sorted(set(range(len(pictures))) - set(kept['held_out']))
    first = pictures[0][0]
    settings = Settings(first.shape[1], first.shape[0])

    def pairs(which: list[int]) -> Iterator[Pair]:
        for k in which:
            frame, classes = pictures[k]
            joint = np.where(classes == 255, -1, classes.astype(np.int64))
            ids = regions(joint, least, _MOST).astype(np.uint8)
            blank = np.full(frame.shape, NO_EVENT, np.uint8)
            yield Pair(blank, frame, ids, (ids.shape[1], ids.shape[0]), pictures.names[k])
    for part, which in kept.items():
        prepare(folder / part, settings, _SHARD,
                {**pictures.description(), 'share': share, 'least': least})
        write_pairs(folder / part, _SHARD, pairs(which), settings, len(which))


def train_segmenter(recipe: Recipe, pairs: Path, run: Path, output: Path,
                    bundle: Path | None = None) -> None:
    """Train a promptable network on the frames of pairs and write it to one file.

    Args:
        recipe: With picture: frame.
        pairs: Of write_region_pairs.
        run: Folder of the run; an interrupted one goes on.
        output: File for PromptableMasks.
        bundle: Folder of a bundle of the recipe's build to begin with; None begins from nothing.

    Raises:
        RecipeError: The recipe looks at events, or does not fit the bundle.
    """
    if recipe.picture != 'frame':
        raise RecipeError('masks of panoramas need a network of pictures: picture: frame')
    fit(recipe, pairs / 'train', run, sum(p.steps for p in recipe.phases), bundle=bundle,
        held_out=pairs / 'held_out')
    last, network = recipe.phases[-1], Run(recipe, run).average
    write_checkpoint(output, {
        'kind': KIND, 'backbone': recipe.backbone, 'width': last.width, 'height': last.height,
        'frequency': recipe.frequency, 'detail': recipe.detail, 'mean': recipe.mean,
        'std': recipe.std, 'network': network.state_dict()})


class PromptableMasks:
    """Everything in a window, told by a grid of clicks; see masks.MaskSource."""

    def __init__(self, path: Path, options: AutomaticOptions) -> None:
        """Load a file of train_segmenter.

        Args:
            path: The file.
            options: How masks are chosen.

        Raises:
            RecipeError: It is missing, damaged or something else.
        """
        try:
            state = torch.load(path, map_location='cpu', weights_only=True)
            if state['kind'] != KIND:
                raise RecipeError(f'{path} is {state["kind"]}, but masks need {KIND}')
            self._network = PromptableSegmenter(
                state['backbone'], state['width'], state['height'], state['frequency'],
                state['detail'])
            self._network.load_state_dict(state['network'])
            self._size = int(state['width']), int(state['height'])
            self._levels = float(state['mean']), float(state['std'])
        except (OSError, EOFError, RuntimeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, RecipeError):
                raise
            reason = ' '.join(str(error).split())[:200]
            raise RecipeError(f'{path} holds no promptable network of pictures: {reason}'
                              ) from error
        self._network.eval().requires_grad_(False)
        self._options = options
        said = f'{options}'.encode() + path.read_bytes()
        self._fingerprint = hashlib.sha256(said).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Return the checksum of weights and settings."""
        return self._fingerprint

    @torch.no_grad()
    def masks(self, panorama: Panorama, view: View) -> Bool:
        """Return the segments of a window."""
        window: UInt8 = np.asarray(cut(panorama.picture, view), np.uint8)
        content = Letterbox(view.width, view.height, *self._size).content
        canvas = np.full((self._size[1], self._size[0], 3), round(self._levels[0]), np.uint8)
        canvas[:content[1], :content[0]] = resized_frame(window, content)
        image = normalise(torch.from_numpy(canvas)[None], *self._levels)
        ids = everything(self._network.decoder, self._network.encoder(image), content, OWN,
                         self._options)
        return separate(resized_ids(ids, (view.width, view.height)))


def separate(ids: UInt8 | UInt16) -> Bool:
    """Return each id above 0 as a mask, bool [N, h, w]."""
    found = np.flatnonzero(np.bincount(ids.reshape(-1)))
    return np.asarray(ids[None] == found[found > 0][:, None, None], np.bool_)
