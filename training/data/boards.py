# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scenes with printed boards: planes whose figures move as one, each an object of its own."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8
from eventsam_ros.simulation.scene import Scene, Swing, random_layer, random_scene
from eventsam_ros.simulation.textures import SIZE

from .cutouts import Cutouts
from .figures import KINDS, SIDE, Figure, random_figure
from .printed import SQUARE, Board, Points

_MOST_FIGURES = 24


def _places(rng: np.random.Generator, rows: int, columns: int, aspect: float) -> list[Points]:
    """Return the corners of each figure on a board of unit half width, seen aslant."""
    tilt = rng.uniform(-0.22, 0.22, (4, 2)).astype(np.float32) * rng.uniform(0, 1)
    view = cv2.getPerspectiveTransform(SQUARE, SQUARE + tilt)
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
            square = (SQUARE.astype(np.float64) * 2 - 1) @ np.asarray([[cos, sin], [-sin, cos]])
            slack = np.maximum(cell / 2 - half, 0)
            jitter = rng.uniform(-1, 1, 2) * slack * (0.6 if turned else 0.0)
            flat = (np.asarray([column, row]) + 0.5) * cell + jitter + square * half
            seen = cv2.perspectiveTransform(flat[None].astype(np.float32), view)[0]
            places.append((seen.astype(np.float64) - 0.5) * np.asarray([2.0, 2.0 * aspect]))
    outline = (SQUARE + tilt - 0.5).astype(np.float64) * np.asarray([2.0, 2.0 * aspect])
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
    board = Board(carrier, *_reflectances(rng))
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


def _paper(board: Board, rng: np.random.Generator) -> Float32:
    """Return the reflectance of the paper between the figures: nearly even."""
    grain = rng.standard_normal((SIZE, SIZE)).astype(np.float32) * np.float32(
        rng.uniform(0.0, 0.03))
    return np.asarray(np.clip(board.paper * (1 + grain), 0.02, 1.0), np.float32)
