# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Contact sheets: what the student sees, what the teacher sees, and the masks of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from eventsam_ros.events.types import Bool, UInt8

from ..data.pairs import Pair
from ..errors import RecipeError
from ..networks.promptable import PromptDecoder
from .examine import Example, object_prompts, objects_of
from .objective import Networks, ask, scaled
from .questions import CELL, Questions, Style, clicks

_MOST = 12
"""Objects of a picture that are drawn."""
_RASTER = 3
"""Rows and columns of clicks where nothing is labelled."""
_COLOURS = np.asarray([
    (230, 60, 60), (60, 160, 230), (70, 200, 90), (240, 190, 40), (170, 90, 220), (240, 130, 40),
    (60, 210, 210), (230, 90, 170), (150, 200, 60), (100, 110, 230), (190, 140, 100),
    (140, 150, 160)], np.float32)


def _prompts(pair: Pair, style: Style) -> Questions:
    """Return the boxes of the largest objects, or a raster of clicks where there are none."""
    masks = sorted(objects_of(pair), key=lambda m: -int(m.sum()))[:_MOST]
    if masks:
        return object_prompts(masks, style)[1]
    steps = (np.arange(_RASTER) + 0.5) / _RASTER
    columns, rows = pair.content
    points = np.stack(np.meshgrid(steps * columns, steps * rows), 2).reshape(-1, 2)
    height, width = pair.ids.shape
    return clicks(
        torch.from_numpy(points.astype(np.float32)), style, (height // CELL, width // CELL))


def painted(picture: UInt8, masks: Bool) -> UInt8:
    """Return a picture [H, W, 3] darkened, with masks [N, H, W] over it, small ones on top."""
    shown = np.asarray(picture, np.float32) * 0.5
    order = sorted(range(len(masks)), key=lambda k: -int(masks[k].sum()))
    for k in order:
        colour = _COLOURS[k % len(_COLOURS)]
        shown[masks[k]] = 0.35 * picture[masks[k]] + 0.65 * colour
    return np.asarray(np.clip(shown, 0, 255), np.uint8)


@torch.no_grad()
def contact_sheet(
    networks: Networks, teacher: PromptDecoder, examples: Sequence[Example], style: Style,
    mean: Tensor, std: Tensor,
) -> UInt8:
    """Return a row for each example: event picture, frame, teacher's masks, student's masks.

    Returns:
        uint8 [rows * H, 4 * W, 3] RGB.
    """
    device, rows = mean.device, []
    for example in examples:
        pair = example.pair
        asked = _prompts(pair, style)
        asked = Questions(*(t.to(device) for t in (
            asked.coords, asked.labels, asked.masks, asked.has_mask)))
        image = scaled(torch.from_numpy(pair.picture)[None].to(device), mean, std)
        ours = networks.student(image).embedding.float()
        columns, height = pair.content
        sheets = [pair.picture, pair.frame]
        for decoder, embedding, under in (
                (teacher, example.embedding.to(device), pair.frame),
                (networks.decoder, ours, pair.picture)):
            logits = ask(decoder, embedding, asked)[0][:, 0].cpu().numpy()
            size = (pair.ids.shape[1], pair.ids.shape[0])
            masks = np.stack([cv2.resize(one, size) for one in logits]) > 0
            masks[:, height:], masks[:, :, columns:] = False, False
            sheets.append(painted(under, masks))
        rows.append(np.concatenate(sheets, 1))
    return np.concatenate(rows)


def write_picture(path: Path, sheet: UInt8) -> None:
    """Write an RGB picture as PNG; its folder is made.

    Raises:
        RecipeError: It cannot be written, or its name does not end as that of a picture does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        raise RecipeError(f'{path} is no name of a picture: let it end with .png') from error
    if not written:
        raise RecipeError(f'{path} cannot be written')
