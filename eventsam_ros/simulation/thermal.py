# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Streets by day, at night and in glare: aligned colour and thermal pictures with classes.

The classes and their order are MFNet's, so that whatever reads MFNet reads these. What is warm
shows in the thermal picture (people, driven cars), what is painted in the colour picture (cones,
marks on the road, speed bumps), and each camera has conditions in which it shows little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eventsam_ros.evaluation.datasets.class_tables import MFNET_9
from eventsam_ros.events.types import Float32, UInt8

from . import thermal_surfaces as surfaces
from .render import render
from .scene import Layer, Scene, Swing
from .thermal_cameras import (
    ColourCamera,
    Light,
    Spot,
    ThermalCamera,
    colour_picture,
    thermal_picture,
)
from .thermal_shapes import block_outline, bush_outline, outline_of
from .thermal_surfaces import COLDEST, WARMEST, Surface, Weather, surface_of

CONDITIONS = ('day', 'night', 'glare')
_WIDTHS = {'car': 0.2, 'person': 0.12, 'bike': 0.11, 'curve': 0.2, 'car_stop': 0.14,
           'guardrail': 0.24, 'color_cone': 0.07, 'bump': 0.2}
"""Half side of the square around an object near the camera, in picture widths."""
_FEET = {'car': 0.6, 'person': 0.9, 'bike': 0.8, 'curve': 0.72, 'car_stop': 0.2,
         'guardrail': 0.4, 'color_cone': 0.85, 'bump': 0.1}
"""How far below its middle an object touches the ground, in half sides."""
_OFTEN = {'car': 3, 'person': 4, 'bike': 2, 'curve': 2, 'car_stop': 1.5, 'guardrail': 1.5,
          'color_cone': 2, 'bump': 1.5}
_FLAT = ('curve', 'bump')
"""What lies on the road, behind everything that stands."""


@dataclass(frozen=True)
class RgbtPicture:
    """Both pictures of one instant.

    Attributes:
        rgb: uint8 [H, W, 3].
        thermal: uint8 [H, W], warm is bright.
        labels: Classes of MFNET_9, uint8 [H, W].
    """

    rgb: UInt8
    thermal: UInt8
    labels: UInt8


@dataclass(frozen=True)
class Street:
    """A scene, what its layers look like, how it is lit, and two cameras.

    Attributes:
        condition: One of CONDITIONS.
        scene: Layers and camera.
        surfaces: Of each layer.
        classes: Class of each layer's pixels, uint8 [L]; the background's is 0.
        light: That the colour camera needs.
        colour: The colour camera.
        thermal: The thermal camera.
    """

    condition: str
    scene: Scene
    surfaces: tuple[Surface, ...]
    classes: UInt8
    light: Light
    colour: ColourCamera
    thermal: ThermalCamera

    def fields(self, t: float) -> tuple[Float32, Float32, UInt8]:
        """Return what is there at t seconds, before any camera.

        Returns:
            Reflectance float32 [H, W, 3], temperature float32 [H, W] in °C, and classes
            uint8 [H, W].
        """
        inverse = self.scene.inverse(t)
        outlines = np.stack([layer.outline for layer in self.scene.layers])
        repeats = np.asarray([s.repeats for s in self.surfaces], np.float32)
        ones, shades = np.ones_like(repeats), np.zeros((len(repeats), 2), np.float32)

        def drawn(textures: Float32) -> tuple[Float32, UInt8]:
            return render(inverse, outlines, textures, repeats, ones, shades, 1.0,
                          self.scene.width, self.scene.height)

        planes = [drawn(np.stack([s.colour[k] for s in self.surfaces]))[0] for k in range(3)]
        share, ids = drawn(np.stack([
            (s.heat - COLDEST) / (WARMEST - COLDEST) for s in self.surfaces]).astype(np.float32))
        of_layer = np.concatenate([np.zeros(1, np.uint8), self.classes])
        return (np.asarray(np.stack(planes, -1), np.float32),
                np.asarray(share * (WARMEST - COLDEST) + COLDEST, np.float32), of_layer[ids])

    def look(self, t: float, rng: np.random.Generator) -> RgbtPicture:
        """Take both pictures at t seconds; rng is the noise of the cameras."""
        reflectance, temperature, labels = self.fields(t)
        return RgbtPicture(
            colour_picture(reflectance, self.light, self.colour, rng),
            thermal_picture(temperature, self.thermal, rng), labels)


def _still(x: float, y: float, half: float, outline: Float32, sway: float = 0.0,
           phase: float = 0.0) -> Layer:
    """Return a layer upright in the picture; its texture is of no account here."""
    return Layer(
        Swing(x, 0.0, 0.1, sway, phase) if sway else Swing(x), Swing(y), Swing(0.0), Swing(half),
        1.0, outline, np.ones((2, 2), np.float32), 1.0, 1.0, (0.0, 0.0))


def _light(rng: np.random.Generator, condition: str, width: int, height: int) -> Light:
    if condition == 'day':
        return Light(rng.uniform(0.5, 1.2))
    if condition == 'glare':
        low_sun = Spot(
            rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 0.6) * height,
            rng.uniform(0.1, 0.3) * width, float(np.exp(rng.uniform(np.log(1), np.log(6)))),
            (1.0, 0.95, 0.85))
        around = replace(low_sun, radius=3 * low_sun.radius, strength=0.05 * low_sun.strength)
        return Light(rng.uniform(0.3, 0.8), (), (low_sun, around))
    lamps = [
        Spot(rng.uniform(0, 1) * width, rng.uniform(0.3, 0.8) * height,
             rng.uniform(0.06, 0.2) * width, rng.uniform(0.02, 0.15), (1.0, 0.75, 0.45))
        for _ in range(int(rng.integers(0, 4)))]
    beams: tuple[Spot, ...] = ()
    if rng.random() < 0.5:   # cars that come towards the camera
        beams = tuple(
            Spot(rng.uniform(0, 1) * width, rng.uniform(0.35, 0.7) * height,
                 rng.uniform(0.01, 0.05) * width, rng.uniform(0.1, 0.8))
            for _ in range(int(rng.integers(1, 4))))
    return Light(float(np.exp(rng.uniform(np.log(0.002), np.log(0.03)))), tuple(lamps), beams)


def _cameras(rng: np.random.Generator, width: int) -> tuple[ColourCamera, ThermalCamera]:
    pixel = width / 320
    return ColourCamera(blur=rng.uniform(0.3, 0.7) * pixel), ThermalCamera(
        blur=rng.uniform(0.6, 1.4) * pixel, noise=rng.uniform(0.05, 0.3),
        columns=rng.uniform(0.02, 0.15), least_span=rng.uniform(6, 16),
        shift=(float(rng.normal(0, 0.6 * pixel)), float(rng.normal(0, 0.6 * pixel))))


def _scenery(
    rng: np.random.Generator, horizon: float, weather: Weather,
) -> list[tuple[Layer, Surface]]:
    """Return bushes and houses from front to back, and the sky behind them."""
    block = block_outline()
    found = []
    for _ in range(int(rng.integers(0, 4))):
        half = rng.uniform(0.08, 0.2)
        layer = _still(rng.uniform(0, 1), horizon - 0.75 * half, half, bush_outline(rng))
        found.append((layer, surfaces.bush(rng, weather)))
    for _ in range(int(rng.integers(1, 5))):
        half = rng.uniform(0.12, 0.35)
        layer = _still(rng.uniform(0, 1), horizon - 0.9 * half + rng.uniform(0, 0.03), half, block)
        found.append((layer, surfaces.house(rng, weather)))
    half = 0.9
    found.append((_still(0.5, horizon - 0.9 * half, half, block), surfaces.sky(rng, weather)))
    return found


def _objects(
    rng: np.random.Generator, aspect: float, horizon: float, weather: Weather,
) -> list[tuple[Layer, Surface, int]]:
    """Return labelled objects from front to back, smaller towards the horizon."""
    names = list(_OFTEN)
    weights = np.asarray([_OFTEN[n] for n in names])
    drawn = rng.choice(len(names), int(rng.integers(4, 10)), p=weights / weights.sum())
    found = []
    for k in drawn:
        name = names[int(k)]
        near = rng.uniform(0.15, 1.0)
        foot = horizon + near * (aspect * 1.02 - horizon)
        half = _WIDTHS[name] * (0.3 + 0.9 * near) * rng.uniform(0.85, 1.2)
        sway = rng.normal(0, 0.5) if name in ('car', 'person') else 0.0
        layer = _still(rng.uniform(0.03, 0.97), foot - _FEET[name] * half, half,
                       outline_of(name, rng), float(sway), rng.uniform(0, 2 * np.pi))
        found.append((name in _FLAT, foot, layer, surface_of(name, rng, weather),
                      MFNET_9.names.index(name)))
    found.sort(key=lambda entry: (entry[0], -entry[1]))
    return [entry[2:] for entry in found]


def random_street(
    rng: np.random.Generator, width: int, height: int, condition: str,
) -> Street:
    """Return a random street.

    Args:
        rng: Source of chance.
        width: Picture columns.
        height: Picture rows.
        condition: One of CONDITIONS.

    Raises:
        ValueError: Unknown condition.
    """
    if condition not in CONDITIONS:
        raise ValueError(
            f'condition must be one of {", ".join(CONDITIONS)}, but got {condition!r}')
    aspect = height / width
    weather = (Weather(rng.uniform(-2, 16), 0.0) if condition == 'night'
               else Weather(rng.uniform(8, 33), rng.uniform(0, 14)))
    horizon = rng.uniform(0.3, 0.5) * aspect
    objects = _objects(rng, aspect, horizon, weather)
    behind = _scenery(rng, horizon, weather)
    road = _still(0.5, 0.5 * aspect, 0.5, behind[-1][0].outline)
    layers = [*(o[0] for o in objects), *(b[0] for b in behind), road]
    speed = float(rng.normal(0, 0.3))
    scene = Scene(
        width, height, tuple(layers), pan=Swing(0.0, 0.0, 0.03, speed),
        tilt=Swing(0.0, 0.0, 0.01, 0.7 * speed), roll=Swing(rng.normal(0, 0.02)),
        zoom=Swing(1.0), light=Swing(1.0))
    classes = [*(o[2] for o in objects), *(0 for _ in behind), 0]
    return Street(
        condition, scene, (*(o[1] for o in objects), *(b[1] for b in behind),
                           surfaces.ground(rng, weather)),
        np.asarray(classes, np.uint8), _light(rng, condition, width, height),
        *_cameras(rng, width))


def street_picture(seed: int, number: int, width: int, height: int) -> tuple[str, RgbtPicture]:
    """Return one picture of a set: day, night and glare take turns.

    Args:
        seed: Of the set.
        number: Of the picture, from 0.
        width: Columns.
        height: Rows.

    Returns:
        Its condition, and the pictures.
    """
    condition = CONDITIONS[number % len(CONDITIONS)]
    rng = np.random.default_rng([seed, number, 41])
    street = random_street(rng, width, height, condition)
    return condition, street.look(rng.uniform(0, 10), rng)
