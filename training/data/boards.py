# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scenes with printed boards: planes whose figures move as one, each an object of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.simulation.scene import Layer, Scene, Swing, random_layer, random_scene
from eventsam_ros.simulation.shapes import distance_map
from eventsam_ros.simulation.textures import SIZE

from .cutouts import Cutouts
from .figures import KINDS, SIDE, Figure, random_figure

_MARGIN = 1.2
"""Side of the square around a figure's outline, in sides of the outline's own."""
_MOST_FIGURES = 24
_SQUARE = np.asarray([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Carried(Swing):
    """One coordinate of a point that a turning and growing carrier takes along.

    Attributes:
        offset: The point in the carrier's own axes, in widths.
        column: Whether the coordinate is the column.
        angle: Rotation of the carrier in radians.
        scale: Size of the carrier, 1 as drawn.
    """

    offset: tuple[float, float] = (0.0, 0.0)
    column: bool = True
    angle: Swing = Swing(0.0)  # noqa: RUF009 - frozen
    scale: Swing = Swing(1.0)  # noqa: RUF009 - frozen

    def at(self, t: float) -> float:
        """Return the value at t seconds."""
        cos, sin = np.cos(self.angle.at(t)), np.sin(self.angle.at(t))
        x, y = self.offset
        turned = cos * x - sin * y if self.column else sin * x + cos * y
        return super().at(t) + self.scale.at(t) * float(turned)


@dataclass(frozen=True)
class _Board:
    """How a board moves, and what it is printed with.

    Attributes:
        carrier: A layer whose motion all figures share.
        paper: Reflectance of the paper.
        ink: Reflectance of the ink.
    """

    carrier: Layer
    paper: float
    ink: float

    def layer(self, figure: Figure, corners: Points) -> Layer:
        """Return a figure that lies between four corners of the board.

        Args:
            figure: What is printed.
            corners: Where its square's corners are, from the top left clockwise, widths from
                the board's centre, float64 [4, 2].
        """
        low, high = corners.min(0), corners.max(0)
        middle, half = (low + high) / 2, float((high - low).max()) / 2 * _MARGIN
        there = ((corners - middle) / half + 1) * SIDE / 2
        place = cv2.getPerspectiveTransform(
            _SQUARE * SIDE, np.asarray(there, np.float32))
        ink, mask = (np.asarray(cv2.warpPerspective(a, place, (SIDE, SIDE)), np.uint8)
                     for a in (figure.ink, figure.mask))
        texture = self.paper + (self.ink - self.paper) * (ink / np.float32(255))
        return self._carried(middle, half, distance_map(np.where(mask > 127, mask, 0)),
                             # the renderer puts the tile's corner at the layer's centre
                             np.roll(texture, (-SIZE // 2, -SIZE // 2), (0, 1)))

    def _carried(self, middle: Points, half: float, outline: Float32, texture: Float32) -> Layer:
        carrier = self.carrier
        offset = (float(middle[0]), float(middle[1]))
        scale, share = carrier.half_side, half / carrier.half_side.base
        size = replace(scale, base=1.0, amplitude=scale.amplitude / scale.base)
        x, y = (
            Carried(s.base, s.drift, s.amplitude, s.rate, s.phase, offset, s is carrier.x,
                    carrier.angle, size)
            for s in (carrier.x, carrier.y))
        return replace(
            carrier, x=x, y=y, outline=outline, texture=np.asarray(texture, np.float32),
            half_side=replace(
                scale, base=half, amplitude=scale.amplitude * share),
            repeats=0.5, shade=(0.0, 0.0))


def _places(rng: np.random.Generator, rows: int, columns: int, aspect: float) -> list[Points]:
    """Return the corners of each figure on a board of unit half width, seen aslant."""
    tilt = rng.uniform(-0.22, 0.22, (4, 2)).astype(np.float32) * rng.uniform(0, 1)
    view = cv2.getPerspectiveTransform(_SQUARE, _SQUARE + tilt)
    fill, turned = rng.uniform(0.5, 0.9), rng.random() < 0.3
    places = []
    for row in range(rows):
        for column in range(columns):
            half = 0.5 * fill * rng.uniform(0.85, 1.0) * np.asarray([1.0, 1.0])
            cell = np.asarray([1 / columns, 1 / rows])
            # square on a board of that aspect
            half *= min(cell[0], cell[1] * aspect) / np.asarray([1.0, aspect])
            angle = rng.uniform(-0.5, 0.5) if turned else 0.0
            cos, sin = np.cos(angle), np.sin(angle)
            square = (_SQUARE.astype(np.float64) * 2 - 1) @ np.asarray([[cos, sin], [-sin, cos]])
            slack = np.maximum(cell / 2 - half, 0)
            jitter = rng.uniform(-1, 1, 2) * slack * (0.6 if turned else 0.0)
            flat = (np.asarray([column, row]) + 0.5) * cell + jitter + square * half
            seen = cv2.perspectiveTransform(flat[None].astype(np.float32), view)[0]
            places.append((seen.astype(np.float64) - 0.5) * np.asarray([2.0, 2.0 * aspect]))
    outline = (_SQUARE + tilt - 0.5).astype(np.float64) * np.asarray([2.0, 2.0 * aspect])
    return [*places, outline]


def _reflectances(rng: np.random.Generator) -> tuple[float, float]:
    """Return paper and ink, at least a factor of two apart; sometimes the ink is bright."""
    bright = rng.uniform(0.35, 0.95)
    dark = bright * float(np.exp(rng.uniform(np.log(0.04), np.log(0.5))))
    return (dark, bright) if rng.random() < 0.15 else (bright, dark)


def _camera(scene: Scene, rng: np.random.Generator) -> Scene:
    """Return the scene under a camera that never rests."""
    def swing(base: float, amplitude: float, speed: float) -> Swing:
        return Swing(base, 0.0, amplitude, speed / amplitude, rng.uniform(0, 2 * np.pi))

    speed = float(np.exp(rng.uniform(np.log(0.05), np.log(0.5))))
    way = rng.uniform(0, 2 * np.pi)
    return replace(
        scene, pan=swing(0.0, rng.uniform(0.03, 0.2), speed * np.cos(way)),
        tilt=swing(0.0, rng.uniform(0.03, 0.1), speed * np.sin(way)),
        roll=swing(0.0, rng.uniform(0.02, 0.2), rng.normal(0, 0.3)),
        zoom=swing(1.0, 0.15, rng.normal(0, 0.2)))


def board_scene(
    rng: np.random.Generator, width: int, height: int, cutouts: Cutouts | None = None,
) -> Scene:
    """Return a scene with a board of printed figures, held before something or a whole wall.

    A held board is an object, too: what is seen of it between its figures. A wall is background.

    Args:
        rng: Source of chance.
        width: Picture columns.
        height: Picture rows.
        cutouts: Photographed backgrounds to use at times, or None.
    """
    aspect = height / width
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    held = rng.random() < 0.6
    board_aspect = rng.uniform(0.6, 1.3) * rows / columns if held else aspect
    half = rng.uniform(0.22, 0.5) / max(1.0, board_aspect / aspect) if held else 0.5
    carrier = random_layer(rng, aspect)
    carrier = replace(
        carrier, half_side=replace(
            carrier.half_side, base=half,
            amplitude=carrier.half_side.amplitude * half / carrier.half_side.base))
    if held:
        carrier = replace(
            carrier, x=replace(carrier.x, base=rng.uniform(0.3, 0.7)),
            y=replace(carrier.y, base=rng.uniform(0.3, 0.7) * aspect))
    else:
        carrier = replace(
            carrier, x=Swing(0.5), y=Swing(0.5 * aspect), angle=Swing(0.0),
            half_side=Swing(half), nearness=1.0)
    board = _Board(carrier, *_reflectances(rng))
    *places, outline = _places(rng, rows, columns, board_aspect)
    alike = int(rng.integers(len(KINDS))) if rng.random() < 0.5 else None
    printed = [board.layer(random_figure(rng, alike), corners * half)
               for corners in places[:_MOST_FIGURES]]
    paper = _paper(board, rng)
    others = tuple(random_layer(rng, aspect) for _ in range(int(rng.integers(0, 3))))
    if not held:
        scene = random_scene(rng, width, height, layers=(*others, *printed), background=paper)
        ground = replace(scene.layers[-1], gain=carrier.gain)
        return _camera(replace(scene, layers=(*scene.layers[:-1], ground)), rng)
    sheet = board.layer(Figure(_blank(), _full()), outline * half)
    sheet = replace(sheet, texture=paper)
    before = int(rng.integers(0, len(others) + 1))
    background = cutouts.background(rng) if cutouts and rng.random() < 0.5 else None
    scene = random_scene(
        rng, width, height, layers=(*others[:before], *printed, sheet, *others[before:]),
        background=background)
    return _camera(scene, rng) if rng.random() < 0.6 else scene


def _blank() -> UInt8:
    return np.zeros((SIDE, SIDE), np.uint8)


def _full() -> UInt8:
    return np.full((SIDE, SIDE), 255, np.uint8)


def _paper(board: _Board, rng: np.random.Generator) -> Float32:
    """Return the reflectance of the paper between the figures: nearly even."""
    grain = rng.standard_normal((SIZE, SIZE)).astype(np.float32) * np.float32(
        rng.uniform(0.0, 0.03))
    return np.asarray(np.clip(board.paper * (1 + grain), 0.02, 1.0), np.float32)
