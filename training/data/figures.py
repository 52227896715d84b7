# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Printed figures: markers, checkers, signs, bars, rings and letters, as ink on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import string

import cv2
import numpy as np

from eventsam_ros.events.types import UInt8

SIDE = 256
"""Side of a figure's square in pixels; the figure stays within it."""
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX)
_SIGNS = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Figure:
    """A printed figure.

    Attributes:
        ink: How much ink is where, uint8 [SIDE, SIDE], 0 paper, 255 ink.
        mask: What belongs to the figure, uint8 [SIDE, SIDE], 0 or 255.
    """

    ink: UInt8
    mask: UInt8


def _blank() -> UInt8:
    return np.zeros((SIDE, SIDE), np.uint8)


def _grown(cells: UInt8) -> UInt8:
    return np.asarray(cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST), np.uint8)


def _full() -> UInt8:
    return np.full((SIDE, SIDE), 255, np.uint8)


def _cells(rng: np.random.Generator) -> Figure:
    """Draw random cells in a dark frame."""
    n = int(rng.integers(3, 8))
    frame = int(rng.integers(1, 3))
    cells = np.full((n + 2 * frame,) * 2, 255, np.uint8)
    cells[frame:-frame, frame:-frame] = rng.integers(0, 2, (n, n)) * 255
    return Figure(_grown(cells), _full())


def _code(rng: np.random.Generator) -> Figure:
    """Draw many small cells without a frame."""
    n = int(rng.integers(8, 20))
    cells = (rng.random((n, n)) < 0.5).astype(np.uint8) * np.uint8(255)
    return Figure(_grown(cells), _full())


def _checker(rng: np.random.Generator) -> Figure:
    n = int(rng.integers(2, 7))
    row, column = np.indices((n, n))
    return Figure(_grown(((row + column) % 2 * 255).astype(np.uint8)), _full())


def _bars(rng: np.random.Generator) -> Figure:
    """Draw upright bars of random widths in a rectangle."""
    edges = np.sort(rng.choice(np.arange(4, SIDE - 4), int(rng.integers(8, 30)), replace=False))
    line = (np.searchsorted(edges, np.arange(SIDE)) % 2 == 1) * 255
    high = int(rng.integers(90, SIDE))
    ink, mask = _blank(), _blank()
    ink[:high], mask[:high] = line, 255
    top = (SIDE - high) // 2
    return Figure(np.roll(ink, top, 0), np.roll(mask, top, 0))


def _rings(rng: np.random.Generator) -> Figure:
    ink, mask = _blank(), _blank()
    middle, count = (SIDE // 2,) * 2, int(rng.integers(1, 5))
    cv2.circle(mask, middle, SIDE // 2 - 2, 255, -1)
    for k in range(2 * count, 0, -1):
        radius = round((SIDE // 2 - 2) * k / (2 * count))
        cv2.circle(ink, middle, radius, 0 if k % 2 else 255, -1, cv2.LINE_AA)
    return Figure(ink, mask)


def _text(canvas: UInt8, text: str, box: int, level: int, rng: np.random.Generator) -> None:
    """Write a text as large as a centred square of the given side allows."""
    font = _FONTS[int(rng.integers(len(_FONTS)))]
    stroke = rng.uniform(0.06, 0.14)
    (wide, high), _ = cv2.getTextSize(text, font, 1.0, 1)
    scale = box / max(wide, high) * 0.85
    thick = max(int(min(high * scale, box) * stroke), 2)
    place = (round((SIDE - wide * scale) / 2), round((SIDE + high * scale) / 2))
    cv2.putText(canvas, text, place, font, scale, level, thick, cv2.LINE_AA)


def _letter(rng: np.random.Generator) -> Figure:
    """Draw a thick letter or digit; the figure is its strokes."""
    ink = _blank()
    _text(ink, _SIGNS[int(rng.integers(len(_SIGNS)))], SIDE, 255, rng)
    ink = np.asarray(cv2.dilate(ink, np.ones((13, 13), np.uint8)), np.uint8)
    return Figure(ink, np.where(ink > 127, 255, 0).astype(np.uint8))


def _sign(rng: np.random.Generator) -> Figure:
    """Draw a disc or polygon with a rim and a text or an arrow on it."""
    ink, mask = _blank(), _blank()
    corners = int(rng.choice((3, 4, 4, 5, 6, 8, 60)))
    angle = 2 * np.pi * (np.arange(corners) + 0.5) / corners + np.pi / 2
    middle, radius = SIDE / 2, SIDE / 2 - 2

    def outline(share: float) -> list[UInt8]:
        points = np.stack([np.cos(angle), np.sin(angle)], 1) * radius * share + middle
        return [np.rint(points).astype(np.int32)]

    dark = rng.random() < 0.5
    cv2.fillPoly(mask, outline(1.0), 255)
    cv2.fillPoly(ink, outline(1.0), 255, cv2.LINE_AA)
    cv2.fillPoly(ink, outline(rng.uniform(0.8, 0.92)), 0, cv2.LINE_AA)
    if dark:
        cv2.fillPoly(ink, outline(rng.uniform(0.6, 0.78)), 255, cv2.LINE_AA)
    level = 0 if dark else 255
    if rng.random() < 0.6:
        text = ''.join(_SIGNS[int(k)] for k in rng.integers(0, len(_SIGNS), rng.integers(1, 4)))
        _text(ink, text, SIDE // 2, level, rng)
    else:
        turn = rng.uniform(0, 2 * np.pi)
        way = np.asarray([np.cos(turn), np.sin(turn)]) * radius * 0.45
        tail, head = np.rint(middle - way).astype(int), np.rint(middle + way).astype(int)
        cv2.arrowedLine(ink, tail.tolist(), head.tolist(), level, 22, cv2.LINE_AA, 0, 0.45)
    return Figure(ink, mask)


KINDS: tuple[Callable[[np.random.Generator], Figure], ...] = (
    _cells, _cells, _code, _checker, _bars, _rings, _letter, _sign, _sign)


def random_figure(rng: np.random.Generator, kind: int | None = None) -> Figure:
    """Return a random figure, of the kind with that index in KINDS where one is given."""
    chosen = int(rng.integers(len(KINDS))) if kind is None else kind
    return KINDS[chosen](rng)
