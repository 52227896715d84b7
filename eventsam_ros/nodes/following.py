# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How a prompt follows its object from window to window.

A click is put again on the inmost point of the object's last mask; a box is drawn again around
that mask, a little larger because the object moves on, with a click inside. Tried on simulated
scenes against other ways (a mask as prompt, the box or click alone, a step ahead by the last
motion), these stay with an object longest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventsam_ros.events.types import Bool
from eventsam_ros.inference.masks import mask_box
from eventsam_ros.inference.overlaps import mask_iou
from eventsam_ros.inference.prompts import Box, Point, Prompt
from eventsam_ros.inference.proposals import inner_points

GROWTH = 0.2
"""How much longer than the mask's the sides of a box are."""
LEAST_PIXELS = 20
"""Masks below this are no object."""
LEAST_IOU = 0.1
"""Masks that overlap the one before less have jumped to something else."""
PATIENCE = 3
"""Windows for which a jump is not followed; after that the object is where the mask is."""


def follows(mask: Bool, before: Bool | None, missed: int) -> bool:
    """Say whether a mask shows where an object went.

    Args:
        mask: What the last prompt was answered with, bool [H, W].
        before: The mask that it followed from, or None for the first.
        missed: Windows since then whose masks were not believed.
    """
    if np.count_nonzero(mask) < LEAST_PIXELS:
        return False
    if before is None or before.shape != mask.shape or missed >= PATIENCE:
        return True
    return float(mask_iou(mask[None], before[None])[0, 0]) >= LEAST_IOU


def moved(prompt: Prompt, mask: Bool) -> Prompt:
    """Return a prompt for the object where it was last.

    Args:
        prompt: As the user put it; its id stays.
        mask: The object's last mask, bool [H, W], not empty.
    """
    x0, y0, x1, y1 = (int(side) for side in mask_box(mask))
    x, y = inner_points(mask[None, y0:y1, x0:x1])[0].tolist()
    click = (Point(x0 + x, y0 + y),)
    if prompt.box is None:
        return replace(prompt, points=click)
    right, down = GROWTH / 2 * (x1 - x0), GROWTH / 2 * (y1 - y0)
    return replace(
        prompt, points=click, box=Box(x0 - right, y0 - down, x1 + right, y1 + down))
