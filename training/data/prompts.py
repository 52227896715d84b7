# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Prompts as people and detectors give them, drawn from instance ids."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32, Int64, UInt8
from eventsam_ros.inference.priors import box_logits

SLOTS = 4
"""Points a prompt may have; the rest is padding."""


@dataclass(frozen=True)
class Prompts:
    """N prompts with what they should give (see PromptDecoder for the arrays).

    Attributes:
        coords: float32 [N, SLOTS, 2].
        labels: float32 [N, SLOTS].
        masks: float32 [N, 1, h / 4, w / 4], logits of a previous mask, or zeros.
        has_mask: float32 [N].
        target: bool [N, h, w].
        is_object: bool [N].
    """

    coords: Float32
    labels: Float32
    masks: Float32
    has_mask: Float32
    target: Bool
    is_object: Bool

    @staticmethod
    def join(parts: list[Prompts]) -> tuple[Prompts, Int64]:
        """Return one batch and the index of the part that each prompt came from."""
        names = ('coords', 'labels', 'masks', 'has_mask', 'target', 'is_object')
        joined = Prompts(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))
        counts = [len(p.has_mask) for p in parts]
        return joined, np.repeat(np.arange(len(parts)), counts).astype(np.int64)


def inner_point(mask: Bool, rng: np.random.Generator | None = None) -> tuple[float, float]:
    """Return a point of the mask: the one farthest from its border, or a random inner one."""
    depth = cv2.distanceTransform(
        np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    if rng is None:
        row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
        return float(column), float(row)
    rows, columns = np.nonzero(depth >= rng.uniform(0, 0.7) * depth.max())
    k = int(rng.integers(len(rows)))
    return float(columns[k]), float(rows[k])


def loose_box(
    mask: Bool, rng: np.random.Generator | None, looseness: float = 0.1,
) -> tuple[float, float, float, float]:
    """Return the mask's box x0, y0, x1, y1; each side off by up to the share of its length."""
    rows, columns = np.nonzero(mask)
    x0, x1 = float(columns.min()), float(columns.max() + 1)
    y0, y1 = float(rows.min()), float(rows.max() + 1)
    if rng is None:
        return x0, y0, x1, y1
    dx, dy = (x1 - x0) * looseness, (y1 - y0) * looseness
    noise = np.clip(rng.normal(0, 0.5, 4), -1, 1)
    return (x0 + noise[0] * dx, y0 + noise[1] * dy, x1 + noise[2] * dx, y1 + noise[3] * dy)


def _previous(mask: Bool, rng: np.random.Generator) -> Float32:
    """Return logits of a mask that is a little off, as the window before would give."""
    height, width = mask.shape
    shift = np.asarray([[1, 0, rng.normal(0, 4)], [0, 1, rng.normal(0, 4)]], np.float32)
    moved = cv2.warpAffine(mask.astype(np.float32), shift, (width, height))
    low = cv2.resize(moved, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    low = cv2.GaussianBlur(low, (0, 0), rng.uniform(0.3, 2.0))
    return np.asarray((low - rng.uniform(0.35, 0.65)) * rng.uniform(6, 24), np.float32)


def draw(ids: UInt8, count: int, rng: np.random.Generator) -> Prompts:
    """Draw prompts for one picture: clicks, boxes, several points, previous masks, background.

    Args:
        ids: Instance ids, uint8 [h, w], at least one above 0.
        count: Number of prompts.
        rng: Source of chance.
    """
    height, width = ids.shape
    present = [int(i) for i in np.unique(ids) if i]
    order = rng.permutation(np.resize(rng.permutation(present), count))
    coords = np.zeros((count, SLOTS, 2), np.float32)
    labels = np.full((count, SLOTS), -1, np.float32)
    masks = np.zeros((count, 1, height // 4, width // 4), np.float32)
    has_mask = np.zeros(count, np.float32)
    target = np.zeros((count, height, width), np.bool_)
    is_object = np.ones(count, np.bool_)
    background = ids == 0
    for k, i in enumerate(order):
        mask = ids == i
        kind = rng.random()
        if k == 0 and rng.random() < 0.6 and background.any():
            coords[k, 0], labels[k, 0] = inner_point(background, rng), 1
            is_object[k] = False
            continue
        target[k] = mask
        if kind < 0.5:
            coords[k, 0], labels[k, 0] = inner_point(mask, rng), 1
        else:
            box = loose_box(mask, rng)
            coords[k, :2] = np.asarray(box, np.float32).reshape(2, 2)
            labels[k, :2] = (2, 3)
            masks[k, 0], has_mask[k] = box_logits(box, width // 4, height // 4, 4), 1
        if rng.random() < 0.15:
            coords[k, 2], labels[k, 2] = inner_point(mask, rng), 1
        if rng.random() < 0.15 and not mask.all():
            coords[k, 3], labels[k, 3] = inner_point(~mask, rng), 0
        if rng.random() < 0.15:
            masks[k, 0], has_mask[k] = _previous(mask, rng), 1
    return Prompts(coords, labels, masks, has_mask, target, is_object)
