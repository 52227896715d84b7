# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What surfaces of simulated streets look like in colour, and how warm they are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from eventsam_ros.events.types import Float32

from .textures import SIZE, random_relief

COLDEST, WARMEST = -30.0, 70.0
"""Range of temperatures that are rendered, °C."""
_FIGURE = 0.5
"""Texture tiles per half side with which a texture covers its layer once."""
_COARSE = 16


@dataclass(frozen=True)
class Weather:
    """What all surfaces share.

    Attributes:
        air: Temperature of the air, °C.
        sun: Warming of what lies in the sun, °C; 0 at night.
    """

    air: float
    sun: float


@dataclass(frozen=True)
class Surface:
    """One layer's looks.

    Attributes:
        colour: Reflectance of red, green and blue, float32 [3, T, T], 0 to 1.
        heat: Temperature, °C, float32 [T, T].
        repeats: Texture tiles per half side.
    """

    colour: Float32
    heat: Float32
    repeats: float


def _axes() -> tuple[Float32, Float32]:
    """Return u to the right and v down over a layer, -1 to 1, float32 [T, T]."""
    line = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE * 2 - 1
    u, v = np.meshgrid(line, line)
    return np.asarray(u, np.float32), np.asarray(v, np.float32)


def _once(picture: Float32) -> Float32:
    """Shift a picture of a layer so that a texture drawn once covers the layer with it."""
    return np.roll(picture, (SIZE // 2, SIZE // 2), (-2, -1))


def _tinted(rng: np.random.Generator, rgb: tuple[float, float, float], rough: float) -> Float32:
    """Return a colour with the relief of a random texture."""
    relief = random_relief(rng, rough)
    return np.asarray(np.clip(
        np.asarray(rgb, np.float32)[:, None, None] * relief, 0.01, 1), np.float32)


def _blob(at: tuple[float, float], radius: float) -> Float32:
    u, v = _axes()
    squares = (u - at[0]) ** 2 + (v - at[1]) ** 2
    return np.asarray(np.exp(-squares / (2 * radius ** 2)), np.float32)


def _flat(rng: np.random.Generator, level: float, rough: float) -> Float32:
    """Return a temperature that varies a little over the surface, °C."""
    coarse = rng.standard_normal((_COARSE, _COARSE)).astype(np.float32)
    grain = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(level + rough * grain, np.float32)


def _paint(rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the colour of a car or of clothes: mostly grey, sometimes bright."""
    grey = float(np.exp(rng.uniform(np.log(0.03), np.log(0.7))))
    tint = rng.uniform(0, 0.5) * rng.normal(0, 1, 3)
    red, green, blue = np.clip(grey * np.exp(tint), 0.02, 0.9)
    return float(red), float(green), float(blue)


def _car(rng: np.random.Generator, weather: Weather) -> Surface:
    colour = _tinted(rng, _paint(rng), 0.1)
    _, v = _axes()
    glass = (v > -0.6) & (v < -0.12)
    colour[:, glass] *= np.float32(0.35)
    heat = _flat(rng, weather.air + 0.5 * weather.sun + rng.uniform(-1, 1), 0.6)
    heat[glass] -= np.float32(rng.uniform(1, 5))   # glass mirrors the cold sky
    if rng.random() < 0.7:   # it has been driven
        engine = float(rng.choice([-0.75, 0.75]))
        heat += np.float32(rng.uniform(6, 20)) * _blob((engine, 0.15), 0.28)
        for x in (-0.6, 0.6):
            heat += np.float32(rng.uniform(4, 14)) * _blob((x, 0.45), 0.16)
        heat += np.float32(rng.uniform(2, 6)) * _blob((0.0, 0.6), 0.3)
    return Surface(_once(colour), _once(heat), _FIGURE)


def _person(rng: np.random.Generator, weather: Weather) -> Surface:
    _, v = _axes()
    colour = _tinted(rng, _paint(rng), 0.15)
    legs = _tinted(rng, _paint(rng), 0.15)
    colour[:, v > 0.05] = legs[:, v > 0.05]
    skin = np.asarray([0.45, 0.3, 0.22], np.float32) * np.float32(rng.uniform(0.5, 1.4))
    colour[:, v < -0.64] = skin[:, None]
    clothes = weather.air + (33 - weather.air) * rng.uniform(0.35, 0.7)
    heat = _flat(rng, clothes, 0.5)
    heat[v < -0.64] = np.float32(rng.uniform(31, 34))
    return Surface(_once(colour), _once(heat), _FIGURE)


def _bike(rng: np.random.Generator, weather: Weather) -> Surface:
    colour = _tinted(rng, _paint(rng), 0.2)
    heat = _flat(rng, weather.air + rng.uniform(-1.5, 1.5) + 0.2 * weather.sun, 0.4)
    return Surface(_once(colour), _once(heat), _FIGURE)


def _curve(rng: np.random.Generator, weather: Weather) -> Surface:
    paint = (0.75, 0.72, 0.65) if rng.random() < 0.6 else (0.7, 0.5, 0.08)
    heat = _flat(rng, weather.air + 0.8 * weather.sun + rng.uniform(-1.5, 0.5), 0.3)
    return Surface(_once(_tinted(rng, paint, 0.2)), _once(heat), _FIGURE)


def _car_stop(rng: np.random.Generator, weather: Weather) -> Surface:
    colour = _tinted(rng, (0.45, 0.44, 0.42), 0.2)
    u, _ = _axes()
    if rng.random() < 0.7:
        colour[:, np.abs(np.abs(u) - 0.6) < 0.15] = np.asarray([0.75, 0.55, 0.05])[:, None]
    heat = _flat(rng, weather.air + 0.6 * weather.sun + rng.uniform(-1, 2), 0.4)
    return Surface(_once(colour), _once(heat), _FIGURE)


def _guardrail(rng: np.random.Generator, weather: Weather) -> Surface:
    grey = rng.uniform(0.35, 0.6)
    heat = _flat(rng, weather.air - rng.uniform(1, 5) + 0.1 * weather.sun, 0.5)
    return Surface(_once(_tinted(rng, (grey, grey, grey), 0.12)), _once(heat), _FIGURE)


def _cone(rng: np.random.Generator, weather: Weather) -> Surface:
    colour = _tinted(rng, (0.8, 0.2, 0.04), 0.12)
    _, v = _axes()
    colour[:, np.abs(v + 0.05) < 0.17] = np.float32(0.8)
    heat = _flat(rng, weather.air + 0.3 * weather.sun + rng.uniform(-0.8, 0.8), 0.3)
    return Surface(_once(colour), _once(heat), _FIGURE)


def _bump(rng: np.random.Generator, weather: Weather) -> Surface:
    u, _ = _axes()
    colour = _tinted(rng, (0.04, 0.04, 0.04), 0.2)
    yellow = np.sin(np.pi * (u * rng.integers(4, 8))) > 0
    colour[:, yellow] = np.asarray([0.7, 0.5, 0.05])[:, None]
    heat = _flat(rng, weather.air + 0.9 * weather.sun + rng.uniform(0, 2), 0.3)
    return Surface(_once(colour), _once(heat), _FIGURE)


_KINDS = {'car': _car, 'person': _person, 'bike': _bike, 'curve': _curve, 'car_stop': _car_stop,
          'guardrail': _guardrail, 'color_cone': _cone, 'bump': _bump}


def surface_of(name: str, rng: np.random.Generator, weather: Weather) -> Surface:
    """Return a random surface of a class of thermal_shapes.OUTLINES."""
    return _KINDS[name](rng, weather)


def ground(rng: np.random.Generator, weather: Weather) -> Surface:
    """Return a road, which the sun has warmed and which keeps warm."""
    grey = rng.uniform(0.08, 0.25)
    heat = _flat(rng, weather.air + 0.8 * weather.sun + rng.uniform(1, 3), 0.4)
    return Surface(_tinted(rng, (grey, grey, 1.03 * grey), 0.25), heat, 1.0)


def sky(rng: np.random.Generator, weather: Weather) -> Surface:
    """Return a sky, cold in the thermal band."""
    blue = rng.uniform(0.6, 1.0)
    rgb = (blue * rng.uniform(0.5, 0.95), blue * rng.uniform(0.75, 0.97), blue)
    heat = _flat(rng, weather.air - rng.uniform(12, 35), 1.0)
    return Surface(_once(_tinted(rng, rgb, 0.08)), _once(heat), _FIGURE)


def house(rng: np.random.Generator, weather: Weather) -> Surface:
    """Return a front with rows of windows."""
    grey = rng.uniform(0.15, 0.5)
    rgb = (grey * rng.uniform(0.9, 1.3), grey, grey * rng.uniform(0.6, 1.1))
    colour = _tinted(rng, rgb, 0.15)
    heat = _flat(rng, weather.air + 0.4 * weather.sun + rng.uniform(-1, 2), 0.5)
    u, v = _axes()
    across, down = int(rng.integers(3, 7)), int(rng.integers(3, 6))
    pane = (np.abs((u * across) % 2 - 1) < 0.45) & (np.abs((v * down) % 2 - 1) < 0.5)
    colour[:, pane] = np.float32(rng.uniform(0.03, 0.1))
    heat[pane] += np.float32(rng.uniform(-3, 4))
    return Surface(_once(colour), _once(heat), _FIGURE)


def bush(rng: np.random.Generator, weather: Weather) -> Surface:
    """Return leaves, about as warm as the air."""
    green = rng.uniform(0.12, 0.35)
    colour = _tinted(rng, (0.55 * green, green, 0.35 * green), 0.5)
    return Surface(_once(colour), _once(_flat(rng, weather.air - rng.uniform(0, 1.5), 0.5)),
                   _FIGURE)
