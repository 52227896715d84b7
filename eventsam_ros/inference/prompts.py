# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a user points at: clicks, boxes and earlier masks, in sensor pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from eventsam_ros.events.types import Bool

LARGEST_ID = 65534
"""Largest id of a mask; 0 is background and 65535 unlabelled in a mono16 label image."""


@dataclass(frozen=True)
class Point:
    """A click.

    Attributes:
        x: Column, 0 at the centre of the leftmost pixels.
        y: Row, 0 at the centre of the topmost pixels.
        label: 1 where the object is, 0 where it is not.
    """

    x: float
    y: float
    label: int = 1


@dataclass(frozen=True)
class Box:
    """A box by its sides: x0 and y0 inclusive, x1 and y1 exclusive, as in `Masks.boxes`."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Prompt:
    """All that is said about one object.

    Attributes:
        points: Clicks, any number.
        box: Box around the object, or None. What lies outside the picture is cut off.
        mask: Where the object was, bool [height, width], or None.
        id: Id that its mask gets, 1 to 65534; None takes the smallest free one.
    """

    points: tuple[Point, ...] = ()
    box: Box | None = None
    mask: Bool | None = None
    id: int | None = None


def check_prompts(prompts: Sequence[Prompt], width: int, height: int) -> None:
    """Check prompts against the sensor's size.

    Args:
        prompts: Any number; messages count them from 0.
        width: Sensor columns.
        height: Sensor rows.

    Raises:
        ValueError: A prompt is empty or lies outside the picture, or ids are not unique.
    """
    taken: set[int] = set()
    for k, prompt in enumerate(prompts):
        if not prompt.points and prompt.box is None and prompt.mask is None:
            raise ValueError(f'prompt {k} must have a point, a box or a mask, but it is empty')
        for point in prompt.points:
            _check_point(k, point, width, height)
        if prompt.box is not None:
            _check_box(k, prompt.box, width, height)
        if prompt.mask is not None:
            _check_mask(k, prompt.mask, width, height)
        elif prompt.box is None and not any(p.label == 1 for p in prompt.points):
            raise ValueError(f'prompt {k} must say where the object is, but all of its points '
                             'have label 0')
        if prompt.id is None:
            continue
        if not 1 <= prompt.id <= LARGEST_ID:
            raise ValueError(
                f'id of prompt {k} must be between 1 and {LARGEST_ID}, but got {prompt.id}')
        if prompt.id in taken:
            raise ValueError(f'ids of prompts must be unique, but {prompt.id} is there twice')
        taken.add(prompt.id)


def _check_point(k: int, point: Point, width: int, height: int) -> None:
    if point.label not in {0, 1}:
        raise ValueError(f'label of a point of prompt {k} must be 1 (object) or 0 (not object), '
                         f'but got {point.label}')
    # Written so that NaN fails as well.
    if not (-0.5 <= point.x < width - 0.5 and -0.5 <= point.y < height - 0.5):
        raise ValueError(
            f'point of prompt {k} must lie inside the picture of {width}x{height} pixels, '
            f'but got ({point.x:g}, {point.y:g})')


def _check_box(k: int, box: Box, width: int, height: int) -> None:
    text = f'({box.x0:g}, {box.y0:g}, {box.x1:g}, {box.y1:g})'
    finite = all(math.isfinite(side) for side in (box.x0, box.y0, box.x1, box.y1))
    if not finite or box.x0 >= box.x1 or box.y0 >= box.y1:
        raise ValueError(f'box of prompt {k} must have x0 < x1 and y0 < y1, but got {text}')
    if box.x0 >= width or box.y0 >= height or box.x1 <= 0 or box.y1 <= 0:
        raise ValueError(f'box of prompt {k} must overlap the picture of {width}x{height} pixels, '
                         f'but got {text}')


def _check_mask(k: int, mask: Bool, width: int, height: int) -> None:
    if mask.dtype != np.bool_ or mask.shape != (height, width):
        raise ValueError(f'mask of prompt {k} must be bool with shape ({height}, {width}), '
                         f'but got {mask.dtype} with shape {mask.shape}')
    if not mask.any():
        raise ValueError(f'mask of prompt {k} must have at least one pixel, but it is empty')


def assign_ids(prompts: Sequence[Prompt]) -> list[int]:
    """Return an id for each prompt: its own, or the smallest that no other one has."""
    taken = {prompt.id for prompt in prompts}
    free = (i for i in range(1, LARGEST_ID + 1) if i not in taken)
    return [next(free) if prompt.id is None else prompt.id for prompt in prompts]
