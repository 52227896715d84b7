# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts as the arrays that the decoder takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32, Int64

from .letterbox import Letterbox
from .masks import mask_box
from .priors import box_logits
from .prompts import Box, Prompt

SLOTS = 4
"""Points a prompt is padded to, as in training, so that company does not change its mask."""
BATCH = 32
"""Most prompts in one decoder call; it bounds the memory of large grids."""
MASK_GAIN = 15.0
"""Span of the logits that stand for an earlier mask; training draws it from 6 to 24."""

_PADDING, _CORNERS = -1.0, (2.0, 3.0)


@dataclass(frozen=True)
class PackedPrompts:
    """N prompts with the same number of points P, in pixels of the network's input.

    Attributes:
        index: Place of each prompt in the list it came from, int64 [N].
        coords: x and y, float32 [N, P, 2].
        labels: 1 object, 0 not object, 2 and 3 box corners, -1 padding; float32 [N, P].
        masks: Logits of earlier masks, float32 [M, 1, in_height / cell, in_width / cell]; M is N,
            or 1 where no prompt has an earlier mask: the decoder then shares among all prompts
            what depends on the picture alone.
        has_mask: 1 where there is an earlier mask, float32 [M].
    """

    index: Int64
    coords: Float32
    labels: Float32
    masks: Float32
    has_mask: Float32

    def __len__(self) -> int:
        """Return the number of prompts."""
        return len(self.index)

    def inputs(self) -> dict[str, Float32]:
        """Return the decoder's inputs by name, all but the embedding."""
        return {'point_coords': self.coords, 'point_labels': self.labels,
                'mask_input': self.masks, 'has_mask': self.has_mask}


def pack_clicks(
    points: Float32, letterbox: Letterbox, padding: str = 'slots',
) -> PackedPrompts:
    """Pack lone clicks on objects.

    Args:
        points: x and y in sensor pixels, float32 [N, 2].
        letterbox: Sensor and input size.
        padding: How points are padded, one of manifest.POINT_PADDINGS.
    """
    count = len(points)
    packed = _empty(np.arange(count), _slots(1, False, padding), letterbox)
    scale = np.array(letterbox.scale, np.float32)
    packed.coords[:, 0] = (points + 0.5) * scale - 0.5
    packed.labels[:, 0] = 1
    return packed


def pack_prompts(
    prompts: Sequence[Prompt], letterbox: Letterbox, batch: int = 32, box_prior: bool = False,
    padding: str = 'slots',
) -> list[PackedPrompts]:
    """Pack checked prompts into as few decoder calls as leave each one's mask unchanged.

    Prompts of up to 4 points (a box counts 2) go together, longer ones go with their like; with
    SAM's padding each goes with its like.

    Args:
        prompts: Checked by `check_prompts`.
        letterbox: Sensor and input size.
        batch: Most prompts in one call.
        box_prior: Whether a box without a mask also comes as a mask (see priors.box_logits).
        padding: How points are padded, one of manifest.POINT_PADDINGS.

    Returns:
        The calls; every prompt is in exactly one.
    """
    rows = [_points(prompt, letterbox) for prompt in prompts]
    groups: dict[int, list[int]] = {}
    for k, row in enumerate(rows):
        boxed = bool((row[:, 2] == _CORNERS[0]).any())
        groups.setdefault(_slots(len(row), boxed, padding), []).append(k)
    calls = []
    for slots, members in sorted(groups.items()):
        for start in range(0, len(members), batch):
            index = members[start:start + batch]
            masked = any(_has_mask(prompts[k], box_prior) for k in index)
            packed = _empty(np.asarray(index), slots, letterbox, masked)
            for place, k in enumerate(index):
                row = rows[k]
                packed.coords[place, :len(row)] = row[:, :2]
                packed.labels[place, :len(row)] = row[:, 2]
                mask = prompts[k].mask
                if mask is not None:
                    letterbox.cut(packed.masks[place, 0])[:] = mask_logits(mask, letterbox)
                    packed.has_mask[place] = 1
                elif _has_mask(prompts[k], box_prior):
                    packed.masks[place, 0] = _prior(row, packed.masks.shape, letterbox.cell)
                    packed.has_mask[place] = 1
            calls.append(packed)
    return calls


def mask_logits(mask: Bool, letterbox: Letterbox) -> Float32:
    """Return an earlier mask, bool [height, width], as logits of the letterbox's cells."""
    share = cv2.resize(
        mask.astype(np.float32), letterbox.cells, interpolation=cv2.INTER_AREA)
    return np.asarray((share - 0.5) * MASK_GAIN, np.float32)


def _slots(points: int, boxed: bool, padding: str) -> int:
    """Return the number of points that a prompt is padded to.

    Source of SAM's: `PromptEncoder` and `SamPredictor` of Kirillov et al., 2023.
    """
    if padding == 'sam':
        return points if boxed else points + 1
    return max(SLOTS, points)


def _has_mask(prompt: Prompt, box_prior: bool) -> bool:
    return prompt.mask is not None or (box_prior and prompt.box is not None)


def _prior(row: Float32, shape: tuple[int, ...], cell: int) -> Float32:
    """Return the prior of the box in a prompt's points, its last two rows."""
    (x0, y0), (x1, y1) = row[-2:, :2].tolist()
    return box_logits((x0, y0, x1, y1), shape[-1], shape[-2], cell)


def _points(prompt: Prompt, letterbox: Letterbox) -> Float32:
    """Return x, y and label of a prompt's points and corners, float32 [K, 3]."""
    rows = [(*letterbox.pixels_to_input(p.x, p.y), float(p.label)) for p in prompt.points]
    box = prompt.box
    if box is None and prompt.mask is not None and not any(p.label for p in prompt.points):
        # The decoder has not learned to take a mask alone.
        box = Box(*(float(side) for side in mask_box(prompt.mask)))
    if box is not None:
        sx, sy = letterbox.scale
        x0, x1 = max(box.x0, 0.0), min(box.x1, float(letterbox.width))
        y0, y1 = max(box.y0, 0.0), min(box.y1, float(letterbox.height))
        rows += [(x0 * sx, y0 * sy, _CORNERS[0]), (x1 * sx, y1 * sy, _CORNERS[1])]
    return np.asarray(rows, np.float32)


def _empty(
    index: Int64, slots: int, letterbox: Letterbox, masked: bool = False,
) -> PackedPrompts:
    count, cell = len(index), letterbox.cell
    masks = count if masked else min(count, 1)
    size = (letterbox.in_height // cell, letterbox.in_width // cell)
    return PackedPrompts(
        index=index.astype(np.int64), coords=np.zeros((count, slots, 2), np.float32),
        labels=np.full((count, slots), _PADDING, np.float32),
        masks=np.zeros((masks, 1, *size), np.float32), has_mask=np.zeros(masks, np.float32))
