# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures for people: events, masks over them, and sheets of both."""

from __future__ import annotations

from collections.abc import Sequence
import colorsys

import cv2
import numpy as np

from eventsam_ros.events.summed_window import window_sums
from eventsam_ros.events.types import Bool, Float32, UInt8, Window
from eventsam_ros.inference.masks import Masks
from eventsam_ros.kernels import kernel

BACKGROUND = (30, 22, 18)
"""Where nothing happened; all colours here are blue, green, red."""
BRIGHTER = (240, 236, 228)
DARKER = (222, 140, 58)
FILL = 0.45
"""How much of a mask's colour covers the picture under it."""

_GOLDEN = 0.618033988749895
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TEXT = (245, 245, 245)
_DARK_TEXT = (25, 20, 20)
_FULL = 3.0
"""Events of a pixel that show at nearly full colour."""
_COUNTS = 64
"""Numbers of events with a shade of their own."""


def _shades() -> UInt8:
    """Return the colour of each number of events, darker ones first, uint8 [2 _COUNTS, 3]."""
    strength = 1 - 0.55 * np.exp(-(np.arange(_COUNTS) - 1) / _FULL)
    strength[0] = 0
    ground = np.array(BACKGROUND, np.float64)
    rows = [ground + strength[:, None] * (np.array(c) - ground) for c in (DARKER, BRIGHTER)]
    return np.rint(np.concatenate(rows)).astype(np.uint8)


_SHADES = _shades()


@kernel
def _paint(counts, shades, picture):  # type: ignore[no-untyped-def]
    height, width = picture.shape[:2]
    most = len(shades) // 2
    for row in range(height):
        for column in range(width):
            darker, brighter = counts[row, column]
            shade = min(darker + brighter, most - 1)
            if brighter >= darker:
                shade += most
            for channel in range(3):
                picture[row, column, channel] = shades[shade, channel]


def draw_events(window: Window) -> UInt8:
    """Draw a window: brighter events white, darker ones blue, on a dark ground.

    A pixel takes the colour of its majority, the stronger the more events it has.

    Args:
        window: Events with sensor size; events outside the sensor are left out.

    Returns:
        bgr uint8 [height, width, 3].
    """
    picture = np.empty((window.height, window.width, 3), np.uint8)
    _paint(window_sums(window).polarities(), _SHADES, picture)
    return picture


def id_colour(mask_id: int) -> tuple[int, int, int]:
    """Return the colour of an id, always the same; neighbouring ids look different.

    Returns:
        Blue, green, red, each 0 to 255.
    """
    hue = (0.05 + mask_id * _GOLDEN) % 1.0
    saturation = (0.72, 0.55, 0.85)[mask_id % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
    return round(255 * blue), round(255 * green), round(255 * red)


def draw_overlay(
    picture: UInt8, masks: Masks, *, labels: bool = True, fill: float = FILL,
    names: Sequence[str] = (),
) -> UInt8:
    """Draw masks over a picture: a tint, a contour and a tag with id and score.

    Large masks lie under small ones.

    Args:
        picture: bgr uint8 [H, W, 3] or grey uint8 [H, W], of the masks' size.
        masks: Masks to draw; those without a pixel are left out.
        labels: Whether to draw the tags.
        fill: Share of the tint, 0 to 1.
        names: What tags have in place of ids, one a mask; none for ids.

    Returns:
        bgr uint8 [H, W, 3]; the picture itself stays as it was.

    Raises:
        ValueError: The picture is not of the masks' size.
    """
    canvas: UInt8 = _as_bgr(picture).copy()
    if canvas.shape[:2] != masks.masks.shape[1:]:
        raise ValueError(f'picture must have the size of the masks {masks.masks.shape[1:]}, '
                         f'but got {canvas.shape[:2]}')
    areas = np.count_nonzero(masks.masks, axis=(1, 2))
    order = [int(k) for k in np.argsort(-areas, kind='stable') if areas[k]]
    for k in order:
        _tint(canvas, masks.masks[k], masks.boxes[k], id_colour(int(masks.ids[k])), fill)
    for k in order:
        _outline(canvas, masks.masks[k], masks.boxes[k], id_colour(int(masks.ids[k])))
    if labels:
        for k in order:
            text = f'{names[k] if names else masks.ids[k]}  {masks.scores[k]:.2f}'
            _tag(canvas, masks.masks[k], masks.boxes[k], text, id_colour(int(masks.ids[k])))
    return canvas


def draw_classes(
    picture: UInt8, labels: UInt8, colours: Sequence[tuple[int, int, int]],
) -> UInt8:
    """Return a picture with classes over it; pixels of no class, or of a black one, stay.

    Args:
        picture: uint8 [H, W, 3] blue, green, red.
        labels: Class of every pixel, uint8 [H, W].
        colours: Red, green, blue of each class.
    """
    table = np.zeros((256, 3), np.uint8)
    table[:len(colours)] = np.asarray(colours, np.uint8)[:, ::-1]
    mixed = (1 - FILL) * picture + FILL * table[labels]
    painted = (table.sum(axis=1) > 0)[labels][..., None]
    return np.where(painted, np.rint(mixed), picture).astype(np.uint8)


def contact_sheet(
    pictures: Sequence[UInt8], columns: int = 4, captions: Sequence[str] = (), gap: int = 10,
) -> UInt8:
    """Lay pictures out in a grid, each with its caption underneath.

    Args:
        pictures: bgr uint8 [H, W, 3] or grey uint8 [H, W]; each is fitted into the first one's
            size.
        columns: Pictures in a row, at least 1.
        captions: One for each picture, or none at all.
        gap: Pixels between pictures.

    Returns:
        bgr uint8.

    Raises:
        ValueError: No pictures, no columns, or another number of captions.
    """
    if not pictures:
        raise ValueError('a contact sheet must have at least one picture, but got none')
    if columns < 1:
        raise ValueError(f'columns must be at least 1, but got {columns}')
    if captions and len(captions) != len(pictures):
        raise ValueError(
            f'captions must be one for each of {len(pictures)} pictures, but got {len(captions)}')
    height, width = pictures[0].shape[:2]
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    scale = max(0.4, width / 900)
    line = round(34 * scale) if captions else 0
    sheet = np.empty((gap + rows * (height + line + gap), gap + columns * (width + gap), 3),
                     np.uint8)
    sheet[:] = tuple(level // 2 for level in BACKGROUND)
    for k, picture in enumerate(pictures):
        y = gap + k // columns * (height + line + gap)
        x = gap + k % columns * (width + gap)
        sheet[y:y + height, x:x + width] = _fit(_as_bgr(picture), width, height)
        if captions:
            cv2.putText(sheet, captions[k], (x + 2, y + height + round(23 * scale)), _FONT,
                        0.7 * scale, _TEXT, max(1, round(1.4 * scale)), cv2.LINE_AA)
    return sheet


def _as_bgr(picture: UInt8) -> UInt8:
    if picture.ndim == 2:
        return np.asarray(np.repeat(picture[:, :, None], 3, axis=2), np.uint8)
    return picture


def _fit(picture: UInt8, width: int, height: int) -> UInt8:
    """Return a picture scaled to fit into a size, centred on the background."""
    if picture.shape[:2] == (height, width):
        return picture
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = np.empty((height, width, 3), np.uint8)
    out[:] = BACKGROUND
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    out[y:y + size[1], x:x + size[0]] = cv2.resize(picture, size, interpolation=method)
    return out


def _tint(
    canvas: UInt8, mask: Bool, box: Float32, colour: tuple[int, int, int], fill: float,
) -> None:
    x0, y0, x1, y1 = (int(side) for side in box)
    part, inside = canvas[y0:y1, x0:x1], mask[y0:y1, x0:x1]
    plain = np.full_like(part, colour)
    mixed = cv2.addWeighted(part, 1 - fill, plain, fill, 0)
    np.copyto(part, mixed, where=inside[:, :, None])


def _outline(
    canvas: UInt8, mask: Bool, box: Float32, colour: tuple[int, int, int],
) -> None:
    x0, y0, x1, y1 = (int(side) for side in box)
    crop = np.ascontiguousarray(mask[y0:y1, x0:x1]).view(np.uint8)
    contours, _ = cv2.findContours(
        crop, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(x0, y0))
    width = max(1, round(canvas.shape[1] / 400))
    cv2.drawContours(canvas, contours, -1, colour, width, cv2.LINE_AA)


def _tag(
    canvas: UInt8, mask: Bool, box: Float32, text: str, colour: tuple[int, int, int],
) -> None:
    """Write on a plate of the mask's colour: inside the mask, or above it where it is small."""
    height, width = canvas.shape[:2]
    scale = min(max(width / 1400, 0.32), 0.8)
    stroke = max(1, round(1.4 * scale))
    (text_width, text_height), below = cv2.getTextSize(text, _FONT, scale, stroke)
    pad = max(2, round(6 * scale))
    x0, y0, x1, y1 = (int(side) for side in box)
    if x1 - x0 > 1.6 * text_width and y1 - y0 > 3 * text_height:
        crop = np.pad(mask[y0:y1, x0:x1].view(np.uint8), 1)
        depth = cv2.distanceTransform(crop, cv2.DIST_L2, cv2.DIST_MASK_3)
        row, column = divmod(int(np.argmax(depth)), crop.shape[1])
        x, y = x0 + column - 1 - text_width // 2, y0 + row - 1 + text_height // 2
    else:
        x, y = (x0 + x1 - text_width) // 2, y0 - below - pad
    x = min(max(x, pad), max(pad, width - text_width - pad - 1))
    y = min(max(y, text_height + pad), height - below - pad - 1)
    cv2.rectangle(canvas, (x - pad, y - text_height - pad),
                  (x + text_width + pad, y + below // 2 + pad), colour, cv2.FILLED)
    bright = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 110
    cv2.putText(canvas, text, (x, y), _FONT, scale, _DARK_TEXT if bright else _TEXT, stroke,
                cv2.LINE_AA)
