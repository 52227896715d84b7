# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Scenes whose layers have a colour: linear RGB and luminance from the same surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, Float32, UInt8

from .render import render
from .scene import Layer, Scene
from .shapes import distance_map

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Share of linear red, green and blue in what an event sensor sees (ITU-R BT.709)."""
COLOURS = MappingProxyType({
    'red': (0.60, 0.04, 0.03), 'orange': (0.85, 0.27, 0.02), 'yellow': (0.85, 0.70, 0.05),
    'green': (0.05, 0.40, 0.07), 'blue': (0.04, 0.10, 0.60), 'purple': (0.30, 0.05, 0.48),
    'white': (0.88, 0.88, 0.86), 'black': (0.020, 0.020, 0.022)})
"""Reflectance of named colours, linear red, green and blue."""
_CANVAS = 256
_REACH = 0.9
"""Share of the square that a shape keeps to, as shapes.random_outline's do."""


def _points(pairs: Sequence[tuple[float, float]]) -> UInt8:
    canvas = np.zeros((_CANVAS, _CANVAS), np.uint8)
    places = np.rint((np.asarray(pairs) * _REACH + 1) * (_CANVAS / 2)).astype(np.int32)
    cv2.fillPoly(canvas, [places], 255)
    return canvas


def _disc(radius: float, hole: float = 0.0, aside: float = 0.0) -> UInt8:
    canvas = np.zeros((_CANVAS, _CANVAS), np.uint8)
    half = _CANVAS // 2
    cv2.circle(canvas, (half, half), round(radius * _REACH * half), 255, -1)
    if hole:
        cv2.circle(canvas, (round(half * (1 + aside)), half), round(hole * _REACH * half), 0, -1)
    return canvas


def _star() -> UInt8:
    angle = np.pi * np.arange(10) / 5 - np.pi / 2
    radius = np.where(np.arange(10) % 2 == 0, 1.0, 0.42)
    return _points(list(zip(radius * np.cos(angle), radius * np.sin(angle), strict=True)))


def _cross() -> UInt8:
    return _points([
        (-.3, -1), (.3, -1), (.3, -.3), (1, -.3), (1, .3), (.3, .3), (.3, 1), (-.3, 1), (-.3, .3),
        (-1, .3), (-1, -.3), (-.3, -.3)])


SHAPES = MappingProxyType({
    'circle': _disc(0.95), 'square': _points([(-.82, -.82), (.82, -.82), (.82, .82), (-.82, .82)]),
    'triangle': _points([(0, -.95), (1, .8), (-1, .8)]), 'star': _star(), 'cross': _cross(),
    'ring': _disc(0.97, 0.55), 'bar': _points([(-1, -.3), (1, -.3), (1, .3), (-1, .3)]),
    'moon': _disc(0.97, 0.72, 0.42)})
"""Named shapes as masks, uint8 [256, 256], 0 or 255."""
_OUTLINES = MappingProxyType({name: distance_map(mask) for name, mask in SHAPES.items()})


def shape_outline(name: str) -> Float32:
    """Return the signed distance map of a named shape (see shapes.distance_map).

    Raises:
        ValueError: No such shape.
    """
    if name not in _OUTLINES:
        raise ValueError(f'shape must be one of {", ".join(SHAPES)}, but got {name!r}')
    return _OUTLINES[name]


@dataclass(frozen=True)
class ColouredScene:
    """A scene of grey surfaces, and the colour of each.

    Attributes:
        scene: Layers and camera; the textures are of mean 1 or so.
        colours: Reflectance of each layer that its texture modulates, float32 [L, 3], linear RGB.
    """

    scene: Scene
    colours: Float32

    @classmethod
    def of(cls, scene: Scene, colours: Float32) -> ColouredScene:
        """Colour the layers of a scene; what its picture shows then is luminance.

        Raises:
            ValueError: Not one colour a layer.
        """
        if colours.shape != (len(scene.layers), 3):
            raise ValueError(
                f'colours must be [{len(scene.layers)}, 3], but are {colours.shape}')
        grey = colours @ np.asarray(LUMINANCE, np.float32)
        layers = tuple(
            replace(layer, gain=float(g)) for layer, g in zip(scene.layers, grey, strict=True))
        return cls(replace(scene, layers=layers), np.asarray(colours, np.float32))

    def reflectance(self, t: float) -> Float32:
        """Return what a colour camera sees at t seconds, linear RGB, float32 [H, W, 3]."""
        inverse, layers = self.scene.inverse(t), self.scene.layers
        outlines = np.stack([layer.outline for layer in layers])
        textures = np.stack([layer.texture for layer in layers])
        repeats = np.asarray([layer.repeats for layer in layers], np.float32)
        shades = np.asarray([layer.shade for layer in layers], np.float32)
        planes = [
            render(inverse, outlines, textures, repeats, np.ascontiguousarray(self.colours[:, k]),
                   shades, self.scene.light.at(t), self.scene.width, self.scene.height)[0]
            for k in range(3)]
        return np.asarray(np.stack(planes, -1), np.float32)

    def whole(self, layer: int, t: float) -> Bool:
        """Return where a layer would show if nothing hid it, bool [H, W]."""
        alone: tuple[Layer, ...] = (self.scene.layers[layer], self.scene.layers[-1])
        return np.asarray(replace(self.scene, layers=alone).picture(t)[1] > 0, np.bool_)
