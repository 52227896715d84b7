# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What simple methods make of a click or a box on the same event window."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.tensors import NO_EVENT

Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]
Click = tuple[float, float]
Box = tuple[float, float, float, float]


def _active(picture: Picture) -> Picture:
    """Return where the event picture shows activity, uint8 0 or 1, lone pixels removed."""
    strength = np.abs(picture.astype(np.int16) - NO_EVENT).max(2).astype(np.uint8)
    smooth = cv2.blur(strength, (3, 3))
    return np.asarray(smooth > 12, np.uint8)


def _strength(picture: Picture) -> Picture:
    """Return the event picture's activity in 8 bits, smoothed."""
    strength = np.abs(picture.astype(np.int16) - NO_EVENT).max(2)
    return np.asarray(cv2.GaussianBlur(np.minimum(2 * strength, 255).astype(np.uint8), (5, 5), 0))


def _holes_filled(mask: Picture) -> Mask:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, -1), np.bool_)


def _component(mask: Picture, click: Click) -> Mask:
    """Return the filled component that the click falls into, or is nearest to."""
    filled = _holes_filled(mask).astype(np.uint8)
    _, labels = cv2.connectedComponents(filled)
    x, y = int(click[0]), int(click[1])
    if labels[y, x] == 0:
        rows, columns = np.nonzero(labels)
        if len(rows) == 0:
            return np.zeros(mask.shape, np.bool_)
        k = int(np.argmin((rows - y) ** 2 + (columns - x) ** 2))
        x, y = int(columns[k]), int(rows[k])
    return np.asarray(labels == labels[y, x], np.bool_)


def components_click(picture: Picture, click: Click) -> Mask:
    """Closed and filled connected component of the active pixels at the click."""
    closed = cv2.morphologyEx(_active(picture), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return _component(closed, click)


def watershed_click(picture: Picture, click: Click) -> Mask:
    """Watershed on the activity, from the click and from the picture's border."""
    markers = np.zeros(picture.shape[:2], np.int32)
    markers[0], markers[-1], markers[:, 0], markers[:, -1] = 1, 1, 1, 1
    cv2.circle(markers, (int(click[0]), int(click[1])), 3, 2, -1)
    relief = np.ascontiguousarray(np.repeat(_strength(picture)[..., None], 3, 2))
    cv2.watershed(relief, markers)
    return np.asarray(markers == 2, np.bool_)


def grabcut_click(picture: Picture, click: Click) -> Mask:
    """Run GrabCut from a disc at the click; what is farther is probably background."""
    height, width = picture.shape[:2]
    mask = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    centre = (int(click[0]), int(click[1]))
    cv2.circle(mask, centre, width // 8, cv2.GC_PR_FGD, -1)
    cv2.circle(mask, centre, max(2, width // 33), cv2.GC_FGD, -1)
    return _grabcut(picture, mask)


def _grabcut(picture: Picture, mask: Picture) -> Mask:
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    try:
        cv2.grabCut(picture, mask, None, *models, 2, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # too few pixels of a kind for its colour models
        return np.zeros(mask.shape, np.bool_)
    return np.asarray((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), np.bool_)


def _inside(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    x0, y0 = max(int(box[0]), 0), max(int(box[1]), 0)
    x1 = min(int(np.ceil(box[2])), shape[1])
    y1 = min(int(np.ceil(box[3])), shape[0])
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def ellipse_box(picture: Picture, box: Box) -> Mask:
    """Return the ellipse that fills the box."""
    rows, columns = np.mgrid[:picture.shape[0], :picture.shape[1]] + 0.5
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    rx, ry = max((box[2] - box[0]) / 2, 0.5), max((box[3] - box[1]) / 2, 0.5)
    return np.asarray(((columns - x) / rx) ** 2 + ((rows - y) / ry) ** 2 <= 1, np.bool_)


def components_box(picture: Picture, box: Box) -> Mask:
    """Active pixels in the box, closed and filled."""
    x0, y0, x1, y1 = _inside(box, picture.shape)
    cut = np.zeros(picture.shape[:2], np.uint8)
    cut[y0:y1, x0:x1] = _active(picture)[y0:y1, x0:x1]
    side = max(3, int(0.15 * max(x1 - x0, y1 - y0)) | 1)
    return _holes_filled(cv2.morphologyEx(cut, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)))


def watershed_box(picture: Picture, box: Box) -> Mask:
    """Watershed on the activity, from the box's middle third and from outside of the box."""
    x0, y0, x1, y1 = _inside(box, picture.shape)
    markers = np.ones(picture.shape[:2], np.int32)
    markers[y0:y1, x0:x1] = 0
    dx, dy = (x1 - x0) // 3, (y1 - y0) // 3
    markers[y0 + dy:y1 - dy, x0 + dx:x1 - dx] = 2
    relief = np.ascontiguousarray(np.repeat(_strength(picture)[..., None], 3, 2))
    cv2.watershed(relief, markers)
    return np.asarray(markers == 2, np.bool_)


def grabcut_box(picture: Picture, box: Box) -> Mask:
    """GrabCut with everything outside of the box as background, as OpenCV's rectangle mode."""
    x0, y0, x1, y1 = _inside(box, picture.shape)
    mask = np.full(picture.shape[:2], cv2.GC_BGD, np.uint8)
    mask[y0:y1, x0:x1] = cv2.GC_PR_FGD
    return _grabcut(picture, mask)


CLICK: dict[str, Callable[[Picture, Click], Mask]] = {
    'connected components': components_click, 'watershed': watershed_click,
    'GrabCut': grabcut_click}
BOX: dict[str, Callable[[Picture, Box], Mask]] = {
    'ellipse of the box': ellipse_box, 'connected components': components_box,
    'watershed': watershed_box, 'GrabCut': grabcut_box}
