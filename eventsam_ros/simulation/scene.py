# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Moving layers under a moving camera: what is where at which instant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eventsam_ros.events.types import Float32, UInt8

from .motion import Motion
from .render import render
from .shapes import random_outline
from .textures import random_texture

_MAX_OBJECTS = 7


@dataclass(frozen=True)
class Swing:
    """A smooth motion that stays in bounds: base + drift t + amplitude sin(rate t + phase)."""

    base: float
    drift: float = 0.0
    amplitude: float = 0.0
    rate: float = 0.0
    phase: float = 0.0

    def at(self, t: float) -> float:
        """Return the value at t seconds."""
        return float(
            self.base + self.drift * t + self.amplitude * np.sin(self.rate * t + self.phase))


@dataclass(frozen=True)
class Layer:
    """One flat object, or the background, in units of the picture's width.

    Attributes:
        x: Centre column, 0 left, 1 right.
        y: Centre row, in widths.
        angle: Rotation in radians.
        half_side: Half of the side of the square that holds the outline, in widths.
        nearness: Share of the camera's translation that it shows; 1 for the background.
        outline: Signed distance map (see shapes), float32 [S, S].
        texture: Reflectance (see textures), float32 [T, T].
        repeats: Texture tiles per half side.
        gain: Brightness factor.
        shade: Brightness slope along the layer's own axes.
    """

    x: Motion
    y: Motion
    angle: Motion
    half_side: Motion
    nearness: float
    outline: Float32
    texture: Float32
    repeats: float
    gain: float
    shade: tuple[float, float]


@dataclass(frozen=True)
class SwingingLayer(Layer):
    """A layer all of whose motions are swings, as those of random layers are."""

    x: Swing
    y: Swing
    angle: Swing
    half_side: Swing


@dataclass(frozen=True)
class Scene:
    """Layers front to back (the last is the background), a camera and the light.

    Attributes:
        width: Picture columns.
        height: Picture rows.
        layers: Front to back.
        pan: Camera translation, x, in widths.
        tilt: Camera translation, y, in widths.
        roll: Camera rotation in radians.
        zoom: Camera magnification.
        light: Brightness of everything.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    pan: Motion
    tilt: Motion
    roll: Motion
    zoom: Motion
    light: Motion

    def picture(self, t: float) -> tuple[Float32, UInt8]:
        """Render the instant t seconds.

        Returns:
            luminance float32 [height, width]; instance ids uint8 [height, width], 0 background.
        """
        return render(
            self.inverse(t), *self._surfaces, self.light.at(t), self.width, self.height)

    @cached_property
    def _surfaces(self) -> tuple[Float32, Float32, Float32, Float32, Float32]:
        """Stack what the renderer reads of the layers."""
        return (
            np.stack([k.outline for k in self.layers]),
            np.stack([k.texture for k in self.layers]),
            np.asarray([k.repeats for k in self.layers], np.float32),
            np.asarray([k.gain for k in self.layers], np.float32),
            np.asarray([k.shade for k in self.layers], np.float32))

    def inverse(self, t: float) -> Float32:
        """Return the pixel-to-layer maps at t seconds, float32 [L, 7] (see render)."""
        centre = np.asarray([0.5, 0.5 * self.height / self.width])
        roll, zoom = self.roll.at(t), self.zoom.at(t)
        camera = np.asarray([self.pan.at(t), self.tilt.at(t)])
        rows = []
        for layer in self.layers:
            place = np.asarray([layer.x.at(t), layer.y.at(t)]) + camera * layer.nearness - centre
            turn = np.asarray([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
            place = zoom * turn @ place + centre
            half = max(layer.half_side.at(t), 0.01) * zoom
            angle = layer.angle.at(t) + roll
            cos, sin = np.cos(angle) / half, np.sin(angle) / half
            # pixel -> widths -> centred -> turned back -> half sides
            scale = 1.0 / self.width
            rows.append([
                cos * scale, sin * scale, -(cos * place[0] + sin * place[1]) + 0.5 * scale * cos,
                -sin * scale, cos * scale, -(-sin * place[0] + cos * place[1]) + 0.5 * scale * cos,
                half * self.width])
        return np.asarray(rows, np.float32)


def _swing(rng: np.random.Generator, base: float, amplitude: float, speed: float) -> Swing:
    """Return a swing of about the given peak speed (units per second) within the amplitude."""
    amplitude = max(amplitude, 1e-4)
    return Swing(base, 0.0, amplitude, speed / amplitude, rng.uniform(0, 2 * np.pi))


def random_layer(
    rng: np.random.Generator, aspect: float, outline: Float32 | None = None,
    texture: Float32 | None = None, repeats: float | None = None,
) -> SwingingLayer:
    """Return a random object; outline and texture may be given, else they are procedural.

    Args:
        rng: Source of chance.
        aspect: Picture height over width.
        outline: Signed distance map, or None.
        texture: Reflectance, or None.
        repeats: Texture tiles per half side, or None for random.
    """
    half = float(np.exp(rng.uniform(np.log(0.06), np.log(0.26))))
    still = rng.random() < 0.15
    speed = 0.0 if still else float(np.exp(rng.uniform(np.log(0.04), np.log(0.6))))
    return SwingingLayer(
        x=_swing(rng, rng.uniform(0.08, 0.92), rng.uniform(0.03, 0.25),
                 speed * rng.uniform(-1, 1)),
        y=_swing(rng, rng.uniform(0.08, 0.92) * aspect, rng.uniform(0.03, 0.2),
                 speed * rng.uniform(-1, 1)),
        angle=_swing(rng, rng.uniform(-np.pi, np.pi) if rng.random() < 0.5
                     else rng.uniform(-0.2, 0.2), rng.uniform(0.1, 0.8),
                     0.0 if still or rng.random() < 0.5 else rng.normal(0, 1.0)),
        half_side=_swing(rng, half, 0.2 * half, 0.0 if still else rng.normal(0, 0.3) * half),
        nearness=rng.uniform(1.0, 2.0),
        outline=random_outline(rng) if outline is None else outline,
        texture=random_texture(rng) if texture is None else texture,
        repeats=rng.uniform(0.3, 1.2) if repeats is None else repeats,
        gain=float(np.exp(rng.uniform(-0.9, 0.6))),
        shade=(rng.uniform(-0.35, 0.35), rng.uniform(-0.35, 0.35)),
    )


def random_scene(
    rng: np.random.Generator, width: int, height: int, objects: int | None = None,
    layers: tuple[Layer, ...] | None = None, background: Float32 | None = None,
) -> Scene:
    """Return a random scene; every swing stays in bounds, so it can run for any time.

    Args:
        rng: Source of chance.
        width: Picture columns.
        height: Picture rows.
        objects: Number of objects, 1 to 7, or None for random.
        layers: Objects to use instead, front to back, or None.
        background: Reflectance of the background, or None for random.
    """
    aspect = height / width
    if layers is None:
        count = int(rng.integers(1, _MAX_OBJECTS + 1)) if objects is None else objects
        layers = tuple(random_layer(rng, aspect) for _ in range(count))
    still = rng.random() < 0.3
    speed = 0.0 if still else float(np.exp(rng.uniform(np.log(0.03), np.log(0.4))))
    flicker = rng.random() < 0.1
    ground = Layer(
        Swing(0.5), Swing(0.5 * aspect), Swing(rng.uniform(-np.pi, np.pi)), Swing(0.5), 1.0,
        layers[0].outline, random_texture(rng) if background is None else background,
        rng.uniform(0.5, 1.6) if background is None else 0.5,
        float(np.exp(rng.uniform(-0.9, 0.6))), (0.0, 0.0))
    return Scene(
        width, height, (*layers, ground),
        pan=_swing(rng, 0.0, rng.uniform(0.03, 0.2), speed * rng.uniform(-1, 1)),
        tilt=_swing(rng, 0.0, rng.uniform(0.03, 0.1), speed * rng.uniform(-1, 1)),
        roll=_swing(rng, 0.0, rng.uniform(0.02, 0.2), 0.0 if still else rng.normal(0, 0.15)),
        zoom=_swing(rng, 1.0, 0.15, 0.0 if still else rng.normal(0, 0.15)),
        light=_swing(rng, 1.0, rng.uniform(0.02, 0.2), 20.0 if flicker else 0.0))
